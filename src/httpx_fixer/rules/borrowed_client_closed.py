from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import EntryPoint, Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._processes import is_reported


class BorrowedClientClosed(Rule):
    """Closing a client that others use.

    ## What it does
    Finds handlers and dependencies that close a client of a module.

    ## Why is this bad?
    The first request closes the client for all that follow: they fail with `RuntimeError: Cannot send a
    request, as the client has been closed.`

    ## Fix
    None yet: the place of the close is reported.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - REPORT_ONLY: always, in this version.

    ## References
    - https://www.python-httpx.org/async/#opening-and-closing-clients
    """

    code = "HXF109"
    name = "borrowed-client-closed"
    order = 40
    fixable = False

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every close of a module's client in code that runs per request."""
        for site in project.client_sites:
            if site.form is not BindingForm.MODULE or not is_reported(
                project, lifecycles, site, self.settings
            ):
                continue
            for call in _iter_closes(project, lifecycles, site):
                message = f"`{site.name}` is closed by one request while others use it"
                detail = f"`{site.name}` is made here, for the whole process"
                refusal = Refusal(RefusalReason.REPORT_ONLY, detail, site.path, site.line)
                yield self.diagnostic(call.anchor, message, refusal)


def _iter_closes(project: Project, lifecycles: Lifecycles, site: ClientSite) -> Iterator[Call]:
    for call in project.calls_named("aclose", "close", about=site.name):
        if call.receiver != Symbol(site.path, site.name) or not call.function:
            continue
        function = project.function(Symbol(call.path, call.function))
        if function is not None and isinstance(lifecycles.entry_point(function), EntryPoint):
            yield call
