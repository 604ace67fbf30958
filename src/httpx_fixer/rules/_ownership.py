"""From candidates and borrowers to fixes: who owns what, and who gets it how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from httpx_fixer.analysis.call_text import CallChange
from httpx_fixer.analysis.facts import ClientSite, SpecArgument, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import (
    AddArgument,
    AddParameter,
    DropImport,
    Edit,
    Fix,
    NumberChange,
    RemoveStatement,
    ReplaceExpression,
    UnwrapWith,
    WrapStatement,
)
from httpx_fixer.frameworks._base import Framework, Lifecycle, Lifecycles, OwnedClient, OwnedPool, Ownership
from httpx_fixer.rules._borrowers import Borrower
from httpx_fixer.rules._candidates import Candidate, Passage
from httpx_fixer.rules._clients import Served, serve_borrowers, serve_candidates
from httpx_fixer.rules._homes import Home, Member, find_homes
from httpx_fixer.rules._numbers import limit_changes, timeout_changes
from httpx_fixer.rules._patches import find_call_assertion
from httpx_fixer.rules._sharing import Split, plan_moves, split_arguments
from httpx_fixer.settings import Policy

Outcome = Fix | Refusal


@dataclass(frozen=True, slots=True)
class _Owned:
    """An ownership with the edits that create it and wire it into every lifecycle."""

    ownership: Ownership
    framework: Framework
    edits: tuple[Edit, ...]


def plan_ownership(
    project: Project, lifecycles: Lifecycles, members: Iterable[Member], policy: Policy
) -> dict[ClientSite, Outcome]:
    """Return a fix or a refusal for every site.

    Sites of one home share the edits for the owner, so that any subset of the fixes is whole.
    """
    outcomes: dict[ClientSite, Outcome] = {}
    for home in find_homes(project, members):
        outcomes.update(_plan_home(project, lifecycles, home, policy))
    return outcomes


def _plan_home(
    project: Project, lifecycles: Lifecycles, home: Home, policy: Policy
) -> dict[ClientSite, Outcome]:
    outcomes: dict[ClientSite, Outcome] = {}
    library = min(member.site.spec.library for member in home.members)
    splits: dict[Candidate, Split] = {}
    borrowers: list[Borrower] = []
    for member in home.members:
        given = _fit(project, home, library, member)
        if isinstance(given, Refusal):
            outcomes[member.site] = given
        elif isinstance(given, Borrower):
            borrowers.append(given)
        elif isinstance(member, Candidate):
            splits[member] = given
    served = _join_parameters(tuple(serve_candidates(splits)))
    pools = serve_borrowers(borrowers)
    owned = _build_owned(project, lifecycles, home, served, tuple(pools.values()), policy)
    for one in served:
        outcomes[one.candidate.site] = owned if isinstance(owned, Refusal) else _inject(project, owned, one)
    for borrower, pool in pools.items():
        outcomes[borrower.site] = (
            owned if isinstance(owned, Refusal) else _borrow(project, owned, borrower, pool)
        )
    return outcomes


def _join_parameters(served: tuple[Served, ...]) -> tuple[Served, ...]:
    """Let a handler pass on the client that it gets for a block of its own to what it calls in there."""
    own = [
        (one.candidate.function.symbol, one.client, one.candidate.site.block)
        for one in served
        if not one.candidate.is_threaded
    ]

    def join(passage: Passage, client: OwnedClient) -> Passage:
        for function, other, block in own:
            if (function, other) == (passage.entry.function.symbol, client) and block is not None:
                inside = [block.anchor.start <= c.anchor.start <= block.anchor.end for c in passage.calls]
                if inside and all(inside):
                    return replace(passage, parameter=block.target)
        return passage

    return tuple(
        replace(
            one,
            candidate=replace(
                one.candidate, passages=tuple(join(p, one.client) for p in one.candidate.passages)
            ),
        )
        for one in served
    )


def _fit(project: Project, home: Home, library: str, member: Member) -> Split | Borrower | Refusal:
    """Bring a member's constructor arguments into the owning module, or say why they cannot come."""
    site = member.site
    if site.spec.library != library:
        detail = f"the owner of the other clients is built on {library}"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    if isinstance(member, Borrower):
        arguments = _relocate(project, site, member.pool_arguments, home.path)
        return arguments if isinstance(arguments, Refusal) else replace(member, pool_arguments=arguments)
    split = split_arguments(project, site, same_module=home.path == site.path)
    if isinstance(split, Refusal):
        return split
    moved = plan_moves(site, (*split.moves, *(a for a in split.stays if a.name in {"headers", "params"})))
    if isinstance(moved, Refusal):
        return moved
    stays = _relocate(project, site, split.stays, home.path)
    return stays if isinstance(stays, Refusal) else Split(stays, split.moves)


def _relocate(
    project: Project, site: ClientSite, arguments: tuple[SpecArgument, ...], path: str
) -> tuple[SpecArgument, ...] | Refusal:
    """Say the imports of arguments as the owning module would write them."""
    if path == site.path:
        return arguments
    relocated: list[SpecArgument] = []
    for argument in arguments:
        imports: list[tuple[str, str, str]] = []
        for module, name, bound in argument.imports:
            home = project.module_of_import(site.path, module, name)
            dotted = module if home is None else project.import_path(path, home)
            is_circle = home is not None and site.path in project.import_closure(home)
            if dotted is None or is_circle or (home is not None and not name):
                detail = (
                    f"`{argument.name}={argument.code}` comes from `{home}`, which the owner cannot import"
                )
                return Refusal(RefusalReason.IMPORT_CIRCLE, detail, site.path, argument.line)
            imports.append((dotted, name, bound))
        relocated.append(replace(argument, imports=tuple(sorted(imports))))
    return tuple(relocated)


def _build_owned(
    project: Project,
    lifecycles: Lifecycles,
    home: Home,
    served: tuple[Served, ...],
    pools: tuple[OwnedPool, ...],
    policy: Policy,
) -> _Owned | Refusal:
    """Create the owner and wire it into every lifecycle that can take it; one must."""
    framework = lifecycles.framework(home.lifecycles[0].framework)
    clients = tuple(sorted({one.client for one in served}, key=lambda c: (c.class_name, c.key)))
    every = tuple(sorted(set(pools), key=lambda p: (p.class_name, p.key)))
    ownership = Ownership(
        home.path, home.is_inline, framework.injects, clients, every, home.lifecycles, policy
    )
    edits = framework.create(project, ownership)
    if isinstance(edits, Refusal):
        return edits
    created = len(edits)
    refusals: list[Refusal] = []
    for lifecycle in _startable(lifecycles, project, home):
        wired = lifecycles.framework(lifecycle.framework).wire(project, ownership, lifecycle)
        if isinstance(wired, Refusal):
            refusals.append(wired)
        else:
            edits += wired
    if refusals and (served or len(edits) == created):
        return refusals[0]
    return _Owned(ownership, framework, edits)


def _startable(lifecycles: Lifecycles, project: Project, home: Home) -> tuple[Lifecycle, ...]:
    """Leave out applications that are mounted in another one, unless there are no others: they do not start."""
    started = [one for one in home.lifecycles if lifecycles.framework(one.framework).starts(project, one)]
    return tuple(started) or home.lifecycles


def _inject(project: Project, owned: _Owned, one: Served) -> Outcome:
    """Hand an owned client to a site through parameters, or through the request."""
    site, block = one.candidate.site, one.candidate.site.block
    assert block is not None
    moved = plan_moves(site, one.moves)
    if isinstance(moved, Refusal):
        return moved
    asserted = find_call_assertion(project) if moved else None
    if asserted is not None:
        detail = "a test looks at the arguments of the client's calls, where one would be added"
        return Refusal(RefusalReason.PATCHED_IN_TESTS, detail, *asserted)
    edits: list[Edit] = [*owned.edits, *moved]
    for passage in one.candidate.passages:
        handed = _plan_passage(project, owned, passage, one)
        if isinstance(handed, Refusal):
            return handed
        edits += handed
    if one.candidate.is_threaded:
        annotation = project.spelling_of(site.path, f"{site.spec.library}.{site.spec.class_name}")
        if annotation is None:
            detail = f"`{site.spec.class_code}` is no name of the module, which the new parameter would need"
            return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
        edits.append(AddParameter(one.candidate.function.anchor, block.target, annotation))
    if not any(isinstance(edit, ReplaceExpression) and edit.anchor == site.anchor for edit in edits):
        edits.append(UnwrapWith(block.anchor, block.item))
    edits += _drop_imports(project, site)
    title = f"share one `{site.spec.class_code}`, opened and closed with `{_app_of(owned)}`"
    pooled = not any(argument.name in {"limits", "transport"} for argument in one.client.arguments)
    return Fix(title, tuple(dict.fromkeys(edits)), numbers=_count_numbers(site, owned, limits=pooled))


def _plan_passage(
    project: Project, owned: _Owned, passage: Passage, one: Served
) -> tuple[Edit, ...] | Refusal:
    reach = owned.framework.reach(project, passage.entry, owned.ownership, one.client)
    if isinstance(reach, Refusal):
        return reach
    site = one.candidate.site
    if reach.expression:
        return (*reach.edits, ReplaceExpression(site.anchor, reach.expression))
    calls = [AddArgument(call.anchor, site.name, passage.parameter) for call in passage.calls]
    parameter = AddParameter(passage.entry.function.anchor, passage.parameter, reach.parameter)
    return (*reach.edits, parameter, *calls)


def _borrow(project: Project, owned: _Owned, borrower: Borrower, pool: OwnedPool) -> Outcome:
    """Put the borrowing function in the place of the class; the other arguments stay as they are."""
    site = borrower.site
    reach = owned.framework.borrow(project, site.path, owned.ownership, pool)
    if isinstance(reach, Refusal):
        return reach
    rewritten = _rewrite_borrower(project, borrower, reach.expression)
    if isinstance(rewritten, Refusal):
        return rewritten
    edits: tuple[Edit, ...] = (*owned.edits, *reach.edits, *rewritten)
    if not borrower.names_class:
        edits = (*edits, *_drop_imports(project, site))
    title = f"borrow from connections that `{_app_of(owned)}` opens and closes"
    pooled = not any(argument.name == "limits" for argument in borrower.pool_arguments)
    return Fix(title, edits, numbers=_count_numbers(site, owned, limits=pooled))


def _drop_imports(project: Project, site: ClientSite) -> tuple[Edit, ...]:
    """Remove the import that the class came from, where nothing else reads it."""
    local = project.lone_local_import(site)
    if local is not None:
        return (RemoveStatement(local),)
    return (DropImport(site.path, site.spec.class_code.split(".")[0]),)


def _rewrite_borrower(project: Project, borrower: Borrower, expression: str) -> tuple[Edit, ...] | Refusal:
    """Call the borrowing function instead of the class; a lone request moves into a block of its own."""
    site, single = borrower.site, borrower.site.single
    first = site.spec.class_code if borrower.names_class else ""
    without = frozenset(argument.name for argument in borrower.pool_arguments)
    change = CallChange(first, without, whole=single is not None)
    if single is None:
        rewritten = project.rewrite_call(site.anchor, expression, change)
        assert rewritten is not None
        return (ReplaceExpression(*rewritten),)
    function = project.function(Symbol(site.path, site.function))
    taken = function.names if function is not None else frozenset[str]()
    name = next((name for name in ("client", "http", "borrowed_client") if name not in taken), "")
    if not name:
        return Refusal(
            RefusalReason.NAME_CLASH, "no plain name for a client is free here", site.path, site.line
        )
    if site.top_level:
        header = f"with {expression}() as {name}:"
        return WrapStatement(single.statement, header), ReplaceExpression(
            single.replaced, f"{name}.{single.verb}"
        )
    rewritten = project.rewrite_call(site.anchor, expression, change)
    assert rewritten is not None
    keyword = "async with" if site.spec.is_async else "with"
    header = f"{keyword} {rewritten[1]} as {name}:"
    return WrapStatement(single.statement, header), ReplaceExpression(single.replaced, name)


def _app_of(owned: _Owned) -> str:
    return owned.ownership.lifecycles[0].app.name.rpartition(".")[2]


def _count_numbers(site: ClientSite, owned: _Owned, *, limits: bool) -> tuple[NumberChange, ...]:
    policy = owned.ownership.policy
    found: list[NumberChange] = []
    is_given = site.spec.argument("timeout") is not None
    if not is_given and not (site.usage is not None and site.usage.every_request_has_timeout):
        found += timeout_changes(site.path, site.line, policy.timeout)
    if limits:
        found += limit_changes(owned.ownership.path, 1, policy.limits)
    return tuple(found)
