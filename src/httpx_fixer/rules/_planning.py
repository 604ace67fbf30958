"""One plan for all rules about clients without an owner: they share those that they get, and so edits."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.patterns import compile_later
from httpx_fixer.rules._borrowers import Borrower, find_borrower
from httpx_fixer.rules._candidates import Candidate, find_candidate
from httpx_fixer.rules._copied_source import find_copied_source
from httpx_fixer.rules._diff_size import find_longer
from httpx_fixer.rules._enclosing import find_local_obstacle
from httpx_fixer.rules._homes import Member
from httpx_fixer.rules._httpx_versions import find_unfit_version
from httpx_fixer.rules._kinds import BORROWED_CLOSED, KINDS, UNCLOSED_MODULE, is_unwanted, told_as
from httpx_fixer.rules._lasting import (
    find_lasting_obstacle,
    is_handed_out,
    is_lasting,
    is_read_later,
    may_last_instead,
)
from httpx_fixer.rules._ownership import plan_ownership
from httpx_fixer.rules._processes import is_library_code, is_reported
from httpx_fixer.rules._takers import is_given_away
from httpx_fixer.rules._values import SERVER_NAME
from httpx_fixer.settings import Settings

Outcome = Fix | Refusal

_OF_ONE_CALL = frozenset({BindingForm.WITH, BindingForm.LOCAL, BindingForm.CHAINED, BindingForm.DISCARDED})
_TOLD_APART = ("mounts", "proxies", "transport")
"""Arguments that a pool has, and no client that is handed over."""
_GUARDS = compile_later(
    r"(?i)\bwith\s+(?:[^\n:]*,\s*)?((?:[\w.]*)(?:safe_?connect|safe_?socket|safe_?resol|safe_?dns|ssrf"
    r"|(?:block|deny|forbid)_?(?:private|internal))\w*)\("
)
"""Blocks that keep requests from addresses of the inside, by what connecting does while they last."""
_SPEAKS_HTTP2 = compile_later(r"\bhttp2=(?!False\b)")


def plan_sites(project: Project, lifecycles: Lifecycles, settings: Settings) -> dict[ClientSite, Outcome]:
    """Return a fix or a refusal for every client that is built per call or never closed, in source order.

    Computed once a project and choice of rules.
    """
    chosen = [kind[0] for kind in KINDS if settings.is_selected(*kind)]
    key = f"sites {chosen} {is_unwanted(settings)} {settings.unsafe_fixes}"
    return project.remember(key, lambda: _plan(project, lifecycles, settings))


def _plan(project: Project, lifecycles: Lifecycles, settings: Settings) -> dict[ClientSite, Outcome]:
    wanted = [site for site in project.client_sites if _is_selected(project, lifecycles, site, settings)]
    library = {site for site in wanted if is_library_code(project, lifecycles, site, settings)}
    sites = [site for site in wanted if site in library or is_reported(project, lifecycles, site, settings)]
    decided = {
        site: _decide(project, lifecycles, site, settings, is_library=site in library) for site in sites
    }
    unsure = {site for site, found in decided.items() if isinstance(found, Borrower) and found.doubts}
    if not unsure or settings.unsafe_fixes:
        return _plan_decided(project, lifecycles, decided, settings)
    # What safe fixes write must not speak of pools that no unsafe one asks for.
    sure = {site: found for site, found in decided.items() if site not in unsure}
    outcomes = _plan_decided(project, lifecycles, sure, settings)
    others = _plan_decided(project, lifecycles, decided, settings)
    return {site: (others if site in unsure else outcomes)[site] for site in sites}


def _plan_decided(
    project: Project, lifecycles: Lifecycles, decided: dict[ClientSite, Member | Refusal], settings: Settings
) -> dict[ClientSite, Outcome]:
    """Plan what was decided, the shorter of two forms where more than a handler takes part."""
    decided = dict(decided)
    outcomes = _settle(project, lifecycles, decided, settings)
    far = [site for site in decided if _is_far(decided[site], outcomes[site])]
    if not far or settings.injection == "parameter":
        return outcomes
    borrowed = decided | {site: _find_borrower(project, lifecycles, site, settings) for site in far}
    others = _settle(project, lifecycles, dict(borrowed), settings)
    longer = find_longer(project, far, outcomes, others)
    if not longer:
        return outcomes
    return _settle(project, lifecycles, decided | {site: borrowed[site] for site in longer}, settings)


def _is_far(member: Member | Refusal, outcome: Outcome) -> bool:
    return isinstance(member, Candidate) and member.is_far and isinstance(outcome, Fix)


def _settle(
    project: Project, lifecycles: Lifecycles, decided: dict[ClientSite, Member | Refusal], settings: Settings
) -> dict[ClientSite, Outcome]:
    """Plan what was decided; what cannot be injected borrows instead, which `decided` says afterwards."""
    while True:
        members = [found for found in decided.values() if not isinstance(found, Refusal)]
        outcomes: dict[ClientSite, Outcome] = {
            site: found for site, found in decided.items() if isinstance(found, Refusal)
        }
        outcomes |= plan_ownership(project, lifecycles, members, settings.policy)
        second = [site for site in decided if _needs_borrowing(site, decided, outcomes)]
        if not second:
            return {site: outcomes[site] for site in decided}
        decided |= {site: _find_borrower(project, lifecycles, site, settings) for site in second}


def _is_selected(project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings) -> bool:
    kind = told_as(project, lifecycles, site, settings)
    return kind is not None and (settings.is_selected(*kind) or _is_closed_beside(kind, settings))


def _is_closed_beside(kind: tuple[str, str], settings: Settings) -> bool:
    """Answer whether a kept client is planned for the closes that another rule takes away."""
    return kind == UNCLOSED_MODULE and settings.is_selected(*BORROWED_CLOSED)


def _decide(
    project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings, *, is_library: bool
) -> Member | Refusal:
    """Prefer the plainest form that is right: a parameter if signatures may change, else to borrow."""
    unfit = find_unfit_version(project, site)
    if unfit is not None:
        return unfit
    if is_library:
        return _refuse_library(project, site)
    if site.spec.argument("timeout") is None and is_given_away(project, site):
        detail = (
            "an object of another library gets the client, and may go by the timeout that it was built with"
        )
        return Refusal(RefusalReason.ESCAPES, detail, site.path, site.line)
    if site.form is BindingForm.DISCARDED and not site.top_level:
        detail = "the client is built and dropped; nothing says what for"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    kept = is_lasting(project, lifecycles, site)
    refusal = find_local_obstacle(site)
    lasts = kept or is_handed_out(project, site) or may_last_instead(refusal)
    if refusal is not None and not lasts:
        return refusal
    library = site.spec.library
    if project.may_lack(site.path, site.spec.class_code.split(".")[0], library) and not any(
        project.needs_package(app.path, library) for app in lifecycles.all()
    ):
        detail = "httpx may not be installed, and what would own the client cannot be imported without it"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    if _may_abandon_http2(project, site):
        detail = "a stream of HTTP/2 that is left early would hold its connection for all others"
        return Refusal(RefusalReason.STREAM_LEFT_OPEN, detail, site.path, site.line)
    separate = _find_named_server(project, site) or find_copied_source(project, site)
    if separate is not None:
        return separate
    function = project.function(Symbol(site.path, site.function))
    obstacle = find_lasting_obstacle(project, site) if lasts else None
    if obstacle is not None:
        return obstacle
    if not kept and not site.spec.is_async and function is not None and function.is_async:
        detail = f"a sync request in `async def {function.name}` blocks the loop; sharing would not cure that"
        return Refusal(RefusalReason.SYNC_IN_ASYNC, detail, site.path, site.line)
    is_told_apart = any(site.spec.argument(name) is not None for name in _TOLD_APART)
    if site.form is BindingForm.WITH and settings.injection != "borrow" and not is_told_apart:
        found = find_candidate(project, lifecycles, site, settings.max_hops)
        if isinstance(found, Candidate):
            return found
    lasts = lasts or is_read_later(project, site, settings)
    return find_borrower(project, lifecycles, site, lasts=lasts)


def _find_borrower(
    project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings
) -> Borrower | Refusal:
    """Decide whether a site can borrow that was to be given a parameter."""
    return find_borrower(project, lifecycles, site, lasts=is_read_later(project, site, settings))


def _refuse_library(project: Project, site: ClientSite) -> Refusal:
    """A package that is built and deployed is a service, though nothing is known to start it."""
    deployment = project.packaging.find_deployment(site.path)
    if deployment is not None:
        detail = f"no known application or worker imports `{site.path}`, which is deployed"
        return Refusal(RefusalReason.NO_ENTRY_POINT, detail, deployment, 1)
    if not project.packaging.is_distributed(site.path):
        detail = "no application is known that takes in the project's routes or handlers"
        return Refusal(RefusalReason.NO_ENTRY_POINT, detail, site.path, site.line)
    detail = "this is a library: only the programs that install it could own the client"
    return Refusal(RefusalReason.LIBRARY_CODE, detail, site.path, site.line)


def is_kept_by_process(
    project: Project, lifecycles: Lifecycles, site: ClientSite, outcome: Outcome, settings: Settings
) -> bool:
    """Answer whether a kept client is one of a service: what a library keeps is for its callers to close.

    Also of one whose application is not known: it is deployed, or made of routes or handlers.
    """
    if is_reported(project, lifecycles, site, settings):
        return True
    return isinstance(outcome, Refusal) and outcome.reason is RefusalReason.NO_ENTRY_POINT


def _may_abandon_http2(project: Project, site: ClientSite) -> bool:
    """Answer whether a client that speaks HTTP/2 opens streams: httpcore never resets one."""
    http2 = site.spec.argument("http2")
    given = [one for name in ("transport", "mounts") if (one := site.spec.argument(name)) is not None]
    inside = (project.pool_values.settle(site, one).argument.normal for one in given)
    is_inside = any(_SPEAKS_HTTP2.search(code) for code in inside)
    if (http2 is None or http2.normal == "False") and not is_inside:
        return False
    if site.usage is None:
        return site.local is None or site.local.is_returned or site.local.opens_stream
    return bool(site.usage.obstacles) or any(r.method in {"stream", "send"} for r in site.usage.requests)


def _find_named_server(project: Project, site: ClientSite) -> Refusal | None:
    guard = _find_guard(project, site)
    if guard is not None:
        detail = f"`{guard}` looks at connections while they are made, and shared ones are there already"
        return Refusal(RefusalReason.DYNAMIC_ARGUMENT, detail, site.path, site.line)
    if not _names_server(project, site):
        return None
    detail = f"`{SERVER_NAME}` names a server for one request, and connections are shared by address alone"
    return Refusal(RefusalReason.DYNAMIC_ARGUMENT, detail, site.path, site.line)


def _find_guard(project: Project, site: ClientSite) -> str | None:
    """Return the block in the function of a site that lets it connect to some addresses only."""
    function = project.function(Symbol(site.path, site.function)) if site.function else None
    if function is None or _GUARDS.search(project.search.text(site.path)) is None:
        return None
    lines = project.texts.lines_of(site.path)[function.anchor.start.line - 1 : function.anchor.end.line]
    found = _GUARDS.search("\n".join(lines))
    return None if found is None else found[1]


def _names_server(project: Project, site: ClientSite) -> bool:
    """Answer whether requests of a site say for which server a connection is made.

    Those of a client that outlives its function may stand anywhere in its module.
    """
    if SERVER_NAME not in project.search.text(site.path):
        return False
    function = project.function(Symbol(site.path, site.function)) if site.function else None
    if function is None or site.form not in _OF_ONE_CALL:
        return True
    lines = project.texts.lines_of(site.path)[function.anchor.start.line - 1 : function.anchor.end.line]
    return any(SERVER_NAME in line for line in lines)


def _needs_borrowing(
    site: ClientSite, decided: dict[ClientSite, Member | Refusal], outcomes: dict[ClientSite, Outcome]
) -> bool:
    """Answer whether an injected client failed, or would meet another one under its name.

    Of several blocks of one function that hold a client under one name all get the parameter, or none.
    """
    if not isinstance(decided[site], Candidate):
        return False
    twins = (other for other in decided if _is_twin(other, site))
    return isinstance(outcomes[site], Refusal) or any(
        not isinstance(decided[twin], Candidate) for twin in twins
    )


def _is_twin(one: ClientSite, other: ClientSite) -> bool:
    return one is not other and (one.path, one.function, one.name) == (other.path, other.function, other.name)
