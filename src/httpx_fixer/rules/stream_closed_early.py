from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import StreamBlock, StreamSite
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Edit, EnsureImport, Fix, InsertStatements, ReplaceExpression, UnwrapWith
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._stream_edits import (
    OpenStream,
    begins_guard,
    find_clash,
    has_generics,
    iter_body_edits,
    iter_close_edits,
    write_generator,
)


class StreamClosedEarly(Rule):
    """A streamed body that is handed out of the block which closes it.

    ## What it does
    Finds a body that somebody reads after its response was closed: a response of a web framework
    (`StreamingResponse`, `EventSourceResponse`, `StreamingHttpResponse`, ...) that is given the body and
    returned from inside of `async with client.stream(...)`, of a `finally` that closes the response, or
    of the block of the client itself; and a bare iterator that is returned from such a block.

    ## Why is this bad?
    The status is sent, and then the body breaks off (`StreamClosed`, `ReadError`), every time.

    ## Fix
    Opens the response by `build_request` and `send(..., stream=True)` in place of the block, and puts the
    body into a generator that closes it in `finally`. The statements from there to the `return` go into
    `try:` with `except BaseException:`, which closes the response and raises again. A `return` that sends
    something else gets a close above it.

    ## Fix safety
    Safe: the request, what is raised before the `return`, and the status are the same; the body is sent.

    ## Refused when
    - CLOSED_EARLY: the client is closed by the same function, so it has to be shared first (see HXF101),
      or a `finally` closes the response, or the block is one of httpx-sse (`aconnect_sse`), which
      belongs into the generator that is sent.
    - REBOUND: the response is used outside of its block.
    - UNSUPPORTED_BINDING: the block enters something else as well, or the client is made by a call.
    - UNKNOWN_ARGUMENT: the arguments of `stream` are not all visible.
    - ESCAPES: the response or the bare iterator goes to somebody who cannot close it.
    - NAME_CLASH: every name for the generator is taken.

    ## References
    - https://www.python-httpx.org/async/#streaming-responses
    - https://www.starlette.io/responses/#streamingresponse
    """

    code = "HXF302"
    name = "stream-closed-early"
    order = 30

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:  # noqa: ARG002 - a stream needs no owner
        """Yield a diagnostic for every body that is read after its response was closed."""
        for block in project.streams.blocks:
            message = f"the body of `{block.shown}` is read after its block has closed it"
            yield self.diagnostic(block.anchor, message, _plan(project, block))
        for site in project.streams.sites:
            if site.ends_early and site.bodies:
                message = f"the body of `{site.shown}` is read after it was closed"
                yield self.diagnostic(site.anchor, message, _refuse(site))


def _refuse(site: StreamSite) -> Refusal:
    what = f"the block of `{site.receiver}`" if site.is_cut else "what stands around the `return`"
    detail = f"{what} closes the response before its body is sent"
    return Refusal(RefusalReason.CLOSED_EARLY, detail, site.path, site.ends_early)


def _plan(project: Project, block: StreamBlock) -> Fix | Refusal:
    for obstacle in block.obstacles:
        return Refusal(obstacle.reason, obstacle.detail, block.path, obstacle.line)
    clash = find_clash(block.bodies)
    if clash is not None:
        return clash
    assert block.cover is not None
    return Fix(f"close `{block.name}` when its body has been sent", tuple(_iter_edits(project, block)))


def _iter_edits(project: Project, block: StreamBlock) -> Iterator[Edit]:
    is_typed = block.is_typed and has_generics(project, block.path)
    stream = OpenStream(block.name, block.statement, block.cover, is_async=block.is_async, is_typed=is_typed)
    opening = block.opening
    for body in block.bodies:
        if body.is_closed or body.cover is not None or not begins_guard(body, block.cover):
            yield from iter_body_edits(body, stream)
            continue
        # The generator stands above the guard, and so below what opens the response.
        edits = tuple(iter_body_edits(body, stream))
        yield from (edit for edit in edits if isinstance(edit, EnsureImport | ReplaceExpression))
        opening += f"\n{write_generator(body, stream)}\n"
    yield InsertStatements(block.statement, "above", opening)
    yield UnwrapWith(block.statement, 0)
    assert block.cover is not None
    yield from iter_close_edits(block.name, block.cover, is_async=block.is_async)
