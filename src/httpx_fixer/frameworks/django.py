"""Django: its server modules keep connections for sync code; async code has no owner."""

from __future__ import annotations

import posixpath
from typing import ClassVar

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import Edit, InsertStatements
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import (
    ProcessFramework,
    add_statement_after,
    decorate_entry,
    is_demonstration,
    is_imported,
    place_of,
)
from httpx_fixer.frameworks._start_source import KEEP
from httpx_fixer.patterns import compile_later

_SERVED = frozenset(
    {
        "django.core.wsgi.get_wsgi_application",
        "django.core.asgi.get_asgi_application",
        "configurations.wsgi.get_wsgi_application",
        "configurations.asgi.get_asgi_application",
    }
)
_LOADED = compile_later(
    r"(?:^|/)(?:admin|apps|context_processors|forms|middlewares?|models|receivers|signals|urls|views)(?:\.py$|/)"
)
"""What Django finds by its name or by a setting, and no import statement tells of."""
_COMMANDS = compile_later(r"(?:^|/)(?:management/commands|migrations)/")
_HANDLE = compile_later(r"(?m)^class (\w+)\([^)]*Command\b[^)]*\)")


class Django(ProcessFramework):
    """Django says nothing of its end, and `AppConfig.ready` runs in every management command.

    A server, and nothing else, imports `wsgi.py` or `asgi.py`: connections are kept from there until
    the process ends, in each process that is forked from it on their own. Under WSGI an `async def`
    view runs on an event loop of its own for each request, and under ASGI there is one loop and no
    lifespan, so that async clients have no owner. A management command that never ends owns for
    itself. Read and run in 5.2.19.
    https://docs.djangoproject.com/en/5.2/howto/deployment/wsgi/
    """

    name: ClassVar[str] = "django"
    modules: ClassVar[frozenset[str]] = frozenset({"django"})
    no_loop: ClassVar[str] = (
        "owns no event loop: each async view runs on one of its own under WSGI, and Django has no"
        " lifespan under ASGI"
    )

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return the calls that make what a server serves, and the commands that never end."""
        first: dict[str, Lifecycle] = {}
        for call in project.calls_named("get_wsgi_application", "get_asgi_application"):
            is_served = call.symbol is not None and call.symbol.name in _SERVED and not call.function
            if is_served and not is_demonstration(call.path):
                app = call.bound or Symbol(call.path, "application")
                # A module that asks twice is still one server.
                first.setdefault(call.path, Lifecycle(self.name, app, call, Start.EXIT))
        return (*first.values(), *_find_commands(project, self.name))

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether a file is, or is imported by, what Django loads: views, models, middleware."""
        if lifecycle.start is Start.SYNC_ENTRY:
            return project.imports.reaches(lifecycle.path, path)
        roots = project.remember(f"django {lifecycle.path}", lambda: _find_roots(project, lifecycle))
        return any(project.imports.reaches(root, path) for root in roots)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that keep connections from when the application is made.

        Where importing the owning module may read settings, it is imported after they are loaded.
        """
        if lifecycle.start is Start.SYNC_ENTRY:
            return decorate_entry(project, ownership, lifecycle)
        if is_imported(project, ownership, lifecycle.path, KEEP):
            return ()
        if not _needs_settings(project, ownership, lifecycle):
            return add_statement_after(project, ownership, lifecycle, f"{KEEP}()\n", (KEEP,))
        dotted = project.imports.import_path(lifecycle.path, ownership.path)
        imported = _asgi.import_edits(project, ownership, lifecycle.path, KEEP)
        if isinstance(imported, Refusal):
            return imported
        late = f"from {dotted} import {KEEP}  # noqa: E402 - it reads the settings\n"
        return (InsertStatements(lifecycle.call.statement, "after", f"\n{late}\n{KEEP}()\n"),)


def _find_commands(project: Project, framework: str) -> tuple[Lifecycle, ...]:
    """Return the `handle` methods of management commands that go on until they are stopped."""
    found: list[Lifecycle] = []
    for path in project.search.mentions(b"BaseCommand"):
        names = _HANDLE.findall(project.search.text(path)) if _COMMANDS.search(path) else []
        for name in names:
            handle = project.function(Symbol(path, f"{name}.handle"))
            if handle is not None and not handle.is_async and project.programs.is_endless(handle.symbol):
                found.append(Lifecycle(framework, handle.symbol, place_of(handle), Start.SYNC_ENTRY))
    return tuple(found)


def _find_roots(project: Project, lifecycle: Lifecycle) -> tuple[str, ...]:
    """Return what Django loads of the directory that holds the project's own package."""
    base = posixpath.dirname(posixpath.dirname(lifecycle.path))
    below = f"{base}/" if base else ""
    loaded = (
        path
        for path in project.files
        if path.startswith(below)
        and _LOADED.search(path)
        and not _COMMANDS.search(path)
        and not project.is_test(path)
    )
    return (lifecycle.path, *loaded)


def _needs_settings(project: Project, ownership: Ownership, lifecycle: Lifecycle) -> bool:
    """Answer whether importing the owning module runs other code than that of this very package."""
    libraries = {pool.library for pool in ownership.pools}
    read = (one for pool in ownership.pools for argument in pool.arguments for one in argument.imports)
    if any(module.split(".")[0] not in libraries for module, _, _ in read):
        return True
    directory = posixpath.dirname(ownership.path)
    while directory:
        beginning = posixpath.join(directory, "__init__.py")
        if (
            not lifecycle.path.startswith(f"{directory}/")
            and len(project.imports.import_closure(beginning)) > 1
        ):
            return True
        directory = posixpath.dirname(directory)
    return False
