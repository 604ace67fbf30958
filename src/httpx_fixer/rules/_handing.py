"""How an owned client or pool is handed to a site: the edits at the site and on the way to it."""

from __future__ import annotations

from dataclasses import replace

from httpx_fixer.analysis.facts import CallChange, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import (
    GIVEN_LIMITS,
    POOL_ARGUMENTS,
    ClientSite,
    SingleRequest,
    SpecArgument,
)
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import (
    AddArgument,
    AddParameter,
    Applicability,
    Edit,
    EnsureImport,
    Fix,
    NumberChange,
    RemoveStatement,
    ReplaceExpression,
    UnwrapWith,
)
from httpx_fixer.frameworks._base import Framework, OwnedPool, Ownership, Reach
from httpx_fixer.owners import Handing
from httpx_fixer.rules._borrowers import Borrower
from httpx_fixer.rules._candidates import Candidate
from httpx_fixer.rules._clients import Served
from httpx_fixer.rules._drops import plan_drop
from httpx_fixer.rules._enclosing import enclose_local, enclose_request, outlive_block
from httpx_fixer.rules._numbers import limit_changes, timeout_changes
from httpx_fixer.rules._passages import Passage, Relay
from httpx_fixer.rules._patches import find_call_assertion
from httpx_fixer.rules._sharing import plan_moves
from httpx_fixer.rules._supply import describe_supply
from httpx_fixer.rules._upstreams import find_upstream
from httpx_fixer.values import dataclass

Outcome = Fix | Refusal


@dataclass(frozen=True, slots=True)
class Owned:
    """An ownership with the edits that create it and wire it into every lifecycle."""

    ownership: Ownership
    framework: Framework
    edits: tuple[Edit, ...]


def inject(project: Project, owned: Owned, one: Served) -> Outcome:
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
        handed = _plan_parameters(project, one.candidate)
        if isinstance(handed, Refusal):
            return handed
        edits += handed
    if not any(isinstance(edit, ReplaceExpression) and edit.anchor == site.anchor for edit in edits):
        edits.append(UnwrapWith(block.anchor, block.item))
    edits += (_drop_class(project, site), *_drop_arguments(project, site))
    title = f"share one `{site.spec.class_code}`, opened and closed with `{_app_of(owned, site)}`"
    pooled = not any(argument.name in {"limits", "transport"} for argument in one.client.arguments)
    numbers = _count_numbers(site, owned, limits=pooled)
    supply = describe_supply(owned.ownership, one.client, site, _name_handing(one))
    return Fix(title, tuple(dict.fromkeys(edits)), numbers=numbers, supply=supply)


def _name_handing(one: Served) -> Handing:
    if one.candidate.is_threaded:
        return Handing.ARGUMENT
    is_request = any(passage.entry.connection for passage in one.candidate.passages)
    return Handing.REQUEST if is_request else Handing.PARAMETER


def _plan_passage(
    project: Project, owned: Owned, passage: Passage, one: Served
) -> tuple[Edit, ...] | Refusal:
    reach = owned.framework.reach(project, passage.entry, owned.ownership, one.client)
    if isinstance(reach, Refusal):
        return reach
    site = one.candidate.site
    if reach.expression:
        return (*reach.edits, ReplaceExpression(site.anchor, reach.expression))
    given = _find_given(project, owned, passage, reach.parameter)
    calls = _hand_on(one.candidate, passage, given or passage.parameter)
    if given:
        return (*reach.edits, *calls)
    parameter = AddParameter(passage.function.anchor, passage.parameter, reach.parameter)
    return (*reach.edits, parameter, *calls)


def _find_given(project: Project, owned: Owned, passage: Passage, annotation: str) -> str:
    """Return the parameter by which an earlier run gave the very client to a handler, "" for none."""
    path = passage.function.path
    if not passage.calls or project.member(path, annotation).path != owned.ownership.path:
        return ""
    parameters = passage.function.parameters
    return next((one.name for one in parameters if one.annotation == annotation), "")


def _hand_on(candidate: Candidate, giver: Passage | Relay, value: str) -> tuple[Edit, ...]:
    keyword = candidate.parameter_of(giver.callee)
    return tuple(AddArgument(call.anchor, keyword, value) for call in giver.calls)


def _plan_parameters(project: Project, candidate: Candidate) -> tuple[Edit, ...] | Refusal:
    """Return the parameters of the helper and of the functions on the way to it, with their arguments."""
    site = candidate.site
    annotation = project.spelling_of(site.path, f"{site.spec.library}.{site.spec.class_name}")
    if annotation is None:
        detail = f"`{site.spec.class_code}` is no name of the module, which the new parameter would need"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    edits: list[Edit] = [AddParameter(candidate.function.anchor, site.name, annotation)]
    for relay in candidate.relays:
        spelled = _spell_class(project, relay.function.path, site)
        if isinstance(spelled, Refusal):
            return spelled
        annotation, imports = spelled
        parameter = AddParameter(relay.function.anchor, relay.parameter, annotation)
        edits += [*imports, parameter, *_hand_on(candidate, relay, relay.parameter)]
    return tuple(edits)


def _spell_class(project: Project, path: str, site: ClientSite) -> tuple[str, tuple[Edit, ...]] | Refusal:
    """Return how a module says the class of a client, and the import that it needs for that."""
    library, name = site.spec.library, site.spec.class_name
    annotation = project.spelling_of(path, f"{library}.{name}")
    if annotation is not None:
        return annotation, ()
    if library in project.module_names(path):
        detail = f"`{library}` is a name of another kind here, which the new parameter would need"
        return Refusal(RefusalReason.NAME_CLASH, detail, path, 1)
    return f"{library}.{name}", (EnsureImport(path, library),)


def borrow(project: Project, owned: Owned, borrower: Borrower, pool: OwnedPool) -> Outcome:
    """Put the borrowing function in the place of the class; the other arguments stay as they are."""
    site = borrower.site
    lender = pool.lasting_lender if borrower.lasts else pool.lender
    reach = owned.framework.borrow(project, site.path, owned.ownership, lender)
    if not isinstance(reach, Refusal):
        reach = _avoid_locals(project, site, reach)
    if isinstance(reach, Refusal):
        return reach
    rewritten = _rewrite_borrower(project, borrower, reach.expression)
    if isinstance(rewritten, Refusal):
        return rewritten
    spent = (RemoveStatement(statement) for statement in borrower.spent)
    edits: tuple[Edit, ...] = (*owned.edits, *reach.edits, *spent, *rewritten)
    own = () if borrower.names_class else (_drop_class(project, site),)
    edits = (*edits, *own, *_drop_arguments(project, site, borrower.pool_arguments))
    verb = "keep a client over" if borrower.lasts else "borrow from"
    title = f"{verb} connections that `{_app_of(owned, site)}` opens and closes"
    pooled = not any(_says_limits(argument) for argument in borrower.pool_arguments)
    numbers = _count_numbers(site, owned, limits=pooled)
    how = Handing.LASTING if borrower.lasts else Handing.BORROWED
    supply = describe_supply(owned.ownership, pool, site, how)
    fix = Fix(title, tuple(dict.fromkeys(edits)), numbers=numbers, supply=supply)
    if not borrower.doubts:
        return fix
    return replace(fix, applicability=Applicability.UNSAFE, unsafe_because="; ".join(borrower.doubts))


def _says_limits(argument: SpecArgument) -> bool:
    """Answer whether the author says how many connections a pool may have."""
    return argument.name == "limits" or (
        argument.name == "transport" and f"**{GIVEN_LIMITS}" not in argument.code
    )


def _avoid_locals(project: Project, site: ClientSite, reach: Reach) -> Reach | Refusal:
    """Import the borrowing function under another name where a function around the site uses its own."""
    taken: set[str] = set()
    around = project.function(Symbol(site.path, site.function))
    while around is not None:
        taken |= around.names
        around = project.function(Symbol(site.path, around.outer)) if around.outer else None
    name = reach.expression
    if name not in taken:
        return reach
    alias = f"borrow_{name}"
    if not reach.edits or alias in taken | project.module_names(site.path):
        return Refusal(RefusalReason.NAME_CLASH, f"`{name}` is a local name here", site.path, site.line)
    edits = tuple(
        replace(edit, alias=alias) if isinstance(edit, EnsureImport) and edit.name == name else edit
        for edit in reach.edits
    )
    return Reach(edits, expression=alias)


def _drop_class(project: Project, site: ClientSite) -> Edit:
    """Remove the import that the class came from, where nothing else reads it."""
    local = project.lone_local_import(site)
    if local is not None:
        return RemoveStatement(local)
    return plan_drop(project, site.path, _base_of(site))


def _drop_arguments(
    project: Project, site: ClientSite, settled: tuple[SpecArgument, ...] = ()
) -> tuple[Edit, ...]:
    """Remove the imports that the arguments came from, those `settled` too, where nothing else reads them."""
    arguments = (*site.spec.arguments, *settled)
    read = (one for argument in arguments for one in (*argument.imports, *argument.late_imports))
    given = {bound.split(".")[0] for _, _, bound in read}
    given |= {name for argument in arguments for name in argument.names}
    if site.spec.has_context:
        given.add("tls_context")
    return tuple(plan_drop(project, site.path, name) for name in sorted(given - {_base_of(site)}))


def _base_of(site: ClientSite) -> str:
    return site.spec.class_code.split(".")[0]


def _rewrite_borrower(project: Project, borrower: Borrower, expression: str) -> tuple[Edit, ...] | Refusal:
    """Call the borrowing function instead of the class; a lone request moves into a block of its own."""
    site, single = borrower.site, borrower.site.single
    first = site.spec.class_code if borrower.names_class else ""
    without = POOL_ARGUMENTS & {argument.name for argument in site.spec.arguments} - set(borrower.chosen)
    if site.spec.has_context:
        without |= {"verify"}
    is_moved = single is not None or site.local is not None or (borrower.lasts and site.block is not None)
    change = CallChange(first, without, whole=is_moved)
    if not isinstance(single, SingleRequest):
        rewritten = project.rewrite_call(site.anchor, expression, change)
        assert rewritten is not None
        if borrower.lasts and site.block is not None:
            return outlive_block(site.block, rewritten[1])
        enclosed = None if borrower.lasts else enclose_local(site, rewritten[1])
        return enclosed or (ReplaceExpression(*rewritten),)
    return enclose_request(project, site, single, expression, change)


def _app_of(owned: Owned, site: ClientSite) -> str:
    every = owned.ownership.lifecycles
    owners = tuple(one for one in every if one.owns(is_async=site.spec.is_async)) or every
    names = (one.app.name.rpartition(".")[2] for one in owners)
    return next((name for name in names if name), owners[0].framework)


def _count_numbers(site: ClientSite, owned: Owned, *, limits: bool) -> tuple[NumberChange, ...]:
    policy = owned.ownership.policy
    policy = policy.of(find_upstream(site, policy))
    found: list[NumberChange] = []
    is_given = site.spec.argument("timeout") is not None
    if not is_given and not (site.usage is not None and site.usage.every_request_has_timeout):
        found += timeout_changes(site.path, site.line, policy.timeout)
    if limits:
        found += limit_changes(owned.ownership.path, 1, policy.limits)
    return tuple(found)
