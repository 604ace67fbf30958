from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import EntryPair, StreamEntry
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Fix, RemoveStatement, WrapRest
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule


class StreamNotEntered(Rule):
    """A `stream(...)` that is entered by hand, or never.

    ## What it does
    Finds `client.stream(...)` and `httpx.stream(...)` whose context manager no `with` statement enters:
    one that is awaited, iterated or dropped, and one whose `__aenter__` or `__enter__` is called by hand
    while its counterpart does not run on every path. A context manager that is returned, passed on or
    given to an exit stack is somebody else's to enter.

    ## Why is this bad?
    A `stream(...)` that is not entered sends no request, or raises. One that is entered by hand and not
    left keeps its connection for as long as anything holds the context manager.

    ## Fix
    Where `__aenter__` and `__aexit__` stand in one block, the statements between them go into
    `async with manager as response:`, and both calls go.

    ## Fix safety
    Safe: without an exception the same calls run in the same order.

    ## Refused when
    - REPORT_ONLY: it is never entered, and nothing says what the request is for.
    - STREAM_LEFT_OPEN: it is entered by hand and left nowhere, or not in the same block.

    ## References
    - https://www.python-httpx.org/quickstart/#streaming-responses
    """

    code = "HXF303"
    name = "stream-not-entered"

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:  # noqa: ARG002 - a stream needs no owner
        """Yield a diagnostic for every stream that no `with` statement enters."""
        for entry in project.streams.entries:
            what = "is entered by hand" if entry.is_entered else "is never entered"
            yield self.diagnostic(entry.anchor, f"`{entry.callee}(...)` {what}", _plan(entry))


def _plan(entry: StreamEntry) -> Fix | Refusal:
    line = entry.anchor.start.line
    if not entry.is_entered:
        detail = "no request is sent; nothing says what it is for"
        return Refusal(RefusalReason.REPORT_ONLY, detail, entry.path, line)
    if entry.pair is None:
        detail = "an exit runs on some paths only" if entry.is_left else "nothing exits it"
        return Refusal(RefusalReason.STREAM_LEFT_OPEN, detail, entry.path, line)
    return _enter_by_with(entry.pair)


def _enter_by_with(pair: EntryPair) -> Fix:
    header = f"{'async ' if pair.is_async else ''}with {pair.manager} as {pair.response}:"
    edits = (
        RemoveStatement(pair.enter),
        RemoveStatement(pair.leave),
        WrapRest(pair.first, pair.last, "", header),
    )
    return Fix(f"enter `{pair.manager}` by a `with` statement", edits)
