"""Every handler of a case whose fix closes a proxied body: its client goes away, under two ASGI versions."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from exit_runs import LIMITS, TLS, BoomError, Half, Rerouted, count_open, traced
from fixed_functions import FIXED, Fixed, call_function, sources_of
from slow_upstream import SlowUpstream
from starlette.requests import ClientDisconnect

ROUNDS = 3
"""One more than the connections of the pool."""
GRACE_TURNS = 20
"""It takes uvicorn a moment to see who went away, and its response one more to be cancelled."""
NO_HANDLERS = {
    "stream-closed-early/sync-client:watch": "a view of Django",
    "unclosed-proxied-stream/sync-client:watch": "a view of Django",
    "unclosed-proxied-stream/chat-proxies:ChatProxy._iterate": "a generator, and not a handler",
    "unclosed-proxied-stream/chat-proxies:ChatProxy.iterate_lines": "a generator, and not a handler",
    "unclosed-proxied-stream/chat-proxies:ChatProxy.open": "it returns the response of the upstream",
    "unclosed-proxied-stream/generator-of-the-module:Relay._iterate": "a generator, and not a handler",
    "unclosed-proxied-stream/generator-of-the-module:iterate_chunks": "a generator, and not a handler",
}
"""Functions that return no ASGI response: {function: what they are}."""
HANDLERS = [
    fixed
    for fixed in FIXED
    if fixed.case.rule in {"stream-closed-early", "unclosed-proxied-stream"}
    if repr(fixed) not in NO_HANDLERS
]
Message = MutableMapping[str, Any]
each_handler = pytest.mark.parametrize("fixed", HANDLERS, ids=repr)


@pytest.fixture(scope="module")
def upstream() -> Iterator[SlowUpstream]:
    with SlowUpstream() as server:
        yield server


class App:
    """Serves one half of a handler over a pool of two connections, whose upstream has one path."""

    def __init__(self, fixed: Fixed, half: Half, directory: Path, url: str, path: str) -> None:
        self.fixed, self.directory = fixed, directory
        self.names = half.load()
        transport = Rerouted(url, path, limits=LIMITS, verify=TLS)
        times = httpx.Timeout(5, read=0.05, pool=0.5)
        self.client = httpx.AsyncClient(transport=transport, base_url=url, timeout=times, trust_env=False)

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        response = await call_function(self.fixed, self.names, self.client, self.directory)
        await response(scope, receive, send)

    async def stop(self) -> int:
        """Return how many connections are lost, once what is under way has ended, and close them."""
        for _ in range(GRACE_TURNS):
            if not count_open(self.client):
                break
            await asyncio.sleep(0.02)
        lost = count_open(self.client)
        await self.client.aclose()
        return lost


@contextlib.asynccontextmanager
async def _serve(app: App) -> AsyncIterator[int]:
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            await serving


def _run(app: App, use: Callable[[int], Awaitable[object]]) -> tuple[list[object], int]:
    """Return what came of the rounds against uvicorn, and how many connections are lost then."""

    async def run() -> tuple[list[object], int]:
        async with _serve(app) as port:
            results = [await use(port) for _ in range(ROUNDS)]
            return results, await app.stop()

    return asyncio.run(run())


async def _read_all(port: int) -> object:
    async with httpx.AsyncClient(trust_env=False, timeout=0.5) as client:
        try:
            response = await client.get(f"http://127.0.0.1:{port}/")
        except httpx.TransportError:
            return "broken"
        return response.status_code, response.content


async def _read_some(port: int) -> object:
    """Go away after the first bytes of the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(4)
    except asyncio.IncompleteReadError:
        return "broken"
    finally:
        writer.close()
    await asyncio.sleep(0.05)  # uvicorn sees the end of the connection, and the response is cancelled
    return head.split()[1]


def _drive(
    app: App, around: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext
) -> tuple[list[object], int]:
    """Let `send` fail after the first part of the body, as a server of ASGI 2.4 does."""

    async def run() -> tuple[list[object], int]:
        results = []
        for _ in range(ROUNDS):
            with around():
                results.append(await _drive_once(app))
        return results, await app.stop()

    return asyncio.run(run())


async def _drive_once(app: App) -> object:
    kinds: list[str] = []

    async def receive() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: Message) -> None:
        kinds.append(message["type"])
        if kinds.count("http.response.body") > 1:
            raise OSError

    scope = {"type": "http", "path": "/", "asgi": {"version": "3.0", "spec_version": "2.4"}}
    try:
        await app({**scope, "method": "GET", "headers": []}, receive, send)
    except (ClientDisconnect, OSError):
        pass
    except (Exception, BaseExceptionGroup) as error:
        return type(error).__name__
    await asyncio.sleep(0.05)  # the generator is collected, and closed by the loop
    return kinds[:2]


def _make(fixed: Fixed, half: int, directory: Path, upstream: SlowUpstream, path: str) -> App:
    """Serve the old half of a case (0) or the new one (1)."""
    return App(fixed, Half(sources_of(fixed.case)[half]), directory, upstream.url, path)


@each_handler
def test_bytes_are_the_same(fixed: Fixed, upstream: SlowUpstream, tmp_path: Path) -> None:
    before, lost_before = _run(_make(fixed, 0, tmp_path, upstream, "/slow"), _read_all)
    after, lost = _run(_make(fixed, 1, tmp_path, upstream, "/slow"), _read_all)
    assert (lost_before, lost) == (0, 0)
    if fixed.case.rule == "stream-closed-early":
        assert before == ["broken"] * ROUNDS
        assert "broken" not in after
    else:
        assert "broken" not in before
        assert after == before


@each_handler
def test_client_that_goes_away(fixed: Fixed, upstream: SlowUpstream, tmp_path: Path) -> None:
    after = _run(_make(fixed, 1, tmp_path, upstream, "/endless"), _read_some)
    assert after == ([b"200"] * ROUNDS, 0)


@each_handler
def test_send_that_fails(fixed: Fixed, upstream: SlowUpstream, tmp_path: Path) -> None:
    sent = ["http.response.start", "http.response.body"]
    assert _drive(_make(fixed, 1, tmp_path, upstream, "/endless")) == ([sent] * ROUNDS, 0)


@each_handler
def test_upstream_that_falls_silent(fixed: Fixed, upstream: SlowUpstream, tmp_path: Path) -> None:
    after = _run(_make(fixed, 1, tmp_path, upstream, "/stalled"), _read_all)
    assert after == (["broken"] * ROUNDS, 0)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "fixed", [one for one in HANDLERS if one.case.rule == "unclosed-proxied-stream"], ids=repr
)
def test_an_exception_starves_the_old_pool(fixed: Fixed, upstream: SlowUpstream, tmp_path: Path) -> None:
    """Some statement that raises, each time, leaves no connection for the third request."""
    half = Half(sources_of(fixed.case)[0])
    for at in range(1, 30):
        app = _make(fixed, 0, tmp_path, upstream, "/slow")
        results, lost = _drive(app, lambda at=at: traced(half.plan(at, BoomError)))  # type: ignore[misc]  # a bound value
        if results[-1] == "PoolTimeout":
            assert (results[:-1], lost) == (["BoomError"] * 2, 2)
            return
    raise AssertionError("no exception starves the pool")
