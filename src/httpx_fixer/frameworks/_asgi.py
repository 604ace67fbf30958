"""What the ASGI frameworks share: applications, what includes what, and their lifespan."""

from __future__ import annotations

import re

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, CreateFile, Edit, EnsureImport, InsertStatements, WrapStatement
from httpx_fixer.frameworks._base import Lifecycle, OwnedPool, Ownership, Reach
from httpx_fixer.frameworks._layout import Import
from httpx_fixer.frameworks._owner_extension import extend_module
from httpx_fixer.frameworks._owner_source import (
    LIFESPAN,
    definitions,
    free_names,
    imports_of,
    module_source,
    names_defined,
)
from httpx_fixer.frameworks._pool_source import name_of_pool

_CONTEXT_MANAGERS = frozenset({"contextlib.asynccontextmanager"})
_FRIENDS = re.compile(
    r"^(?:uvicorn|hypercorn|granian|mangum|fastapi|starlette|gunicorn|httpx|httpx2|typing|slowapi|logging"
    r"|opentelemetry|sentry_sdk|prometheus_client|asgi_correlation_id)(?:\.|$)"
)
"""Packages that take an application without touching how it starts."""


def find_applications(
    project: Project, framework: str, class_name: str, classes: frozenset[str]
) -> tuple[Lifecycle, ...]:
    """Return the objects of an application class or of a project class derived from it."""
    derived: set[str] = set()
    for path in project.search.mentions(f"({class_name})".encode()):
        derived.update(re.findall(rf"class (\w+)\({class_name}\)", project.search.text(path)))
    found = [
        Lifecycle(framework, call.bound, call)
        for call in project.calls_named(class_name, *sorted(derived))
        if call.bound is not None and project.is_kind_of(call.symbol, classes)
    ]
    return tuple(sorted(found, key=lambda lifecycle: lifecycle.call.anchor))


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
        made = None if given is None or given.factory is None else project.returned_by(given.factory)
        if given is not None and lifecycle.app in {project.origin_of(given.symbol), made}:
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
    if ownership.present is not None:
        return extend_module(project, free_names(ownership, application), ownership.present, application)
    if not ownership.is_inline:
        ownership = free_names(ownership, application)
    needed = imports_of(ownership, application)
    if not ownership.is_inline:
        own = {one[0] for one in needed if project.imports.module_of_import(ownership.path, one[0], one[1])}
        return (CreateFile(ownership.path, module_source(ownership, application, frozenset(own))),)
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
    if ownership.present is not None and project.imports.reaches(ownership.path, path):
        detail = (
            f"`{ownership.path}` owns the clients and imports this file: a module of its own could serve both"
        )
        return Refusal(RefusalReason.IMPORT_CIRCLE, detail, path, 1)
    return (EnsureImport(path, dotted, name),)


def is_wired(project: Project, ownership: Ownership, lifecycle: Lifecycle) -> bool:
    """Answer whether an earlier run made the application open and close what is owned."""
    wanted = Symbol(ownership.path, LIFESPAN)
    given = lifecycle.call.argument("lifespan")
    if ownership.present is None:
        return False
    if given is not None and given.symbol is not None:
        entered = (call for call in project.calls_named(LIFESPAN) if call.symbol == wanted)
        around = {Symbol(call.path, call.function) for call in entered}
        if given.symbol in {wanted, *around}:
            return True
    routers = [
        call.statement
        for call in project.calls_named("APIRouter", about=LIFESPAN)
        if (one := call.argument("lifespan")) is not None and one.symbol == wanted
    ]
    return any(
        call.statement in routers and project.origin_of(call.receiver) == lifecycle.app
        for call in project.calls_named("include_router", about=LIFESPAN)
    )


def extend_lifespan(
    project: Project, ownership: Ownership, lifecycle: Lifecycle
) -> tuple[Edit, ...] | Refusal | None:
    """Return the edits that wrap the `yield` of the application's own lifespan function.

    None where there is none, or where it is not a function of the project with one `yield`.
    """
    argument = lifecycle.call.argument("lifespan")
    if argument is None or argument.symbol is None:
        return None
    function = project.function(argument.symbol)
    if function is None or not function.is_async or not function.parameters:
        return None
    managers = {decorator.symbol.name for decorator in function.decorators if decorator.symbol is not None}
    anchor = project.lone_yield(function)
    if anchor is None or not managers & _CONTEXT_MANAGERS:
        return None
    edits = import_edits(project, ownership, function.path, LIFESPAN)
    if isinstance(edits, Refusal):
        return edits
    return (*edits, WrapStatement(anchor, f"async with {LIFESPAN}({function.parameters[0].name}):"))


def add_lifespan(project: Project, ownership: Ownership, lifecycle: Lifecycle) -> tuple[Edit, ...] | Refusal:
    """Return the edits that give `lifespan=` to the application's constructor."""
    edits = import_edits(project, ownership, lifecycle.path, LIFESPAN)
    if isinstance(edits, Refusal):
        return edits
    return (*edits, AddArgument(lifecycle.call.anchor, "lifespan", LIFESPAN))


def add_statement(
    project: Project, ownership: Ownership, lifecycle: Lifecycle, code: str
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that add a statement right after the application is made."""
    edits = import_edits(project, ownership, lifecycle.path, LIFESPAN)
    if isinstance(edits, Refusal):
        return edits
    app = lifecycle.app.name.rpartition(".")[2]
    statement = code.format(app=app, lifespan=LIFESPAN) + "\n"
    return (*edits, InsertStatements(lifecycle.call.statement, "after", statement))


def borrow(project: Project, path: str, ownership: Ownership, pool: OwnedPool) -> Reach | Refusal:
    """Return the function that is called in place of the class, and its import."""
    name = name_of_pool(pool)
    edits = import_edits(project, ownership, path, name)
    return edits if isinstance(edits, Refusal) else Reach(edits, expression=name)
