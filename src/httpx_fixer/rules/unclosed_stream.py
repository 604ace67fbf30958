from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import CloseBelow, ExtendTry, StreamCover, StreamSite, WrapUses
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import AddToFinally, Edit, Fix, InsertStatements, RemoveStatement, WrapRest
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule


class UnclosedStream(Rule):
    """A streamed response that some path does not close.

    ## What it does
    Finds `send(..., stream=True)` of an httpx client whose response is not closed on every path: by
    an early return, a `break`, or an exception in any statement between the call and the close.
    What counts as closed: `aclose()`/`close()`, `contextlib.aclosing`/`closing`, a callback of an exit
    stack, and a body that is read to its end (`aread()`, `[line async for line in r.aiter_lines()]`).
    Statements that cannot raise, such as `count = 0` or `status = r.status_code`, may stand between.

    ## Why is this bad?
    An unread body keeps its connection until the process ends, garbage collection or not. The pool
    (`max_connections`) runs dry, and callers wait up to `pool` seconds for `PoolTimeout`. A client
    built for one request hides this, since its end cuts the connection; a shared client does not.

    ## Fix
    Puts the statements from the one after the call to the last that uses the response into `try:`,
    and `await response.aclose()` (`response.close()`) into `finally:`. A `try` that stands there
    already is extended; a response that nothing uses is closed in the next line. A plain close at the
    end of the covered statements moves into the `finally`; other closes stay, a second one is silent.

    ## Fix safety
    Safe: the added close runs after everything that uses the response, on every path, and a response
    that was read to its end is closed already. A body that nobody reads costs its connection, where
    it cost a place in the pool before.

    ## Refused when
    - DYNAMIC_ARGUMENT: `stream=` is not a literal, so the response may not be a streamed one.
    - UNSUPPORTED_BINDING: the response is bound to no name, by `:=`, to several, or by a task.
    - ESCAPES: the response or the iterator of its body is returned, yielded, stored, captured or passed
      on; somebody else reads and closes it.
    - REBOUND: the name is assigned again while the response may be open, or is used outside of the
      block that sends, where it may hold something else.

    ## References
    - https://www.python-httpx.org/async/#streaming-responses
    - https://www.python-httpx.org/quickstart/#streaming-responses
    """

    code = "HXF301"
    name = "unclosed-stream"

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:  # noqa: ARG002 - a stream needs no owner
        """Yield a diagnostic for every streamed response that some path leaves open."""
        for site in project.stream_sites:
            if not site.closed_on_every_path:
                yield self.diagnostic(site.anchor, _message(site), _plan_close(site))


def _message(site: StreamSite) -> str:
    subject = f"the response of `{site.receiver}.send(..., stream={site.stream})`"
    if any(obstacle.reason is RefusalReason.ESCAPES for obstacle in site.obstacles[:1]):
        return f"{subject} is handed on open; whoever takes it has to close it"
    if site.is_cut:
        return f"{subject} is not closed on every path; it is cut where the block of `{site.receiver}` ends"
    return f"{subject} is not closed on every path"


def _plan_close(site: StreamSite) -> Fix | Refusal:
    for obstacle in site.obstacles:
        return Refusal(obstacle.reason, obstacle.detail, site.path, obstacle.line)
    assert site.cover is not None
    close = f"await {site.name}.aclose()" if site.is_async else f"{site.name}.close()"
    return Fix(f"Close `{site.name}` on every path", tuple(_iter_edits(site.cover, site.name, close)))


def _iter_edits(cover: StreamCover, name: str, close: str) -> Iterator[Edit]:
    match cover:
        case WrapUses():
            guarded = f"if {name} is not None:\n        {close}" if cover.may_be_none else close
            yield WrapRest(cover.first, cover.last, footer=f"finally:\n    {guarded}")
        case ExtendTry():
            yield AddToFinally(cover.anchor, close)
        case CloseBelow():
            yield InsertStatements(cover.anchor, "after", close)
    if cover.dropped is not None:
        yield RemoveStatement(cover.dropped)
