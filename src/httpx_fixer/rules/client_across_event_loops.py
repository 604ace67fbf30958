from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.facts import Call
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import MODULE_FORMS, ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._borrowers import find_kept_loop
from httpx_fixer.rules._planning import plan_sites
from httpx_fixer.rules._processes import is_reported, may_own

_LOOPS = frozenset({"asyncio.run", "anyio.run", "trio.run", "asgiref.sync.async_to_sync"})


class ClientAcrossEventLoops(Rule):
    """An `AsyncClient` that outlives its event loop.

    ## What it does
    Finds async clients of a module, a class or a lazily filled global in a file whose functions start an
    event loop per call (`asyncio.run`, `anyio.run`, `run_until_complete`, `async_to_sync`), or that only
    workers without a lasting loop run (Celery tasks).

    ## Why is this bad?
    A connection belongs to the loop that opened it. The second call finds a connection of a loop that is
    closed and fails with `RuntimeError: Event loop is closed`; the third works again, the fourth fails.

    One loop that is kept for all calls is another matter: there such a client may last.

    ## Fix
    None: whether to keep one loop or to build the client inside of each is a decision of design.

    A client that nothing closes and that an application or worker can own is not reported here, but
    by `unclosed-module-client`, whose fix gives every loop connections of its own.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - REPORT_ONLY: always.

    ## References
    - https://github.com/encode/httpx/discussions/2473
    """

    code = "HXF107"
    name = "client-across-event-loops"
    order = 15
    fixable = False

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every long-lived async client beside a loop per call."""
        planned = plan_sites(project, lifecycles, self.settings)
        for site in project.client_sites:
            if not _may_outlive(site) or not is_reported(project, lifecycles, site, self.settings):
                continue
            refusal = _find_loop_per_call(project, lifecycles, site)
            if isinstance(planned.get(site), Fix):
                continue  # its connections will be those of the loop that runs
            if refusal is not None:
                message = f"`{site.name}` outlives the event loop of its requests; every second call fails"
                yield self.diagnostic(site.anchor, message, refusal)


def _may_outlive(site: ClientSite) -> bool:
    return site.form in MODULE_FORMS and site.spec.is_async


def _find_loop_per_call(project: Project, lifecycles: Lifecycles, site: ClientSite) -> Refusal | None:
    """Return where a loop is started on each call: in the site's file, or by the workers that run it."""
    call = _find_loop(project, site)
    if call is not None:
        detail = f"`{call.function}` starts a loop on each call"
        return Refusal(RefusalReason.REPORT_ONLY, detail, call.path, call.line)
    reaching = [one for one in lifecycles.all() if may_own(lifecycles, one, site)]
    if not reaching or any(one.owns(is_async=True) for one in reaching):
        return None
    if find_kept_loop(project, lifecycles, reaching[0]) is not None:
        return None
    first = reaching[0]
    detail = f"only `{first.app.name}` runs this code, and has no loop that lasts: each call starts its own"
    return Refusal(RefusalReason.REPORT_ONLY, detail, first.path, first.call.line)


def _find_loop(project: Project, site: ClientSite) -> Call | None:
    """Return the call in a function of the site's file that starts a loop."""
    for call in project.calls_in(site.path, "run", "run_until_complete", "async_to_sync"):
        name = call.symbol.name if call.symbol is not None and not call.symbol.path else ""
        if not call.function:
            continue
        if name in _LOOPS or (
            call.attribute == "run_until_complete" and project.event_loops.is_made_per_call(call)
        ):
            return call
    return None
