from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.facts import BindingForm
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._processes import is_reported
from httpx_fixer.rules._values import uses_network

_FORMS = frozenset({BindingForm.LOCAL, BindingForm.CHAINED, BindingForm.DISCARDED})


class UnclosedLocalClient(Rule):
    """A local or chained client that is never closed.

    ## What it does
    Finds clients that a function builds for itself, in a variable, as an argument or right before
    a call (`AsyncClient().get(...)`), and does not close.

    ## Why is this bad?
    Every call leaves connections open until the garbage collector finds them; httpx says nothing.

    ## Fix
    None yet: the client is reported with the place where it is made.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - NO_CLOSE_YET: always, in this version.

    ## References
    - https://www.python-httpx.org/async/#opening-and-closing-clients
    """

    code = "HXF104"
    name = "unclosed-local-client"
    order = 22

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every such client that nothing closes."""
        for site in project.client_sites:
            if site.form not in _FORMS or site.top_level or not uses_network(site):
                continue
            if project.is_closed(site) or not is_reported(project, lifecycles, site, self.settings):
                continue
            message = f"`{site.spec.class_code}(...)` is kept in {site.form.value} and never closed"
            detail = "the close of this client is not added yet"
            refusal = Refusal(RefusalReason.NO_CLOSE_YET, detail, site.path, site.line)
            yield self.diagnostic(site.anchor, message, refusal)
