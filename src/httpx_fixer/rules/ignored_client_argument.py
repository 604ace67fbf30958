from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite, SpecArgument
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._processes import is_reported
from httpx_fixer.rules._values import uses_network

_OF_THE_TRANSPORT = frozenset({"cert", "http1", "http2", "limits", "verify"})
"""What httpx 0.28.1 and httpx2 hand to the transports that they build, and to no other (FACTS A13)."""


class IgnoredClientArgument(Rule):
    """An argument that a client with a transport of its own never looks at.

    ## What it does
    Finds `limits`, `verify`, `cert`, `http1` and `http2` beside `transport=`.

    ## Why is this bad?
    They belong to the transport that a client builds for itself. With one that is handed in they are
    dropped without a word: `verify=False` goes on verifying, `limits=` leaves 100 connections in force.

    ## Fix
    None: whether the argument is meant, and belongs on the transport, or is left over, is for the
    author to say.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - REPORT_ONLY: always.

    ## References
    - https://www.python-httpx.org/advanced/transports/
    """

    code = "HXF204"
    name = "ignored-client-argument"
    order = 63
    fixable = False
    stands_beside_refusals = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client that is given something which it ignores."""
        for site in project.client_sites:
            ignored = _find_ignored(project, site)
            if not ignored or not is_reported(project, lifecycles, site, self.settings):
                continue
            names = ", ".join(f"`{argument.name}=`" for argument in ignored)
            message = f"{names} beside `transport=` has no effect"
            detail = "whether it belongs on the transport or is left over is for the author to say"
            refusal = Refusal(RefusalReason.REPORT_ONLY, detail, site.path, ignored[0].line)
            yield self.diagnostic(site.anchor, message, refusal)


def _find_ignored(project: Project, site: ClientSite) -> tuple[SpecArgument, ...]:
    """Return the arguments without effect; those of a client with `proxy=` reach the proxy's pool."""
    transport = site.spec.argument("transport")
    if site.top_level or not uses_network(project, site) or transport is None or transport.normal == "None":
        return ()
    if site.spec.argument("proxy") is not None or site.spec.argument("proxies") is not None:
        return ()
    return tuple(argument for argument in site.spec.arguments if argument.name in _OF_THE_TRANSPORT)
