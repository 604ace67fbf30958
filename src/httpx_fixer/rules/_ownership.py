"""From candidates and borrowers to fixes: who owns what, and who gets it how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite, Origin, SpecArgument
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import Framework, Lifecycle, Lifecycles, OwnedClient, OwnedPool, Ownership
from httpx_fixer.rules._borrowers import Borrower
from httpx_fixer.rules._candidates import Candidate
from httpx_fixer.rules._clients import (
    Served,
    clients_of,
    find_fitting,
    is_by_policy,
    serve_borrowers,
    serve_candidates,
)
from httpx_fixer.rules._handing import Outcome, Owned, borrow, inject
from httpx_fixer.rules._homes import Home, Member, Surroundings, find_homes
from httpx_fixer.rules._httpx_versions import has_proxies
from httpx_fixer.rules._parameters import settle_parameters
from httpx_fixer.rules._sharing import MOVABLE, Split, plan_moves, shorten, split_arguments
from httpx_fixer.rules._upstreams import find_upstream
from httpx_fixer.settings import Policy

_Owned = TypeVar("_Owned", OwnedClient, OwnedPool)
_Import = tuple[str, str, str]
"""(dotted module, name or "", bound as)."""


def plan_ownership(
    project: Project, lifecycles: Lifecycles, members: Iterable[Member], policy: Policy
) -> dict[ClientSite, Outcome]:
    """Return a fix or a refusal for every site.

    Sites of one home share the edits for the owner, so that any subset of the fixes is whole.
    """
    outcomes: dict[ClientSite, Outcome] = {}
    for home in find_homes(Surroundings(project, lifecycles, policy), members):
        outcomes.update(_plan_home(project, lifecycles, home, policy))
    return outcomes


def _plan_home(
    project: Project, lifecycles: Lifecycles, home: Home, policy: Policy
) -> dict[ClientSite, Outcome]:
    outcomes: dict[ClientSite, Outcome] = {}
    present = home.present
    had = _libraries_of(present) or {member.site.spec.library for member in home.members}
    library = min(had)
    clients = () if present is None else present.clients
    splits: dict[Candidate, Split] = {}
    borrowers: list[Borrower] = []
    for member in home.members:
        given = _fit(project, home, library, member)
        if isinstance(given, Refusal):
            outcomes[member.site] = given
        elif isinstance(given, Borrower):
            borrowers.append(given)
        elif isinstance(member, Candidate):
            misfit = _find_misfit(
                clients_of(clients, find_upstream(member.site, policy), policy), member, given
            )
            if misfit is None:
                splits[member] = given
            else:
                outcomes[member.site] = misfit
    framework = _find_creator(lifecycles, home)
    served = tuple(_free_state(project, one, clients) for one in serve_candidates(splits, policy, clients))
    served, clashes = settle_parameters(served)
    outcomes.update(clashes)
    pools = serve_borrowers(borrowers, policy, () if present is None else present.pools)
    ownership = Ownership(
        home.path,
        home.is_inline,
        framework.injects or (present is not None and present.injects),
        _join(clients, (one.client for one in served)),
        _join(() if present is None else present.pools, pools.values()),
        home.lifecycles,
        policy if present is None else present.policy,
        present,
        frozenset() if present is None else present.starts,
        present is not None and present.may_lack_state,
        project.oldest_python(home.path),
        library == "httpx" and has_proxies(project, home.path),
    )
    owned = _build_owned(project, lifecycles, home, Owned(ownership, framework, ()))
    for one in served:
        outcomes[one.candidate.site] = owned if isinstance(owned, Refusal) else inject(project, owned, one)
    for borrower, pool in pools.items():
        outcomes[borrower.site] = (
            owned if isinstance(owned, Refusal) else borrow(project, owned, borrower, pool)
        )
    return outcomes


def _find_creator(lifecycles: Lifecycles, home: Home) -> Framework:
    """Return the framework that hands injected clients over, else that of the first lifecycle."""
    handing = [
        passage.entry.framework
        for member in home.members
        if isinstance(member, Candidate)
        for passage in member.passages
    ]
    return lifecycles.framework((handing or [home.lifecycles[0].framework])[0])


def _libraries_of(present: Ownership | None) -> set[str]:
    if present is None:
        return set()
    return {client.library for client in present.clients} | {pool.library for pool in present.pools}


def _join(present: Iterable[_Owned], wanted: Iterable[_Owned]) -> tuple[_Owned, ...]:
    """Return what is owned after this run, each name once; what is wanted stands for what was there."""
    every: dict[tuple[str, str], _Owned] = {}
    for group in (present, wanted):
        every.update({(one.class_name, one.key): one for one in group})
    return tuple(every[name] for name in sorted(every))


def _find_misfit(clients: Sequence[OwnedClient], candidate: Candidate, split: Split) -> Refusal | None:
    """Return why no client fits: the one of an earlier run that would gives its requests something else."""
    if find_fitting(clients, candidate, split) is not None:
        return None
    bare = replace(split, stays=tuple(a for a in split.stays if a.name not in MOVABLE))
    for client in clients:
        own = tuple(a for a in client.arguments if a.name in MOVABLE and not is_by_policy(a))
        rest = replace(client, arguments=tuple(a for a in client.arguments if a not in own))
        if own and find_fitting((rest,), candidate, bare) is not None:
            detail = f"the shared client has `{own[0].name}={shorten(own[0].code)}` of its own"
            return Refusal(RefusalReason.DYNAMIC_ARGUMENT, detail, candidate.site.path, candidate.site.line)
    return None


def _free_state(project: Project, one: Served, present: tuple[OwnedClient, ...]) -> Served:
    """Name a client otherwise where the application's state has something of its name already."""
    if one.client in present:
        return one
    key = one.client.key or "http"
    state = f"{'' if one.client.is_async else 'sync_'}{key}_client"
    if not project.search.mentions(f"state.{state}".encode()):
        return one
    return replace(one, client=replace(one.client, key=f"shared_{key}"))


def _fit(project: Project, home: Home, library: str, member: Member) -> Split | Borrower | Refusal:
    """Bring a member's constructor arguments into the owning module, or say why they cannot come."""
    site = member.site
    if site.spec.library != library:
        detail = f"the owner of the other clients is built on {library}"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    if isinstance(member, Borrower):
        arguments = _relocate(project, home, site, member.pool_arguments, may_wait=True)
        return arguments if isinstance(arguments, Refusal) else replace(member, pool_arguments=arguments)
    split = split_arguments(project, site, same_module=home.path == site.path)
    if isinstance(split, Refusal):
        return split
    moved = plan_moves(site, (*split.moves, *(a for a in split.stays if a.name in {"headers", "params"})))
    if isinstance(moved, Refusal):
        return moved
    stays = _relocate(project, home, site, split.stays, may_wait=False)
    return stays if isinstance(stays, Refusal) else Split(stays, split.moves)


def _relocate(
    project: Project, home: Home, site: ClientSite, arguments: tuple[SpecArgument, ...], *, may_wait: bool
) -> tuple[SpecArgument, ...] | Refusal:
    """Say the imports of arguments as the owning module would write them.

    What would import the owner in turn can be imported as late as a client is built, if it `may_wait`; the
    names of a module that owns clients itself are read then, as they may be bound further down.
    """
    if home.path == site.path:
        below = [may_wait and one.origin is Origin.MODULE for one in arguments]
        return tuple(
            replace(one, has_call=True) if late else one for one, late in zip(arguments, below, strict=True)
        )
    relocated: list[SpecArgument] = []
    for argument in arguments:
        found: list[_Import] = []
        late: list[_Import] = []
        for source, one in _iter_sources(project, site, argument):
            dotted, name, bound = _respell(project, home.path, site.path, source, one)
            is_late = source is not None and (
                argument.has_call or bool(home.importers & project.imports.import_closure(source))
            )
            if not dotted or (source is not None and not name) or (is_late and not may_wait):
                detail = (
                    f"`{argument.name}={argument.code}` comes from `{source}`, which the owner cannot import"
                )
                return Refusal(RefusalReason.IMPORT_CIRCLE, detail, site.path, argument.line)
            (late if is_late else found).append((dotted, name, bound))
        relocated.append(replace(argument, imports=tuple(sorted(found)), late_imports=tuple(sorted(late))))
    return tuple(relocated)


def _iter_sources(
    project: Project, site: ClientSite, argument: SpecArgument
) -> Iterator[tuple[str | None, _Import]]:
    """Yield what an argument reads of modules, its own included, with the file of those of the project."""
    for one in argument.imports:
        yield project.imports.module_of_import(site.path, one[0], one[1]), one
    if argument.origin is Origin.MODULE:
        imported = {bound for _, _, bound in argument.imports}
        for name in sorted((argument.names & project.module_names(site.path)) - imported):
            yield site.path, ("", name, name)


def _respell(project: Project, owner: str, path: str, source: str | None, one: _Import) -> _Import:
    """Say an import of a file as the owning module would; its first part is "" where it cannot."""
    module, name, bound = one
    if source is None:
        return one
    dotted = project.imports.import_path(owner, source) or ""
    if not dotted or not project.imports.is_module(path, module, name):
        return dotted, name, bound
    return *_split(dotted), bound


def _split(dotted: str) -> tuple[str, str]:
    """Return what stands in `from shop import settings` for a module: (`shop`, `settings`)."""
    parent, dot, name = dotted.rpartition(".")
    if not dot:
        return name, ""
    return (f"{parent}." if not parent.strip(".") else parent), name


def _build_owned(project: Project, lifecycles: Lifecycles, home: Home, owned: Owned) -> Owned | Refusal:
    """Create the owner and wire it into every lifecycle that can take it; one must for each kind."""
    ownership = owned.ownership
    edits = owned.framework.create(project, ownership)
    if isinstance(edits, Refusal):
        return edits
    kinds = {one.is_async for one in ownership.clients} | {one.is_async for one in ownership.pools}
    wired: set[bool] = set()
    starting: list[Lifecycle] = []
    refusals: list[Refusal] = []
    for lifecycle in _startable(lifecycles, project, home):
        mine = {kind for kind in kinds if lifecycle.owns(is_async=kind)}
        if not mine:
            continue
        added = lifecycles.framework(lifecycle.framework).wire(project, ownership, lifecycle)
        if isinstance(added, Refusal):
            refusals.append(added)
        else:
            edits += added
            wired |= mine
            starting.append(lifecycle)
    if refusals and (ownership.clients or wired != kinds):
        return refusals[0]
    told = replace(ownership, lifecycles=tuple(starting) or ownership.lifecycles)
    return replace(owned, ownership=told, edits=edits)


def _startable(lifecycles: Lifecycles, project: Project, home: Home) -> tuple[Lifecycle, ...]:
    """Leave out applications that are mounted in another one and do not start, unless all are."""
    started = [one for one in home.lifecycles if lifecycles.framework(one.framework).starts(project, one)]
    return tuple(started) or home.lifecycles
