from __future__ import annotations

import re
from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.patterns import compile_later
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._processes import is_reported
from httpx_fixer.rules._values import uses_network
from httpx_fixer.source import Anchor

_PHASES = ("connect", "read", "write", "pool")
_NONE = compile_later(r"(?:[\w.]*\bTimeout\()?(?:timeout=)?None\)?")
_PHASE = compile_later(r"\b(connect|read|write|pool|timeout)=None\b")
_TUPLE = compile_later(r"(?:[\w.]*\bTimeout\()?(?:timeout=)?\(([^()]*)\)\)?")


class DisabledTimeout(Rule):
    """A timeout that lets some phase of a request wait for ever.

    ## What it does
    Finds `timeout=None` on clients and on requests, `httpx.Timeout(...)` with a phase that is None, and
    tuples that leave phases out: `timeout=(5, 30)` bounds connecting and reading, neither writing nor
    the wait for a free connection.

    ## Why is this bad?
    An upstream that accepts a connection and never answers holds a connection, a task and whoever
    waits for it, until the process is restarted. Once all connections are held so, every other
    request waits with them.

    ## Fix
    None: how long is too long is for the author to say. A stream that may be silent for minutes wants
    `read=None`, and bounds the other phases.

    ## Fix safety
    Nothing is changed.

    ## Refused when
    - REPORT_ONLY: always.

    ## References
    - https://www.python-httpx.org/advanced/timeouts/
    """

    code = "HXF202"
    name = "disabled-timeout"
    order = 62
    fixable = False
    stands_beside_refusals = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client and request with a phase that is not bounded."""
        for site in project.client_sites:
            places = tuple(_iter_places(site)) if uses_network(project, site) else ()
            if not places or not is_reported(project, lifecycles, site, self.settings):
                continue
            for anchor, phases in places:
                message = f"nothing bounds how long a request may wait: {phases}"
                detail = "how long is too long is for the author to say"
                line = anchor.start.line
                yield self.diagnostic(
                    anchor, message, Refusal(RefusalReason.REPORT_ONLY, detail, site.path, line)
                )


def _iter_places(site: ClientSite) -> Iterator[tuple[Anchor, str]]:
    """Yield the calls that say such a timeout, each with the phases that it leaves open."""
    given = site.spec.argument("timeout")
    phases = _find_open_phases(given.normal) if given is not None else ""
    if phases:
        yield site.anchor, phases
    for request in site.usage.requests if site.usage is not None else ():
        phases = _find_open_phases(dict(request.arguments).get("timeout", ""))
        if phases:
            yield request.anchor, phases


def _find_open_phases(code: str) -> str:
    """Return the names of the phases that are not bounded, "" where all are or nothing is known."""
    if _NONE.fullmatch(code):
        return ", ".join(_PHASES)
    listed = _TUPLE.fullmatch(code)
    if listed is not None:
        values = [value.strip() for value in listed[1].split(",") if value.strip()]
        open_phases = [
            phase for index, phase in enumerate(_PHASES) if index >= len(values) or values[index] == "None"
        ]
        return ", ".join(open_phases)
    if not re.fullmatch(r"[\w.]*\bTimeout\(.*\)", code):
        return ""
    named = _PHASE.findall(code)
    bounded = set(re.findall(r"\b(connect|read|write|pool)=", code)) - set(named)
    if "timeout" in named or code.partition("(")[2].startswith("None"):
        return ", ".join(phase for phase in _PHASES if phase not in bounded)
    return ", ".join(phase for phase in _PHASES if phase in named)
