from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._processes import is_reported


class TopLevelRequest(Rule):
    """A request through `httpx.get(...)` and its kin: a client per call.

    ## What it does
    Finds calls of the functions of the package that send a request.

    ## Why is this bad?
    Each builds a client, with a TLS context of 20 ms, opens a connection and closes both.

    ## Fix
    None yet: the call is reported.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - UNSUPPORTED_BINDING: always, in this version.

    ## References
    - https://www.python-httpx.org/advanced/clients/#why-use-a-client
    """

    code = "HXF105"
    name = "top-level-request"
    order = 30

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every request that brings a client of its own."""
        for site in project.client_sites:
            if site.top_level and site.function and is_reported(project, lifecycles, site, self.settings):
                message = f"`{site.spec.class_code}(...)` builds and closes a client for one request"
                detail = "a function of the package is called, and no client of the process is in reach yet"
                refusal = Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
                yield self.diagnostic(site.anchor, message, refusal)
