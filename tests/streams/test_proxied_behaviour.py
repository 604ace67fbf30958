"""Handlers that pass a body through, under uvicorn and driven by hand, with a pool of two connections."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import httpx
import pytest
import uvicorn
from proxy_programs import BROKEN, PROXIES, Proxy
from slow_upstream import CHUNKS, SlowUpstream
from starlette.requests import ClientDisconnect
from stream_rewriting import apply_fixes, find_diagnostics

from httpx_fixer.rules.stream_closed_early import StreamClosedEarly
from httpx_fixer.rules.unclosed_proxied_stream import UnclosedProxiedStream

ROUNDS = 3
"""One more than the connections of the pool."""

Message = MutableMapping[str, Any]
each_proxy = pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: proxy.name)


class StepError(Exception):
    """What a statement raises that was told to."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[SlowUpstream]:
    with SlowUpstream() as server:
        yield server


class App:
    """Serves `/slow`, `/endless` and `/exception` by the handler of a program, and counts what is free."""

    def __init__(self, source: str, url: str) -> None:
        namespace: dict[str, Any] = {}
        exec(compile(source, "app", "exec"), namespace)
        self.handle = namespace["handle"]
        self.url = url
        self.client = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=2), timeout=httpx.Timeout(5, pool=0.1), trust_env=False
        )

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        kind = scope["path"].strip("/")
        response = await self.handle(self.client, self._upstream(kind), lambda: _fail(kind))
        await response(scope, receive, send)

    def _upstream(self, kind: str) -> str:
        return f"{self.url}/{'slow' if kind == 'exception' else kind}"

    async def is_free(self) -> bool:
        """Answer whether a plain request still finds a connection."""
        try:
            return (await self.client.get(f"{self.url}/short")).status_code == 200
        except httpx.PoolTimeout:
            return False


def _fail(kind: str) -> None:
    if kind == "exception":
        raise StepError


async def _serve(app: App, use: Callable[[int], Awaitable[object]]) -> list[object]:
    """Run the rounds against uvicorn; the last item tells whether the pool is free after them."""
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        results = [await use(listening.getsockname()[1]) for _ in range(ROUNDS)]
        results.append(await app.is_free())
        server.should_exit = server.force_exit = True
        await serving
    await app.client.aclose()
    return results


async def _read_all(port: int, path: str) -> object:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"http://127.0.0.1:{port}/{path}")
        return response.status_code, response.content


async def _read_some(port: int, path: str) -> object:
    """Go away after the first bytes of the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(4)
    writer.close()
    await asyncio.sleep(0.05)  # uvicorn sees the end of the connection, and the response is cancelled
    return head.split()[1]


def _run(source: str, url: str, use: Callable[[int], Awaitable[object]]) -> list[object]:
    async def run() -> list[object]:
        return await _serve(App(source, url), use)

    return asyncio.run(run())


def _fix(source: str) -> str:
    return apply_fixes(source, UnclosedProxiedStream)


@each_proxy
def test_bytes_are_the_same(proxy: Proxy, upstream: SlowUpstream) -> None:
    before = _run(proxy.source, upstream.url, lambda port: _read_all(port, "slow"))
    assert before[-1] is True
    assert before[0][0] == 200  # type: ignore[index]  # a status and a body
    assert _run(_fix(proxy.source), upstream.url, lambda port: _read_all(port, "slow")) == before


@each_proxy
def test_exception_before_the_response(proxy: Proxy, upstream: SlowUpstream) -> None:
    before = _run(proxy.source, upstream.url, lambda port: _read_all(port, "exception"))
    assert before[-1] is ("exception" not in proxy.leaks)
    after = _run(_fix(proxy.source), upstream.url, lambda port: _read_all(port, "exception"))
    assert after == [before[0]] * ROUNDS + [True]


@each_proxy
def test_client_that_goes_away(proxy: Proxy, upstream: SlowUpstream) -> None:
    before = _run(proxy.source, upstream.url, lambda port: _read_some(port, "endless"))
    assert before[-1] is ("disconnect" not in proxy.leaks)
    after = _run(_fix(proxy.source), upstream.url, lambda port: _read_some(port, "endless"))
    assert after == [before[0]] * ROUNDS + [True]


@each_proxy
def test_send_that_fails(proxy: Proxy, upstream: SlowUpstream) -> None:
    """A server of ASGI 2.4 tells of a client that went away by an `OSError` of `send`."""

    async def run() -> bool:
        app = App(_fix(proxy.source), upstream.url)
        for _ in range(ROUNDS):
            await _drive(app)
        free = await app.is_free()
        await app.client.aclose()
        return free

    assert asyncio.run(run())


async def _drive(app: App) -> None:
    bodies = 0

    async def receive() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: Message) -> None:
        nonlocal bodies
        bodies += message["type"] == "http.response.body"
        if bodies > 1:
            raise OSError

    scope = {"type": "http", "path": "/endless", "asgi": {"version": "3.0", "spec_version": "2.4"}}
    with contextlib.suppress(ClientDisconnect):
        await app({**scope, "method": "GET", "headers": []}, receive, send)
    await asyncio.sleep(0.05)  # the generator is collected, and closed by the loop


@each_proxy
def test_fixed_program_has_nothing_left(proxy: Proxy) -> None:
    assert find_diagnostics(proxy.source, UnclosedProxiedStream)
    fixed = _fix(proxy.source)
    assert find_diagnostics(fixed, UnclosedProxiedStream) == []
    assert find_diagnostics(fixed) == []


@pytest.mark.parametrize("proxy", BROKEN, ids=lambda proxy: proxy.name)
def test_body_closed_early_is_sent(proxy: Proxy, upstream: SlowUpstream) -> None:
    async def read(port: int) -> object:
        try:
            return await _read_all(port, "slow")
        except httpx.RemoteProtocolError:
            return "broken"

    assert _run(proxy.source, upstream.url, read) == ["broken"] * ROUNDS + [True]
    fixed = apply_fixes(proxy.source, StreamClosedEarly)
    assert _run(fixed, upstream.url, read) == [(200, b"".join(CHUNKS))] * ROUNDS + [True]
    assert find_diagnostics(fixed, StreamClosedEarly) == []
    assert find_diagnostics(fixed, UnclosedProxiedStream) == []


@pytest.mark.parametrize("proxy", BROKEN, ids=lambda proxy: proxy.name)
@pytest.mark.parametrize("path", ["exception", "endless"])
def test_body_closed_early_leaves_nothing_open(proxy: Proxy, path: str, upstream: SlowUpstream) -> None:
    fixed = apply_fixes(proxy.source, StreamClosedEarly)
    use = _read_all if path == "exception" else _read_some
    assert _run(fixed, upstream.url, lambda port: use(port, path))[-1] is True
