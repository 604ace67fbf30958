from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.patterns import compile_later
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._processes import is_reported

_LIMITS = compile_later(r"[\w.]*\bLimits\((?P<given>[^*]*)\)")


class PartialLimits(Rule):
    """Limits that leave the number of connections open.

    ## What it does
    Finds `httpx.Limits(...)` without `max_connections`.

    ## Why is this bad?
    A field that is not given is no default of 100: it is None, and the pool has no cap.
    `Limits(max_keepalive_connections=20)` reads like fewer connections than usual and allows any
    number of them; a burst then runs out of file descriptors instead of waiting for its turn.

    ## Fix
    None: the cap is for the author to say. `max_connections=100` is what httpx takes without `limits=`.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - REPORT_ONLY: always.

    ## References
    - https://www.python-httpx.org/advanced/resource-limits/
    """

    code = "HXF205"
    name = "partial-limits"
    order = 64
    fixable = False
    stands_beside_refusals = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client whose limits have no cap."""
        for site in project.client_sites:
            if _has_no_cap(site) and is_reported(project, lifecycles, site, self.settings):
                given = site.spec.argument("limits")
                assert given is not None
                message = "`Limits` without `max_connections` allows any number of connections"
                detail = "the cap is for the author to say; 100 is in force without `limits=`"
                refusal = Refusal(RefusalReason.REPORT_ONLY, detail, site.path, given.line)
                yield self.diagnostic(site.anchor, message, refusal)


def _has_no_cap(site: ClientSite) -> bool:
    given = site.spec.argument("limits")
    found = _LIMITS.fullmatch(given.normal) if given is not None and not site.top_level else None
    return found is not None and "max_connections=" not in found["given"]
