from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import MODULE_FORMS
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._unclosed import iter_unclosed


class UnclosedModuleClient(Rule):
    """A client of a module, a class or a lazily filled global that nothing closes.

    ## What it does
    Finds clients that are bound to a module variable, a class attribute or a global filled on first
    use, and that no code of the project closes.

    ## Why is this bad?
    Nothing ends their connections when the application stops, a second start of the application (as in
    tests) finds a client of a loop that is gone, and a program that forks may share their sockets.

    ## Fix
    None yet: the client is reported with the place where it is made.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - NO_CLOSE_YET: always, in this version.

    ## References
    - https://www.python-httpx.org/async/#opening-and-closing-clients
    """

    code = "HXF102"
    name = "unclosed-module-client"
    order = 20
    fixable = False

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every such client that nothing closes."""
        for site in iter_unclosed(project, lifecycles, self.settings, MODULE_FORMS):
            message = f"`{site.name}` is kept in {site.form.value} and never closed"
            detail = f"the lifespan that should close `{site.name}` is not extended yet"
            refusal = Refusal(RefusalReason.NO_CLOSE_YET, detail, site.path, site.line)
            yield self.diagnostic(site.anchor, message, refusal)
