from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import EntryBlock, StreamEntry
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.fix import Applicability, Edit, Fix, RemoveStatement, ReplaceExpression, WrapRest
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._stream_edits import iter_close_edits


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
    Where `__aenter__` is called by hand, the statements that use the response go into
    `async with manager as response:`, and the calls of both methods go. Where an exit stands in a
    `finally` or a handler already, `finally: await response.aclose()` is put around what it misses.
    One that is used as if it were a response is entered by `async with` around these uses.

    ## Fix safety
    Safe: without an exception the same calls run in the same order. Unsafe for a `stream` that was never
    entered: the code raised there, and sends its request now.

    ## Refused when
    - REPORT_ONLY: it is never entered, and nothing says what the request is for.
    - STREAM_LEFT_OPEN: it is entered by hand, its response has no name of its own, and no `finally`
      exits it.
    - CLOSED_EARLY: the response is returned and its manager is not, which closes it when it is collected.
    - ESCAPES: the response goes to somebody else, who may use it longer than the function.
    - REBOUND: the response is used where its name may hold something else.
    - UNSUPPORTED_BINDING: the response is bound by `:=` inside of a larger statement.

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
    if entry.obstacle is not None:
        return Refusal(entry.obstacle.reason, entry.obstacle.detail, entry.path, entry.obstacle.line)
    title = f"enter `{entry.callee}(...)` by a `with` statement"
    if entry.block is None:
        assert entry.cover is not None
        edits = tuple(iter_close_edits(entry.name, entry.cover, is_async=entry.is_async))
        return Fix(f"close `{entry.name}` on every path", edits)
    edits = tuple(_iter_block_edits(entry.block))
    if entry.is_entered:
        return Fix(title, edits)
    because = "it raises where it is used today, and would send its request"
    return Fix(title, edits, Applicability.UNSAFE, unsafe_because=because)


def _iter_block_edits(block: EntryBlock) -> Iterator[Edit]:
    for anchor in block.removed:
        yield RemoveStatement(anchor)
    if block.replaced is not None:
        yield ReplaceExpression(block.replaced.anchor, block.replaced.code)
    yield WrapRest(block.first, block.last, "", block.header)
