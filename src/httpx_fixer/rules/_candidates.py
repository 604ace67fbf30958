"""Which sites a client of the process could serve, and through which functions."""

from __future__ import annotations

from dataclasses import dataclass

from httpx_fixer.analysis.facts import Call, Decorator, Function, Reference, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import EntryPoint, Lifecycle, Lifecycles
from httpx_fixer.rules._patches import find_patch

_TRANSPARENT = frozenset({"tenacity.retry", "backoff.on_exception", "backoff.on_predicate"})
"""Decorators of libraries that are known to pass every argument on."""


@dataclass(frozen=True, slots=True)
class Passage:
    """An entry point on the way to a site; `calls` are its calls of the helper, empty for its own site."""

    entry: EntryPoint
    calls: tuple[Call, ...]
    parameter: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A site that can be served: `passages` are all the ways that lead to it."""

    site: ClientSite
    function: Function
    passages: tuple[Passage, ...]

    @property
    def lifecycles(self) -> tuple[Lifecycle, ...]:
        """The lifecycles of all entry points on the way."""
        return tuple({one: None for passage in self.passages for one in passage.entry.lifecycles})

    @property
    def files(self) -> frozenset[str]:
        """The files that the fix will make import the owning module, the applications aside."""
        return frozenset({self.site.path, *(passage.entry.function.path for passage in self.passages)})

    @property
    def is_threaded(self) -> bool:
        """Answer whether the site is in a helper that gets the client as an argument."""
        return any(passage.calls for passage in self.passages)


def find_candidate(project: Project, lifecycles: Lifecycles, site: ClientSite) -> Candidate | Refusal:
    """Decide whether and how a client of the process can reach a `with` block."""
    function = project.function(Symbol(site.path, site.function))
    if function is None or site.usage is None or site.block is None:
        return Refusal(
            RefusalReason.UNSUPPORTED_BINDING, "the client has no name of its own", site.path, site.line
        )
    if not function.anchor.start <= site.anchor.start < function.anchor.end:
        detail = f"another function `{function.name}` below takes the name of this one"
        return Refusal(RefusalReason.NAME_CLASH, detail, function.path, function.line)
    passages = _find_passages(project, lifecycles, function, site)
    if isinstance(passages, Refusal):
        return passages
    refusal = _find_obstacle(site, function)
    if refusal is None:
        refusal = find_patch(project, site)
    return Candidate(site, function, passages) if refusal is None else refusal


def _find_obstacle(site: ClientSite, function: Function) -> Refusal | None:
    """Return what in the block itself stands against sharing."""
    assert site.usage is not None
    if not site.spec.library:
        detail = "the name may be httpx or httpx2, depending on what is installed"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    if function.is_generator:
        detail = f"`{function.name}` is a generator"
        return Refusal(RefusalReason.GENERATOR, detail, site.path, function.line)
    if not site.spec.is_async and function.is_async:
        detail = f"a sync client in `async def {function.name}` blocks the loop"
        return Refusal(RefusalReason.SYNC_IN_ASYNC, detail, site.path, site.line)
    for obstacle in site.usage.obstacles:
        return Refusal(obstacle.reason, obstacle.detail, site.path, obstacle.line)
    for request in site.usage.requests:
        if dict(request.arguments).get("follow_redirects", "False") != "False":
            detail = "`follow_redirects=` may carry a cookie from one hop to the next"
            return Refusal(RefusalReason.COOKIE_JAR, detail, site.path, request.anchor.start.line)
    if site.usage.max_requests > 1 and not site.usage.has_distinct_hosts:
        detail = "several requests go through this client, and may live by the cookies of the first"
        line = site.usage.requests[-1].anchor.start.line
        return Refusal(RefusalReason.COOKIE_JAR, detail, site.path, line)
    return None


def _find_passages(
    project: Project, lifecycles: Lifecycles, function: Function, site: ClientSite
) -> tuple[Passage, ...] | Refusal:
    assert site.block is not None
    entry = lifecycles.entry_point(function)
    if isinstance(entry, Refusal):
        return entry
    if entry is not None:
        if not entry.hands_over:
            detail = f"nothing hands a client over to `{function.name}`"
            return Refusal(RefusalReason.UNUSUAL_SIGNATURE, detail, function.path, function.line)
        if entry.connection:
            return (Passage(entry, (), ""),)
        refusal = _find_injection_obstacle(project, entry, site.block.target)
        return (Passage(entry, (), site.block.target),) if refusal is None else refusal
    return _find_callers(project, lifecycles, function, site)


def _find_callers(
    project: Project, lifecycles: Lifecycles, function: Function, site: ClientSite
) -> tuple[Passage, ...] | Refusal:
    """Return the handlers of the same module that call a plain function, where there are no others."""
    assert site.block is not None
    place = (function.path, function.line)
    if function.owner:
        return Refusal(RefusalReason.IN_METHOD, f"`{function.qualname}` is a method", *place)
    if function.outer:
        detail = f"`{function.name}` is defined inside `{function.outer}`"
        return Refusal(RefusalReason.IN_NESTED_FUNCTION, detail, *place)
    references = [r for r in project.references(function) if r.how != "import"]
    if not references:
        return Refusal(RefusalReason.NO_ENTRY_POINT, f"nothing is known to call `{function.name}`", *place)
    calls: dict[Symbol, list[Call]] = {}
    for reference in references:
        if reference.how != "call" or reference.path != function.path or reference.call is None:
            return _refuse_reference(function, reference)
        calls.setdefault(Symbol(reference.path, reference.function), []).append(reference.call)
    passages: list[Passage] = []
    for caller, found in calls.items():
        handler = project.function(caller)
        entry = None if handler is None else lifecycles.entry_point(handler)
        if isinstance(entry, Refusal):
            return entry
        passage = _find_passage(project, entry, function, tuple(found), site.block.target)
        if isinstance(passage, Refusal):
            return passage
        passages.append(passage)
    refusal = _find_threading_obstacle(function, site.block.target)
    return tuple(passages) if refusal is None else refusal


def _find_passage(
    project: Project, entry: EntryPoint | None, function: Function, calls: tuple[Call, ...], target: str
) -> Passage | Refusal:
    """Return the way from a caller to a helper, where the caller is a handler with room for a parameter."""
    if entry is None or entry.connection or not entry.hands_over:
        detail = f"`{function.name}` is called by code that is no handler"
        return Refusal(RefusalReason.IN_HELPER, detail, function.path, calls[0].line)
    parameter = next((name for name in (target, "http_client") if _is_free(entry, name)), "")
    if not parameter:
        detail = f"`{target}` is taken in `{entry.function.name}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, entry.function.path, entry.function.line)
    refusal = _find_injection_obstacle(project, entry, parameter)
    return Passage(entry, calls, parameter) if refusal is None else refusal


def _is_free(entry: EntryPoint, name: str) -> bool:
    return name not in entry.function.names and name not in entry.taken


def _refuse_reference(function: Function, reference: Reference) -> Refusal:
    reason = RefusalReason.CALLED_DIRECTLY if reference.is_test else RefusalReason.IN_HELPER
    verb = {"call": "called", "value": "passed on", "text": "named in a string"}.get(reference.how, "used")
    where = "by a test" if reference.is_test else "from another place"
    return Refusal(reason, f"`{function.name}` is {verb} {where}", reference.path, reference.line)


def _find_threading_obstacle(function: Function, target: str) -> Refusal | None:
    """Return why a helper cannot take a keyword-only parameter."""
    if function.decorators:
        detail = f"`{function.name}` is decorated"
        return Refusal(RefusalReason.DECORATED, detail, function.path, function.decorators[0].line)
    if any(parameter.name == target for parameter in function.parameters):
        detail = f"`{function.name}` has a parameter `{target}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, function.path, function.line)
    return None


def _find_injection_obstacle(project: Project, entry: EntryPoint, name: str) -> Refusal | None:
    """Return why a handler cannot take a keyword-only parameter that the framework fills."""
    function = entry.function
    if any(p.name == name for p in function.parameters) or name in entry.taken:
        detail = f"`{function.name}` has a parameter `{name}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, function.path, function.line)
    if any(parameter.kind == "vararg" for parameter in function.parameters):
        detail = f"`{function.name}` takes `*args`"
        return Refusal(RefusalReason.UNUSUAL_SIGNATURE, detail, function.path, function.line)
    if function.owner:
        detail = f"`{function.qualname}` is a method: how its class is registered is not known"
        return Refusal(RefusalReason.IN_METHOD, detail, function.path, function.line)
    decorator = _find_opaque_decorator(project, entry)
    if decorator is not None:
        detail = f"a decorator of `{function.name}` may not pass a new argument on"
        return Refusal(RefusalReason.DECORATED, detail, function.path, decorator.line)
    for reference in project.references(function):
        if (reference.path, reference.line) in entry.registrations or reference.how in {"import", "text"}:
            continue
        if reference.how == "call" or not reference.is_test:
            verb = "called" if reference.how == "call" else "passed on"
            detail = f"`{function.name}` is {verb} here without the framework"
            return Refusal(RefusalReason.CALLED_DIRECTLY, detail, reference.path, reference.line)
    return None


def _find_opaque_decorator(project: Project, entry: EntryPoint) -> Decorator | None:
    """Return the first decorator between the framework and the function that may drop an argument."""
    routes = [line for path, line in entry.registrations if path == entry.function.path]
    decorators = entry.function.decorators
    first = min((d.line for d in decorators if d.line in routes), default=0)
    for decorator in decorators:
        if decorator.line <= first or decorator.line in routes:
            continue
        symbol = decorator.symbol
        is_known = symbol is not None and not symbol.path and symbol.name in _TRANSPARENT
        is_route = any(decorator.receiver == other.receiver for other in decorators if other.line in routes)
        if not is_known and not is_route and not (symbol is not None and project.passes_arguments_on(symbol)):
            return decorator
    return None
