from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.facts import Call
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import MODULE_FORMS, ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._planning import plan_sites
from httpx_fixer.rules._processes import is_reported

_FORKS = frozenset(
    {"os.fork", "multiprocessing.Process", "multiprocessing.Pool", "concurrent.futures.ProcessPoolExecutor"}
)


class ClientAcrossFork(Rule):
    """A client that is opened before the fork that uses it.

    ## What it does
    Finds clients of a module, a class or a lazily filled global in a file that starts processes.

    ## Why is this bad?
    A child inherits the open connections of its parent. Over plain HTTP both then read each other's
    responses; over TLS the first request of the child times out.

    ## Fix
    None: build the client in the child, after the fork.

    A client that nothing closes and that an application or worker can own is not reported here, but
    by `unclosed-module-client`, whose fix gives every process connections of its own.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - REPORT_ONLY: always.

    ## References
    - https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
    """

    code = "HXF108"
    name = "client-across-fork"
    order = 16
    fixable = False

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every long-lived client beside the start of a process."""
        planned = plan_sites(project, lifecycles, self.settings)
        for site in project.client_sites:
            call = _find_fork(project, site) if site.form in MODULE_FORMS else None
            if isinstance(planned.get(site), Fix):
                continue  # its connections will be those of the process that runs
            if call is None or not is_reported(project, lifecycles, site, self.settings):
                continue
            message = f"`{site.name}` may be open when a process is forked that uses it, too"
            detail = "a process is started here"
            yield self.diagnostic(
                site.anchor, message, Refusal(RefusalReason.REPORT_ONLY, detail, call.path, call.line)
            )


def _find_fork(project: Project, site: ClientSite) -> Call | None:
    """Return the call in the site's file that starts a process."""
    for call in project.calls_in(site.path, "fork", "Process", "Pool", "ProcessPoolExecutor"):
        if call.symbol is not None and call.symbol.name in _FORKS:
            return call
    return None
