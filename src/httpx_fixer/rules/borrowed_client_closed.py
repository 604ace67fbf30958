from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.facts import BorrowedClose, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Edit, Fix, InsertStatements, RemoveStatement, UnwrapWith
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._handlers import runs_per_request
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

    ## Fix safety
    Safe: something else closes the client, and exceptions pass as before. Requests that failed after
    the first one now succeed.

    ## Refused when
    - ONLY_CLOSE: nothing else closes the client, so that the close has to move to the lifespan.
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
            if site.form not in {BindingForm.MODULE, BindingForm.LAZY} or site.top_level:
                continue
            if not is_reported(project, lifecycles, site, self.settings):
                continue
            closes = project.kept.borrowed_closes(site)
            borrowed = [
                close
                for close in closes
                if runs_per_request(project, lifecycles, Symbol(close.path, close.function))
            ]
            is_owned = len(borrowed) < len(closes)
            for close in borrowed:
                verb = "closed" if not close.code else "entered, and so closed,"
                message = f"`{site.name}` is {verb} by one request while others use it"
                yield self.diagnostic(close.anchor, message, _plan(site, close, is_owned=is_owned))


def _plan(site: ClientSite, close: BorrowedClose, *, is_owned: bool) -> Fix | Refusal:
    if not is_owned:
        detail = f"nothing else closes `{site.name}`: close it where the application stops"
        return Refusal(RefusalReason.ONLY_CLOSE, detail, site.path, site.line)
    if close.obstacle:
        line = close.anchor.start.line
        return Refusal(RefusalReason.MIXED_WITH_MANUAL_CLOSE, close.obstacle, close.path, line)
    return Fix(f"leave `{site.name}` open for the others", tuple(_iter_edits(close)))


def _iter_edits(close: BorrowedClose) -> Iterator[Edit]:
    if close.item < 0:
        yield RemoveStatement(close.statement)
        return
    if close.target and close.target != close.code:
        yield InsertStatements(close.statement, "before", f"{close.target} = {close.code}")
    yield UnwrapWith(close.statement, close.item)
