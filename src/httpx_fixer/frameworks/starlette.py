"""Starlette: the application's lifespan owns, handlers borrow through their request."""

from __future__ import annotations

from typing import ClassVar

from httpx_fixer.analysis.facts import Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import (
    EntryPoint,
    Framework,
    Lifecycle,
    OwnedClient,
    OwnedPool,
    Ownership,
    Reach,
)
from httpx_fixer.frameworks._injected_source import names_of

_APPS = frozenset({"starlette.applications.Starlette"})
_ROUTES = frozenset({"starlette.routing.Route", "starlette.routing.WebSocketRoute"})
_ADDERS = frozenset({"add_route", "add_websocket_route"})
_ENDPOINTS = frozenset({"starlette.endpoints.HTTPEndpoint"})
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "options", "head"})


class Starlette(Framework):
    """Starlette enters the application's lifespan once per server process.

    It injects nothing: a handler gets the request and reaches the application through it. From 1.0
    there is neither `on_startup=` nor `on_event`; only `lifespan=` is used here. Mounted
    applications do not run their lifespan. Read and run in 0.46.2 and 1.10.0.
    https://www.starlette.io/lifespan/
    """

    name: ClassVar[str] = "starlette"
    modules: ClassVar[frozenset[str]] = frozenset({"starlette"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every application object that is bound to a name."""
        return _asgi.find_applications(project, self.name, "Starlette", _APPS)

    def entry_point(self, project: Project, function: Function) -> EntryPoint | Refusal | None:
        """Return how a function or endpoint class in a route is called."""
        place = _find_route(project, function)
        if place is None:
            return None
        connection = _connection_of(function)
        if not connection:
            detail = f"`{function.name}` has no parameter that carries the request"
            return Refusal(RefusalReason.UNUSUAL_SIGNATURE, detail, function.path, function.line)
        apps = self.lifecycles(project)
        if len(apps) != 1:
            detail = f"{len(apps)} applications were found that may serve `{function.name}`"
            return Refusal(RefusalReason.NO_LIFECYCLE, detail, function.path, function.line)
        mount = _asgi.find_mount(project, apps[0])
        if mount is not None:
            detail = f"the application `{apps[0].app.name}` is mounted here; its own lifespan does not run"
            return Refusal(RefusalReason.MOUNTED_APP, detail, mount.path, mount.line)
        return EntryPoint(function, self.name, apps, connection=connection, registrations=frozenset({place}))

    def starts(self, project: Project, lifecycle: Lifecycle) -> bool:
        """Answer whether the application is not mounted in another one."""
        return _asgi.find_mount(project, lifecycle) is None

    def create(self, project: Project, ownership: Ownership) -> tuple[Edit, ...] | Refusal:
        """Return the edits that create the owning module."""
        return _asgi.create_module(project, ownership, ("starlette.applications", "Starlette", "Starlette"))

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that make the application's lifespan enter ours."""
        if _asgi.is_wired(project, ownership, lifecycle):
            return ()
        wired = _asgi.extend_lifespan(project, ownership, lifecycle)
        if wired is not None:
            return wired
        call = lifecycle.call
        taken = next(
            (a for a in call.arguments if a.name in {"*", "**", "lifespan", "on_startup", "on_shutdown"}),
            None,
        )
        if taken is not None or (call.symbol is not None and call.symbol.path):
            detail = f"how `{lifecycle.app.name}` starts could not be extended safely"
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, call.line)
        return _asgi.add_lifespan(project, ownership, lifecycle)

    def borrow(self, project: Project, path: str, ownership: Ownership, pool: OwnedPool) -> Reach | Refusal:
        """Return the function that is called in place of the class."""
        return _asgi.borrow(project, path, ownership, pool)

    def reach(
        self, project: Project, entry: EntryPoint, ownership: Ownership, client: OwnedClient
    ) -> Reach | Refusal:
        """Return the context manager that yields the application's client for a request."""
        borrow = names_of(client).borrow
        edits = _asgi.import_edits(project, ownership, entry.function.path, borrow)
        return (
            edits if isinstance(edits, Refusal) else Reach(edits, expression=f"{borrow}({entry.connection})")
        )


def _find_route(project: Project, function: Function) -> tuple[str, int] | None:
    """Return the place that makes a function, or the endpoint class around it, a route."""
    wanted = {function.symbol}
    if function.owner and function.name in _VERBS:
        owner = Symbol(function.path, function.owner)
        if project.is_kind_of(owner, _ENDPOINTS):
            wanted.add(owner)
    word = (function.owner or function.name).rpartition(".")[2]
    for call in project.calls_named(
        "Route", "WebSocketRoute", "add_route", "add_websocket_route", about=word
    ):
        is_route = call.symbol is not None and call.symbol.name in _ROUTES
        if not is_route and call.attribute not in _ADDERS:
            continue
        endpoint = call.argument("endpoint", 1) or call.argument("route", 1)
        if endpoint is not None and endpoint.symbol in wanted:
            return call.path, call.line
    return None


def _connection_of(function: Function) -> str:
    plain = [p.name for p in function.parameters if p.kind in {"plain", "positional-only"}]
    if function.owner:
        plain = plain[1:]
    return plain[0] if plain else ""
