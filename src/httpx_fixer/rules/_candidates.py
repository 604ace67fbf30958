"""Which sites a client of the process could serve, and through which functions."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Call, Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import EntryPoint, Lifecycle, Lifecycles
from httpx_fixer.rules._chains import Search, find_chain
from httpx_fixer.rules._passages import Chain, Passage, Relay, find_injection_obstacle
from httpx_fixer.rules._patches import find_patch
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A site that can be served: `passages` are where all the ways to it begin, `relays` what is between."""

    site: ClientSite
    function: Function
    passages: tuple[Passage, ...]
    relays: tuple[Relay, ...] = ()

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

    @property
    def is_far(self) -> bool:
        """Answer whether more than a handler and its helper below or above in one module take part."""
        return bool(self.relays) or any(one.function.path != self.site.path for one in self.passages)

    def parameter_of(self, callee: Symbol) -> str:
        """Return under which name a function on the way gets the client as an argument."""
        return next((one.parameter for one in self.relays if one.function.symbol == callee), self.site.name)

    def calls_in(self, relay: Symbol) -> tuple[Call, ...]:
        """Return the calls in a function on the way that pass the client on."""
        return tuple(call for one in self.relays if one.function.symbol == relay for call in one.calls)


def find_candidate(
    project: Project, lifecycles: Lifecycles, site: ClientSite, max_hops: int
) -> Candidate | Refusal:
    """Decide whether and how a client of the process can reach a `with` block.

    It may be passed on through `max_hops` functions, that of the block included.
    """
    function = project.function(Symbol(site.path, site.function))
    if function is None or site.usage is None or site.block is None:
        return Refusal(
            RefusalReason.UNSUPPORTED_BINDING, "the client has no name of its own", site.path, site.line
        )
    if not function.anchor.start <= site.anchor.start < function.anchor.end:
        detail = f"another function `{function.name}` below takes the name of this one"
        return Refusal(RefusalReason.NAME_CLASH, detail, function.path, function.line)
    entry = lifecycles.entry_point(function)
    if isinstance(entry, Refusal):
        return entry
    refusal = _find_obstacle(site, function)
    if refusal is None:
        refusal = find_patch(project, site)
    if refusal is not None:
        return refusal
    chain = (
        find_chain(Search(project, lifecycles, max_hops, site.name), function)
        if entry is None
        else _find_way(project, entry, site)
    )
    return chain if isinstance(chain, Refusal) else Candidate(site, function, chain.passages, chain.relays)


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


def _find_way(project: Project, entry: EntryPoint, site: ClientSite) -> Chain | Refusal:
    """Return the way to a site that is in an entry point itself."""
    function = entry.function
    if not entry.hands_over:
        detail = f"nothing hands a client over to `{function.name}`"
        return Refusal(RefusalReason.UNUSUAL_SIGNATURE, detail, function.path, function.line)
    if entry.connection:
        return Chain((Passage(entry, (), "", function.symbol),))
    refusal = find_injection_obstacle(project, entry, site.name)
    return Chain((Passage(entry, (), site.name, function.symbol),)) if refusal is None else refusal
