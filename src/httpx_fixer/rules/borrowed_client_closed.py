from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from httpx_fixer.analysis.facts import BorrowedClose, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Edit, Fix, InsertStatements, RemoveStatement, UnwrapWith
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._handlers import SHARED_FORMS, runs_per_request
from httpx_fixer.rules._planning import plan_sites
from httpx_fixer.rules._processes import is_reported


class BorrowedClientClosed(Rule):
    """Closing a client that others use.

    ## What it does
    Finds handlers, dependencies and functions that they call which close or enter a client that a
    module keeps for all: `async with get_client() as client:`, `finally: await client.aclose()`.

    ## Why is this bad?
    The first request closes the client for all that follow: they fail with `RuntimeError: Cannot send a
    request, as the client has been closed.` Two requests that enter it at once fail, too.

    ## Fix
    Takes the close away: the statement, the `finally` that holds nothing else, or the `with` around its
    body. The code that closes the client when the application stops stays as it is.

    Where requests alone close it, `lasting_http_client(...)` of the generated module stands in the place
    of its class as well: its connections are those that the application opens and closes (HXF102).

    ## Fix safety
    Safe: something else closes the client or its connections, and exceptions pass as before. Requests
    that failed after the first one now succeed.

    ## Refused when
    - ONLY_CLOSE: nothing else closes the client, and the application cannot own its connections.
    - MIXED_WITH_MANUAL_CLOSE: the close is part of a larger expression or statement, or stands alone in
      a block.

    ## References
    - https://www.python-httpx.org/async/#opening-and-closing-clients
    """

    code = "HXF109"
    name = "borrowed-client-closed"
    order = 40

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every close of a module's client in code that runs per request."""
        for site in project.client_sites:
            if site.form not in SHARED_FORMS or site.top_level:
                continue
            if not is_reported(project, lifecycles, site, self.settings):
                continue
            closes = project.kept.borrowed_closes(site)
            borrowed = [
                close
                for close in closes
                if runs_per_request(project, lifecycles, Symbol(close.path, close.function))
            ]
            owner = self._find_owner(project, lifecycles, site) if len(borrowed) == len(closes) else None
            for close in borrowed:
                verb = "closed" if not close.code else "entered, and so closed,"
                message = f"`{site.name}` is {verb} by one request while others use it"
                yield self.diagnostic(close.anchor, message, _plan(site, close, owner))

    def _find_owner(self, project: Project, lifecycles: Lifecycles, site: ClientSite) -> Fix | Refusal:
        """Return the fix that gives a client which requests alone close to the process."""
        planned = plan_sites(project, lifecycles, self.settings).get(site)
        if isinstance(planned, Fix):
            return planned
        detail = f"nothing else closes `{site.name}`: close it where the application stops"
        if planned is None:
            return Refusal(RefusalReason.ONLY_CLOSE, detail, site.path, site.line)
        return replace(planned, reason=RefusalReason.ONLY_CLOSE, detail=f"{detail} ({planned.detail})")


def _plan(site: ClientSite, close: BorrowedClose, owner: Fix | Refusal | None) -> Fix | Refusal:
    """Return the edits that take a close away, with those for an `owner` where there is none as yet."""
    if isinstance(owner, Refusal):
        return owner
    if close.obstacle:
        line = close.anchor.start.line
        return Refusal(RefusalReason.MIXED_WITH_MANUAL_CLOSE, close.obstacle, close.path, line)
    edits = tuple(_iter_edits(close))
    if owner is None:
        return Fix(f"leave `{site.name}` open for the others", edits)
    title = f"{owner.title}, and leave `{site.name}` open for the others"
    return replace(owner, title=title, edits=(*owner.edits, *edits))


def _iter_edits(close: BorrowedClose) -> Iterator[Edit]:
    if close.item < 0:
        yield RemoveStatement(close.statement)
        return
    if close.target and close.target != close.code:
        yield InsertStatements(close.statement, "before", f"{close.target} = {close.code}")
    yield UnwrapWith(close.statement, close.item)
