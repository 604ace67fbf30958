"""What the ASGI frameworks share: applications, what includes what, and their lifespan."""

from __future__ import annotations

import re
import sys

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import CreateFile, Edit, EnsureImport, InsertStatements
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Reach
from httpx_fixer.frameworks._layout import Import
from httpx_fixer.frameworks._older_python import find_python_obstacle
from httpx_fixer.frameworks._owner_extension import extend_module
from httpx_fixer.frameworks._owner_source import (
    definitions,
    free_names,
    imports_of,
    module_source,
    names_defined,
)
from httpx_fixer.patterns import compile_later

_FRIENDS = compile_later(
    r"^(?:uvicorn|hypercorn|granian|mangum|fastapi|starlette|gunicorn|httpx|httpx2|typing|slowapi|logging"
    r"|opentelemetry|sentry_sdk|prometheus_client|asgi_correlation_id)(?:\.|$)"
)
"""Packages that take an application without touching how it starts."""


def find_applications(
    project: Project, framework: str, class_name: str, classes: frozenset[str], *, nameless: bool = False
) -> tuple[Lifecycle, ...]:
    """Return the objects of an application class or of a class derived from it, by the project or others.

    One that is `nameless`, since a function returns it right away, goes by the name of that function.
    """
    found = project.remember(
        f"applications of {framework}: {class_name}",
        lambda: _find_applications(project, framework, class_name, classes),
    )
    return found if nameless else tuple(one for one in found if not is_returned(one.call))


def _find_applications(
    project: Project, framework: str, class_name: str, classes: frozenset[str]
) -> tuple[Lifecycle, ...]:
    names = {class_name, *(name.rpartition(".")[2] for name in classes)}
    derived = set(names)
    while names:
        found: set[str] = set()
        for name in sorted(names):
            bases = re.compile(rf"class (\w+)\([^)]*\b{name}\b[^)]*\)")
            for path in project.search.mentions(name.encode()):
                found.update(bases.findall(project.search.text(path)))
        names = found - derived
        derived |= found
    made = [
        Lifecycle(framework, app, call)
        for call in project.calls_named(class_name, *sorted(derived - {class_name}))
        if (app := _name_of(call)) is not None and project.is_kind_of(call.symbol, classes)
    ]
    # What an `except` block makes stands in for an application that did not come up, to say so.
    made = [one for one in made if not project.texts.is_in_handler(one.call.anchor)]
    return tuple(sorted(made, key=lambda lifecycle: lifecycle.call.anchor))


def _name_of(call: Call) -> Symbol | None:
    around = Symbol(call.path, call.function) if call.function and is_returned(call) else None
    return call.bound or around


def is_returned(call: Call) -> bool:
    """Answer whether a statement returns just what a call makes."""
    place, statement = call.anchor, call.statement
    begins = (statement.start.line, statement.start.column + len("return "))
    is_all = (place.start.line, place.start.column) == begins and place.end == statement.end
    return statement.kind == "Return" and is_all


def reaches(project: Project, lifecycle: Lifecycle, path: str) -> bool:
    """Answer whether an application runs code of a file.

    That is what its own module imports, what a module imports that takes the application or its factory
    from there, to mount or include something or to register handlers, and what the module imports that a
    server is told to load it from.
    """
    if project.imports.reaches(lifecycle.path, path):
        return True
    others = project.remember(f"modules around {lifecycle.app}", lambda: _find_modules(project, lifecycle))
    return any(project.imports.reaches(other, path) for other in others)


def _find_modules(project: Project, lifecycle: Lifecycle) -> frozenset[str]:
    name = lifecycle.app.name.split(".")[0]
    chats = (path for path, app in find_mounted_chats(project).items() if lifecycle.app in {app, None})
    return project.served.modules_of(lifecycle.app).union(chats) | frozenset(
        path
        for path in project.imports.importers_of(lifecycle.path)
        if not project.search.is_one_shot(path) and project.member(path, name) == Symbol(lifecycle.path, name)
    )


def find_mounted_chats(project: Project) -> dict[str, Symbol | None]:
    """Return the files of Chainlit that applications take in: {path: application}."""
    found: dict[str, Symbol | None] = {}
    for call in project.calls_named("mount_chainlit", about="chainlit"):
        app, target = call.argument("app", 0), call.argument("target", 1)
        named = target.text if target is not None else None
        name = (named or "").rpartition("/")[2]
        for path in project.search.mentions(b"chainlit"):
            if path != call.path and (not name or path.rpartition("/")[2] == name):
                found[path] = None if app is None else project.origin_of(app.symbol)
    return found


def find_including(
    project: Project, apps: tuple[Lifecycle, ...], router: Symbol | None, method: str
) -> tuple[Lifecycle, ...]:
    """Return the applications that a router ends up in, by the calls of `method` that are known."""
    wanted, seen = {router}, set[Symbol | None]()
    calls = project.calls_named(method)
    while wanted - seen:
        current = (wanted - seen).pop()
        seen.add(current)
        for call in calls:
            given = call.argument("router", 0)
            if current is not None and given is not None and project.origin_of(given.symbol) == current:
                wanted.add(project.origin_of(call.receiver))
    return tuple(app for app in apps if app.app in seen)


def find_mount(project: Project, lifecycle: Lifecycle) -> Call | None:
    """Return the call that mounts an application into another one."""
    for call in project.calls_named("mount", "Mount"):
        given = call.argument("app", 1)
        if given is None:
            continue
        value = None if given.symbol is None else project.value_call(given.symbol)
        maker = None if value is None else value.symbol
        factories = [one for one in (given.factory, maker) if one is not None]
        made = {project.returned_by(one) for one in factories}
        if lifecycle.app in {project.origin_of(given.symbol), *factories, *made}:
            return call
    return None


def is_passed_to_strangers(project: Project, lifecycle: Lifecycle) -> bool:
    """Answer whether the application is handed to code that may hook into its start."""
    name = lifecycle.app.name.rpartition(".")[2]
    for call in project.calls_passing(lifecycle.path, lifecycle.app):
        if call.symbol is not None and not call.symbol.path and _FRIENDS.match(call.symbol.name):
            continue
        if call.symbol is not None and call.symbol.path:
            continue  # A function of the project: what it does to an application is in the bytes looked at.
        if call.attribute in {"mount", "instrument_app", "add_middleware"}:
            continue
        return True
    return not name


def create_module(project: Project, ownership: Ownership, application: Import) -> tuple[Edit, ...] | Refusal:
    """Return the edits that write the owning module, or its definitions into the application's file."""
    obstacle = find_python_obstacle(project, ownership)
    if obstacle is not None:
        return obstacle
    if ownership.present is not None:
        return extend_module(project, free_names(ownership, application), ownership.present, application)
    if not ownership.is_inline:
        ownership = free_names(ownership, application)
    needed = imports_of(ownership, application)
    if not ownership.is_inline:
        own = _find_own(project, ownership.path, needed)
        return (CreateFile(ownership.path, module_source(ownership, application, own)),)
    anchor = project.last_import(ownership.path)
    assert anchor is not None
    code = definitions(ownership, application)
    taken = sorted(set(names_defined(code)) & project.module_names(ownership.path))
    if taken:
        detail = f"`{taken[0]}` is taken in `{ownership.path}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, ownership.path, 1)
    imports: list[Edit] = []
    for module, name, bound in needed:
        alias = bound
        if not project.may_bind(ownership.path, bound, f"{module}.{name}" if name else module):
            alias = f"_{bound}"
            code = re.sub(rf"(?<![\w.]){bound}\b", alias, code)
        imports.append(
            EnsureImport(ownership.path, module, name or None, None if alias == (name or module) else alias)
        )
    if project.search.uses_tabs(ownership.path):
        code = re.sub(r"(?m)^(?: {4})+", lambda match: "\t" * (len(match[0]) // 4), code)
    gap = "\n" if ownership.pools else "\n\n"
    return (*imports, InsertStatements(anchor, "after", gap + code))


def _find_own(project: Project, path: str, needed: list[Import]) -> frozenset[str]:
    """Return which of the modules that a file needs are of the project; its `os` is none in a package."""
    above = sys.stdlib_module_names if project.imports.top_package(path) else frozenset()
    return frozenset(
        module
        for module, name, _ in needed
        if module not in above and project.imports.module_of_import(path, module, name)
    )


def import_edits(project: Project, ownership: Ownership, path: str, name: str) -> tuple[Edit, ...] | Refusal:
    """Return the import of a name of the owning module into a file."""
    if path == ownership.path or project.member(path, name) == Symbol(ownership.path, name):
        return ()
    dotted = project.imports.import_path(path, ownership.path)
    if dotted is None:
        detail = f"nothing shows how `{path}` would import `{ownership.path}`"
        return Refusal(RefusalReason.NO_IMPORT_PATH, detail, path, 1)
    if name in project.module_names(path):
        return Refusal(RefusalReason.NAME_CLASH, f"`{name}` is taken in `{path}`", path, 1)
    if ownership.present is not None and project.imports.loads(ownership.path, path):
        detail = (
            f"`{ownership.path}` owns the clients and imports this file: a module of its own could serve both"
        )
        return Refusal(RefusalReason.IMPORT_CIRCLE, detail, path, 1)
    return (EnsureImport(path, dotted, name),)


def borrow(project: Project, path: str, ownership: Ownership, lender: str) -> Reach | Refusal:
    """Return the function that is called in place of the class, and its import."""
    edits = import_edits(project, ownership, path, lender)
    return edits if isinstance(edits, Refusal) else Reach(edits, expression=lender)
