"""Starlette: the application's lifespan owns, handlers borrow through their request."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from httpx_fixer.analysis.facts import Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, Edit, EnsureImport, ReplaceExpression
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import (
    EntryPoint,
    Framework,
    Lifecycle,
    OwnedClient,
    Ownership,
    Reach,
    Start,
)
from httpx_fixer.frameworks._injected_source import names_of
from httpx_fixer.frameworks._lifespan import (
    add_hooks,
    add_lifespan,
    add_statements,
    extend_own,
    extend_replaced,
    find_look_at_lifespan,
    find_own_lifespan,
    find_replaced,
    is_wired,
    may_hand_over,
    wrap_own,
)
from httpx_fixer.frameworks._start_source import CLOSE, OPEN, WRAP
from httpx_fixer.patterns import compile_later

_APPS = frozenset({"starlette.applications.Starlette"})
_ROUTES = frozenset({"starlette.routing.Route", "starlette.routing.WebSocketRoute"})
_HANDLERS = ("on_startup", "on_shutdown")
_NAMES_EVENT = compile_later(r"""["'](?:startup|shutdown)["']""")
_AROUND = f"{{app}}.router.lifespan_context = {WRAP}({{app}}.router.lifespan_context)\n"
_ADDERS = frozenset({"add_route", "add_websocket_route"})
_ENDPOINTS = frozenset({"starlette.endpoints.HTTPEndpoint"})
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "options", "head"})


class Starlette(Framework):
    """Starlette enters the application's lifespan once per server process.

    It injects nothing: a handler gets the request and reaches the application through it. Before 1.0
    there are `on_startup=` and `on_event`, too, which `lifespan=` would silence: a list gets functions
    more, and the lifespan that runs handlers is wrapped.
    Mounted applications do not run their lifespan. Read and run in 0.46.2 and 1.10.0.
    https://www.starlette.io/lifespan/
    """

    name: ClassVar[str] = "starlette"
    modules: ClassVar[frozenset[str]] = frozenset({"starlette"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every application object with the way in which it starts: of a name, or of a factory's."""
        return project.remember("applications of starlette with their start", lambda: _find_apps(project))

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether an application runs code of a file."""
        return _asgi.reaches(project, lifecycle, path)

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
        return EntryPoint(
            function,
            self.name,
            apps,
            connection=connection,
            registrations=frozenset({place}),
            hands_over=may_hand_over(project, apps),
        )

    def starts(self, project: Project, lifecycle: Lifecycle) -> bool:
        """Answer whether the application is not mounted in another one, or is served by itself, too."""
        return _asgi.find_mount(project, lifecycle) is None or project.served.is_named(lifecycle.app)

    def create(self, project: Project, ownership: Ownership) -> tuple[Edit, ...] | Refusal:
        """Return the edits that create the owning module."""
        return _asgi.create_module(project, ownership, ("starlette.applications", "Starlette", "Starlette"))

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that make the application's lifespan enter ours, or its handlers open pools."""
        first = self._wire_first(project, ownership, lifecycle)
        return extend_replaced(project, ownership, lifecycle, first)

    def _wire_first(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that extend the lifespan which the application has from the beginning."""
        if is_wired(project, ownership, lifecycle):
            return ()
        call = lifecycle.call
        own = find_own_lifespan(project, lifecycle)
        if isinstance(own, Refusal):
            return own
        if own is not None:
            extend = extend_own if own.yields else wrap_own
            return extend(project, ownership, own)
        if any(a.name in {"*", "**"} for a in call.arguments) or (call.symbol and call.symbol.path):
            detail = f"how `{lifecycle.app.name}` starts could not be extended safely"
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, call.line)
        if lifecycle.start is Start.HOOKS:
            return _join_handlers(project, ownership, lifecycle)
        if not _may_have_handlers(project):
            return add_lifespan(project, ownership, lifecycle)
        if call.bound is None:
            detail = "the application has handlers for its start somewhere, and no name here to add ours to"
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, call.line)
        return find_look_at_lifespan(project) or add_statements(
            project, ownership, lifecycle, _AROUND, (WRAP,)
        )

    def borrow(self, project: Project, path: str, ownership: Ownership, lender: str) -> Reach | Refusal:
        """Return the function that is called in place of the class."""
        return _asgi.borrow(project, path, ownership, lender)

    def reach(
        self, project: Project, entry: EntryPoint, ownership: Ownership, client: OwnedClient
    ) -> Reach | Refusal:
        """Return the context manager that yields the application's client for a request."""
        borrow = names_of(client).borrow
        edits = _asgi.import_edits(project, ownership, entry.function.path, borrow)
        return (
            edits if isinstance(edits, Refusal) else Reach(edits, expression=f"{borrow}({entry.connection})")
        )


def _find_apps(project: Project) -> tuple[Lifecycle, ...]:
    found = _asgi.find_applications(project, Starlette.name, "Starlette", _APPS, nameless=True)
    return tuple(replace(one, start=_choose_start(project, one)) for one in found)


def _choose_start(project: Project, lifecycle: Lifecycle) -> Start:
    """Return the form in which an application can start ours: `lifespan=` silences its handlers.

    What they are run by before 1.0 is the lifespan that a router has without one, which can be wrapped.
    """
    own = find_own_lifespan(project, lifecycle)
    if isinstance(own, Refusal) or (own is not None and own.yields):
        return Start.LIFESPAN
    if own is not None:
        return Start.WRAPPED
    if any(lifecycle.call.argument(name) is not None for name in _HANDLERS):
        return Start.HOOKS
    replaced = find_replaced(project, lifecycle)
    is_wrapped = not isinstance(replaced, Refusal) and any(not one.yields for one in replaced)
    return Start.WRAPPED if is_wrapped or _may_have_handlers(project) else Start.LIFESPAN


def _may_have_handlers(project: Project) -> bool:
    return project.remember("handlers of Starlette", lambda: _has_handlers(project))


def _has_handlers(project: Project) -> bool:
    """Answer whether a file may add handlers to an application that is there, in any version.

    Other things have an `on_event` of their own: one of an application names when it is called.
    """
    for hook in (b".on_event(", b".add_event_handler("):
        if any(_NAMES_EVENT.search(project.search.text(path)) for path in project.search.mentions(hook)):
            return True
    return bool(project.search.mentions(b".on_startup") or project.search.mentions(b".on_shutdown"))


def _join_handlers(
    project: Project, ownership: Ownership, lifecycle: Lifecycle
) -> tuple[Edit, ...] | Refusal:
    """Open pools before the handlers that the constructor is given, and close them after the last."""
    added = add_hooks(project, ownership, lifecycle, "")
    if isinstance(added, Refusal):
        return added
    edits = [edit for edit in added if isinstance(edit, EnsureImport)]
    lists: list[Edit] = []
    for name, hook in zip(_HANDLERS, (OPEN, CLOSE), strict=True):
        given = lifecycle.call.argument(name)
        rest = "" if given is None or given.code == "None" else f"*{given.code}"
        if rest.startswith("*[") and "#" not in rest:
            rest = rest[2:-1].strip()
        parts = (hook, rest.removesuffix(",")) if hook == OPEN else (rest.removesuffix(","), hook)
        code = f"[{', '.join(part for part in parts if part)}]"
        anchor = lifecycle.call.anchor
        lists.append(
            AddArgument(anchor, name, code) if given is None else ReplaceExpression(given.anchor, code)
        )
    return (*edits, *lists)


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
