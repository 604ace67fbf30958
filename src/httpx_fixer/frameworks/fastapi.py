"""FastAPI: the application's lifespan owns, dependencies hand over."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from httpx_fixer.analysis.facts import Call, Decorator, Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, EnsureImport
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
    START_HANDLERS,
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
from httpx_fixer.frameworks._owner_source import LIFESPAN
from httpx_fixer.values import dataclass

_APPS = frozenset({"fastapi.FastAPI", "fastapi.applications.FastAPI", "fastapi_offline.FastAPIOffline"})
_ROUTERS = frozenset({"fastapi.APIRouter", "fastapi.routing.APIRouter", "fastapi.routers.APIRouter"})
_METHODS = frozenset(
    {"get", "post", "put", "patch", "delete", "options", "head", "trace", "api_route", "route"}
) | frozenset({"websocket", "websocket_route"})
_ADDERS = ("add_api_route", "add_api_websocket_route")
_DEPENDS = frozenset({"fastapi.Depends", "fastapi.Security", "fastapi.params.Depends"})
_ANNOTATED_SINCE = (0, 95, 0)
_LIFESPAN_SINCE = (0, 93, 0)
_ROUTER_LIFESPAN_SINCE = (0, 112, 2)


@dataclass(frozen=True, slots=True)
class _Route:
    """A registration: on what (`receiver`), under which URL path, and where it stands."""

    receiver: Symbol | None
    path: str
    file: str
    line: int


class FastAPI(Framework):
    """FastAPI starts an application by entering its lifespan, once per server process.

    `lifespan=` silences every `on_event` handler of the same application, so it is given only to an
    application that has none; an own lifespan function gets its `yield`s wrapped; everything else
    gets an additional router whose lifespan is merged (from 0.112.2), or before that a wrapper around
    its lifespan, or handlers of its own. Mounted applications do not run their lifespan, unless a server
    is told to load them by name as well (`uvicorn shop.main:app`, in code, a `Procfile`, `Dockerfile`,
    compose file or script). Read and run in 0.95.2 to 0.165.0.
    https://fastapi.tiangolo.com/advanced/events/
    """

    name: ClassVar[str] = "fastapi"
    modules: ClassVar[frozenset[str]] = frozenset({"fastapi"})
    injects: ClassVar[bool] = True

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every application object that is bound to a name, with the way in which it starts."""
        return project.remember("applications of fastapi with their start", lambda: _find_apps(project))

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether an application runs code of a file."""
        return _asgi.reaches(project, lifecycle, path)

    def entry_point(self, project: Project, function: Function) -> EntryPoint | Refusal | None:
        """Return how a route, a websocket route or a dependency is called."""
        for decorator in function.decorators:
            if decorator.attribute in _METHODS and _is_route(project, function, decorator):
                route = _Route(decorator.receiver, _path_of(decorator), function.path, decorator.line)
                return self._routed(project, function, route)
        for call in project.calls_named(*_ADDERS, about=function.name):
            endpoint = call.argument("endpoint", 1)
            if endpoint is not None and endpoint.symbol == function.symbol:
                path = call.argument("path", 0)
                route = _Route(call.receiver, (path and path.text) or "", call.path, call.line)
                return self._routed(project, function, route)
        return self._dependency(project, function)

    def _routed(self, project: Project, function: Function, route: _Route) -> EntryPoint | Refusal:
        router = project.origin_of(route.receiver)
        apps = self._apps_of(project, function, router)
        if isinstance(apps, Refusal):
            return apps
        prefix = project.value_call(router) if router is not None else None
        prefix_path = prefix.argument("prefix") if prefix is not None else None
        taken = _path_names(route.path) | _path_names((prefix_path and prefix_path.text) or "")
        places = frozenset({(route.file, route.line)})
        hands_over = may_hand_over(project, apps)
        return EntryPoint(function, self.name, apps, taken, registrations=places, hands_over=hands_over)

    def _dependency(self, project: Project, function: Function) -> EntryPoint | Refusal | None:
        calls = [
            call
            for call in project.calls_named("Depends", "Security", about=function.name)
            if (dependency := call.argument("dependency", 0)) is not None
            and dependency.symbol == function.symbol
            and call.symbol is not None
            and call.symbol.name in _DEPENDS
        ]
        if not calls:
            return None
        apps = self._apps_of(project, function, None)
        if isinstance(apps, Refusal):
            return apps
        places = frozenset((call.path, call.line) for call in calls)
        hands_over = may_hand_over(project, apps)
        return EntryPoint(function, self.name, apps, registrations=places, hands_over=hands_over)

    def _apps_of(
        self, project: Project, function: Function, router: Symbol | None
    ) -> tuple[Lifecycle, ...] | Refusal:
        apps = self.lifecycles(project)
        found = _asgi.find_including(project, apps, router, "include_router")
        if not found and len(apps) == 1:
            found = apps
        if not found:
            detail = (
                "no `FastAPI(...)` application was found"
                if not apps
                else f"which of the {len(apps)} applications serves `{function.name}` is not clear"
            )
            return Refusal(RefusalReason.NO_LIFECYCLE, detail, function.path, function.line)
        for app in found:
            mount = _asgi.find_mount(project, app)
            if mount is not None:
                detail = f"the application `{app.app.name}` is mounted here; its own lifespan does not run"
                return Refusal(RefusalReason.MOUNTED_APP, detail, mount.path, mount.line)
        return found

    def starts(self, project: Project, lifecycle: Lifecycle) -> bool:
        """Answer whether the application is not mounted in another one, or is served by itself, too."""
        return _asgi.find_mount(project, lifecycle) is None or project.served.is_named(lifecycle.app)

    def create(self, project: Project, ownership: Ownership) -> tuple[Edit, ...] | Refusal:
        """Return the edits that create the owning module."""
        return _asgi.create_module(project, ownership, ("fastapi", "FastAPI", "FastAPI"))

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
        version = project.pinned_version("fastapi", lifecycle.path)
        if version is not None and ownership.clients and version < _ANNOTATED_SINCE:
            return _too_old(lifecycle, version, "0.95.0 for `Annotated` dependencies")
        if lifecycle.start is Start.HOOKS and version is not None and ownership.clients:
            return _too_old(lifecycle, version, "0.112.2 for a lifespan beside the handlers of its start")
        if lifecycle.start is Start.HOOKS:
            return add_hooks(project, ownership, lifecycle, '{app}.on_event("EVENT")(HOOK)\n')
        if version is not None and version < _LIFESPAN_SINCE:
            return _too_old(lifecycle, version, "0.93.0 for a lifespan")
        own = find_own_lifespan(project, lifecycle)
        if isinstance(own, Refusal):
            return own
        if own is not None and own.yields:
            return extend_own(project, ownership, own)
        if own is not None and lifecycle.start is Start.WRAPPED:
            return wrap_own(project, ownership, own)
        if _may_take_lifespan(project, lifecycle):
            return add_lifespan(project, ownership, lifecycle)
        if version is not None and version < _ROUTER_LIFESPAN_SINCE:
            return _too_old(
                lifecycle, version, "0.112.2 for a router's lifespan beside the application's own"
            )
        refusal = find_look_at_lifespan(project) if own is not None else None
        if refusal is not None:
            return refusal
        router: Edit = EnsureImport(lifecycle.path, "fastapi", "APIRouter")
        statement = f"{{app}}.include_router(APIRouter(lifespan={LIFESPAN}))\n"
        added = add_statements(project, ownership, lifecycle, statement, (LIFESPAN,))
        return added if isinstance(added, Refusal) else (router, *added)

    def borrow(self, project: Project, path: str, ownership: Ownership, lender: str) -> Reach | Refusal:
        """Return the function that is called in place of the class."""
        return _asgi.borrow(project, path, ownership, lender)

    def reach(
        self, project: Project, entry: EntryPoint, ownership: Ownership, client: OwnedClient
    ) -> Reach | Refusal:
        """Return the annotated alias that a handler's new parameter takes."""
        alias = names_of(client).alias
        edits = _asgi.import_edits(project, ownership, entry.function.path, alias)
        return edits if isinstance(edits, Refusal) else Reach(edits, parameter=alias)


def _find_apps(project: Project) -> tuple[Lifecycle, ...]:
    found = _asgi.find_applications(project, FastAPI.name, "FastAPI", _APPS, nameless=True)
    return tuple(replace(one, start=_choose_start(project, one)) for one in found)


def _choose_start(project: Project, lifecycle: Lifecycle) -> Start:
    """Return the form in which an application can start ours.

    A lifespan that nothing can be added to is wrapped where a router cannot bring another one along, or
    where no statement can include that in an application without a name.
    Where there is none, and `lifespan=` would silence handlers, these open and close pools.
    """
    own = find_own_lifespan(project, lifecycle)
    if isinstance(own, Refusal) or (own is not None and own.yields):
        return Start.LIFESPAN
    version = project.pinned_version("fastapi", lifecycle.path)
    if own is not None and _asgi.is_returned(lifecycle.call):
        return Start.WRAPPED
    replaced = find_replaced(project, lifecycle)
    if not isinstance(replaced, Refusal) and any(not one.yields for one in replaced):
        return Start.WRAPPED
    if version is None or version >= _ROUTER_LIFESPAN_SINCE:
        return Start.WRAPPED if own is not None and own.is_assigned else Start.LIFESPAN
    if own is not None:
        return Start.WRAPPED
    is_open = any(argument.name in {"*", "**"} for argument in lifecycle.call.arguments)
    may_take = version >= _LIFESPAN_SINCE and _may_take_lifespan(project, lifecycle)
    return Start.LIFESPAN if is_open or may_take else Start.HOOKS


def _is_route(project: Project, function: Function, decorator: Decorator) -> bool:
    """Tell a route's decorator from a method of the same name on something else."""
    if decorator.arguments is None:
        return False
    receiver = project.origin_of(decorator.receiver)
    if receiver is not None:
        made = project.value_call(receiver)
        kind = made.symbol if made is not None else project.annotation_of(receiver)
        if project.is_kind_of(kind, _APPS | _ROUTERS):
            return True
        if kind is not None or not receiver.path:
            return False
    path = _path_of(decorator)
    return path.startswith("/") and "fastapi" in project.imported_packages(function.path)


def _path_of(decorator: Decorator) -> str:
    for argument in decorator.arguments or ():
        if argument.name in {"", "path"}:
            return argument.text or ""
    return ""


def _path_names(path: str) -> frozenset[str]:
    return frozenset(re.findall(r"\{(\w+)", path))


def _may_take_lifespan(project: Project, lifecycle: Lifecycle) -> bool:
    """Answer whether `lifespan=` may be given: nothing else hooks into this application's start."""
    call: Call = lifecycle.call
    if call.symbol is None or call.symbol.path or any(a.name in {"*", "**"} for a in call.arguments):
        return False
    if any(call.argument(name) is not None for name in ("lifespan", "on_startup", "on_shutdown")):
        return False
    # A name is all that a router needs to bring its lifespan along, whatever is done to the first one.
    hooks = START_HANDLERS if _asgi.is_returned(call) else (*START_HANDLERS, b"lifespan_context")
    if any(project.search.mentions(hook) for hook in hooks):
        return False
    return not _asgi.is_passed_to_strangers(project, lifecycle)


def _too_old(lifecycle: Lifecycle, version: tuple[int, ...], need: str) -> Refusal:
    have = ".".join(map(str, version))
    detail = f"fastapi {have} is pinned; the rewrite needs {need}"
    return Refusal(RefusalReason.FRAMEWORK_TOO_OLD, detail, lifecycle.path, lifecycle.call.line)
