from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._unclosed import iter_unclosed


class UnclosedInstanceClient(Rule):
    """A client that is kept on an instance and that nothing closes.

    ## What it does
    Finds clients that are assigned to an attribute of an object and that its module never closes.

    ## Why is this bad?
    Each object that is dropped leaves its connections open until they are collected, and the TLS
    context of each costs 20 ms to build.

    ## Fix
    None yet: the client is reported with the place where it is made.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - NO_CLOSE_YET: always, in this version.

    ## References
    - https://www.python-httpx.org/async/#opening-and-closing-clients
    """

    code = "HXF103"
    name = "unclosed-instance-client"
    order = 21
    fixable = False

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every such client that nothing closes."""
        for site in iter_unclosed(project, lifecycles, self.settings, frozenset({BindingForm.INSTANCE})):
            message = f"`{site.name}` holds a client that nothing closes"
            detail = f"whoever owns the object does not close `{site.name}` yet"
            refusal = Refusal(RefusalReason.NO_CLOSE_YET, detail, site.path, site.line)
            yield self.diagnostic(site.anchor, message, refusal)
