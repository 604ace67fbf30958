from __future__ import annotations

import re
from collections.abc import Iterator

from httpx_fixer.analysis.facts import Call
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._processes import is_reported

_FORMS = frozenset({BindingForm.MODULE, BindingForm.LAZY})
_RATIO = 10
"""A call that may take ten times as long as another one can hold what the other one waits for."""


class MixedUpstreamClient(Rule):
    """One client for upstreams whose patience differs much.

    ## What it does
    Finds clients of a module whose calls go to several hosts, written out in their URLs, with timeouts
    that differ tenfold or more: those of the calls, else that of the client.

    ## Why is this bad?
    The slow upstream holds all connections of the pool, and requests to the fast one fail with
    `PoolTimeout` though nothing is wrong with it.

    ## Fix
    None: which upstreams belong together is a decision of design. Give the slow one a client of its own.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - REPORT_ONLY: always.

    ## References
    - https://www.python-httpx.org/advanced/resource-limits/
    """

    code = "HXF111"
    name = "mixed-upstream-client"
    order = 70
    fixable = False
    stands_beside_refusals = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client of a module that serves slow and fast upstreams."""
        for site in project.client_sites:
            slowest = _find_slowest(project, site) if site.form in _FORMS else None
            if slowest is None or not is_reported(project, lifecycles, site, self.settings):
                continue
            message = f"`{site.name}` serves upstreams whose timeouts differ tenfold or more"
            detail = "this call may hold connections that others wait for"
            refusal = Refusal(RefusalReason.REPORT_ONLY, detail, slowest.path, slowest.line)
            yield self.diagnostic(site.anchor, message, refusal)


def _find_slowest(project: Project, site: ClientSite) -> Call | None:
    """Return the call with the longest timeout, where another host's is a tenth of it or less."""
    own = site.spec.argument("timeout")
    default = None if own is None else _read_seconds(own.code)
    found: list[tuple[float, str, Call]] = []
    for call, _ in project.kept.requests(site):
        given = call.argument("timeout")
        seconds = default if given is None else _read_seconds(given.code)
        host = _host_of(call)
        if seconds is not None and host:
            found.append((seconds, host, call))
    if not found:
        return None
    longest, host, slowest = max(found, key=lambda one: (one[0], one[1], one[2].anchor))
    return slowest if any(s * _RATIO <= longest and h != host for s, h, _ in found) else None


def _read_seconds(code: str) -> float | None:
    """Return how long a timeout lets an answer take: `20`, `Timeout(20)`, `Timeout(5, read=20)`."""
    inner = re.fullmatch(r"(?:\w+\.)?Timeout\((.*)\)", code, re.DOTALL)
    text = code if inner is None else inner[1]
    read = re.search(r"\bread=(\d+(?:\.\d+)?)\b", text) if inner is not None else None
    first = read or re.match(
        r"(?:timeout=)?(\d+(?:\.\d+)?)\s*(?:,|$)" if inner else r"(\d+(?:\.\d+)?)$", text.strip()
    )
    return float(first[1]) if first is not None else None


def _host_of(call: Call) -> str:
    """Return the host of a literal URL, "" where it is not written out."""
    texts = (argument.code for argument in call.arguments if argument.name in {"", "url"})
    found = next((match for text in texts if (match := re.search(r"://([\w.-]+)", text))), None)
    return found[1] if found is not None else ""
