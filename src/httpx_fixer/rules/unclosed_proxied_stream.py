from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import StreamSite
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.fix import Edit, Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._stream_edits import (
    OpenStream,
    find_clash,
    has_generics,
    iter_body_edits,
    iter_close_edits,
)


class UnclosedProxiedStream(Rule):
    """A streamed body that is passed through to a client, and that some end of it leaves open.

    ## What it does
    Finds `send(..., stream=True)` whose body is given to a response that a web framework sends later:
    `StreamingResponse(upstream.aiter_raw())` of Starlette and FastAPI, `EventSourceResponse`, Django's
    `StreamingHttpResponse`, Litestar's `Stream`, the `ResponseStream` of Sanic, and a `Response` of Quart,
    Flask or aiohttp. It is reported where an exception before the response is handed over, or a client
    that goes away in the middle of the body, leaves the upstream's response open.

    ## Why is this bad?
    The upstream's connection stays with the response. A few clients that go away take the whole pool
    (`max_connections`), and every later request waits up to `pool` seconds for `PoolTimeout`. A
    `background=BackgroundTask(upstream.aclose)` runs after a disconnect only on servers that announce
    ASGI 2.3 or lower, and never where an exception comes before the response.

    ## Fix
    Puts the body into a generator that closes the response in `finally`, and the statements from the
    call to the `return` into `try:` with `except BaseException:`, which closes it and raises again. An
    iterator that a variable holds, of which a first part may have been read, goes into that generator, too.
    A generator that is there already gets the `finally`, where one that is given an `EventSource` of
    httpx-sse closes `source.response`, and so does the function that writes the body for Sanic, with
    `asyncio.shield`: Sanic cancels it twice. A `background=` that is there stays: the second close is
    silent. A `return` that sends something else gets a close above it.

    ## Fix safety
    Safe: the same bytes are sent in the same order, and the close comes after the last of them.

    ## Refused when
    - NAME_CLASH: every name for the generator is taken.
    - UNSUPPORTED_BINDING: the response is bound by `:=` or by a coroutine that is not awaited there, or its
      generator closes it in a `try:` whose `except` sees what the close raises.
    - ESCAPES: the response is passed to something else as well, which may keep it, or its generator is
      used by others, too.
    - REBOUND: the name may hold something else where the close would stand.

    ## References
    - https://www.starlette.io/responses/#streamingresponse
    - https://www.python-httpx.org/async/#streaming-responses
    """

    code = "HXF304"
    name = "unclosed-proxied-stream"
    order = 40

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:  # noqa: ARG002 - a stream needs no owner
        """Yield a diagnostic for every response whose body a framework sends and may leave open."""
        for site in project.streams.sites:
            if site.bodies and not _is_safe(site):
                yield self.diagnostic(site.anchor, _message(site), _plan(project, site))


def _is_safe(site: StreamSite) -> bool:
    return site.closed_on_every_path and all(body.is_closed for body in site.bodies)


def _message(site: StreamSite) -> str:
    subject = f"the response of `{site.shown}`"
    open_body = next((body for body in site.bodies if not body.is_closed), None)
    if open_body is None:
        return f"{subject} stays open where an exception comes before `{site.bodies[0].responder}` has it"
    return f"{subject} stays open where the client of `{open_body.responder}` goes away"


def _plan(project: Project, site: StreamSite) -> Fix | Refusal:
    obstacles = [*site.obstacles, *(obstacle for body in site.bodies for obstacle in body.obstacles)]
    for obstacle in obstacles:
        return Refusal(obstacle.reason, obstacle.detail, site.path, obstacle.line)
    clash = find_clash(site.bodies)
    if clash is not None:
        return clash
    is_typed = site.is_typed and has_generics(project, site.path)
    stream = OpenStream(site.name, site.statement, site.cover, is_async=site.is_async, is_typed=is_typed)
    edits: list[Edit] = []
    if site.cover is not None:
        edits += iter_close_edits(site.name, site.cover, is_async=site.is_async)
    for body in site.bodies:
        edits += iter_body_edits(body, stream)
    return Fix(f"close `{site.name}` when its body has been sent", tuple(edits))
