"""Every handler of a case whose fix closes a proxied body: its client goes away, under two ASGI versions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest
from exit_runs import TLS, Upstream
from fixed_functions import FIXED, Fixed, halves_of
from halves import BoomError, traced
from serving import drive, serve
from slow_upstream import SlowUpstream

ROUNDS = 3
"""One more than the connections of the pool."""
NO_HANDLERS = {
    "stream-closed-early/in-aiohttp:files.app.read_file": "started under its own server with the frameworks",
    "stream-closed-early/in-aiohttp:files.app.read_log": "started under its own server with the frameworks",
    "stream-closed-early/in-sanic:files.app.read_file": "started under its own server with the frameworks",
    "stream-closed-early/in-sanic:files.app.read_log": "started under its own server with the frameworks",
    "unclosed-proxied-stream/chat-proxies:ChatProxy._iterate": "a generator, and not a handler",
    "unclosed-proxied-stream/chat-proxies:ChatProxy.iterate_lines": "a generator, and not a handler",
    "unclosed-proxied-stream/chat-proxies:ChatProxy.open": "it returns the response of the upstream",
    "unclosed-proxied-stream/events-given-to-a-generator:gateway.relaying.relay_data": "a generator",
    "unclosed-proxied-stream/events-given-to-a-generator:gateway.routes._relay_pairs": "a generator",
    "unclosed-proxied-stream/generator-in-another-module:gateway.relaying.relay_chunks": "a generator",
    "unclosed-proxied-stream/generator-of-the-module:Relay._iterate": "a generator, and not a handler",
    "unclosed-proxied-stream/generator-of-the-module:iterate_chunks": "a generator, and not a handler",
    "unclosed-proxied-stream/other-classes:relay": "its module imports one that is not there",
}
"""Functions that return no response that could be served here: {function: why}."""
SYNC = {
    "stream-closed-early/in-flask:files.app.read_file",
    "stream-closed-early/in-flask:files.app.read_log",
    "stream-closed-early/sync-client:watch",
    "unclosed-proxied-stream/sync-client:watch",
}
"""Handlers of WSGI, which has no `send`: what goes away there closes the body."""
OTHERS = {
    "abandoned-iterator": "its functions read the body themselves",
    "stream-not-entered": "its functions read the body themselves",
    "unclosed-stream": "what a framework sends is told of by other rules",
}
"""Rules whose cases have no handlers: {rule: why}."""
CUT = {
    "stream-closed-early/client-that-lasts:app.files.open_log",
    "stream-closed-early/client-that-lasts:app.files.open_trace",
    "stream-closed-early/first-part-is-read-before:download",
}
"""Handlers whose old half sends as much of the body as came before the end of a block: it is chance."""
HANDLERS = [one for one in FIXED if one.case.rule not in OTHERS and repr(one) not in NO_HANDLERS]
WHOLE_BEFORE = [
    one for one in HANDLERS if one.case.rule == "unclosed-proxied-stream" or one.name == "read_log"
]
"""Those whose old half sends the whole body, and leaves it open where something comes between."""

each_handler = pytest.mark.parametrize("fixed", HANDLERS, ids=repr)
pytestmark = pytest.mark.filterwarnings("ignore")  # what leaks is told of by many libraries


@pytest.fixture(scope="module")
def server() -> Iterator[SlowUpstream]:
    with SlowUpstream() as running:
        yield running


async def _read_all(port: int) -> object:
    async with httpx.AsyncClient(trust_env=False, timeout=2.0, verify=TLS) as client:
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
    await asyncio.sleep(0.05)  # the server sees the end of the connection, and the response is cancelled
    return head.split()[1]


@each_handler
def test_bytes_are_the_same(fixed: Fixed, server: SlowUpstream, tmp_path: Path) -> None:
    slow = Upstream(server.url)
    (before, _), (after, lost) = (
        serve(fixed, half, slow, tmp_path, [_read_all] * ROUNDS) for half in halves_of(fixed.case)
    )
    assert lost == 0
    assert "broken" not in after
    if fixed in WHOLE_BEFORE:
        assert after == before
    elif repr(fixed) not in CUT:
        assert before != after


@each_handler
def test_client_that_goes_away(fixed: Fixed, server: SlowUpstream, tmp_path: Path) -> None:
    endless = Upstream(server.url, "/endless")
    after = serve(fixed, halves_of(fixed.case)[1], endless, tmp_path, [_read_some] * ROUNDS)
    assert after == ([b"200"] * ROUNDS, 0)


@pytest.mark.parametrize("fixed", [one for one in HANDLERS if repr(one) not in SYNC], ids=repr)
def test_send_that_fails(fixed: Fixed, server: SlowUpstream, tmp_path: Path) -> None:
    endless = Upstream(server.url, "/endless")
    sent = ["http.response.start", "http.response.body"]
    rounds = [nullcontext()] * ROUNDS
    assert drive(fixed, halves_of(fixed.case)[1], endless, tmp_path, rounds) == ([sent] * ROUNDS, 0)


@each_handler
def test_upstream_that_falls_silent(fixed: Fixed, server: SlowUpstream, tmp_path: Path) -> None:
    stalled = Upstream(server.url, "/stalled", read_s=0.05)
    after, lost = serve(fixed, halves_of(fixed.case)[1], stalled, tmp_path, [_read_all] * ROUNDS)
    assert lost == 0
    assert all(b"beta" not in str(one).encode() for one in after)


@pytest.mark.parametrize("fixed", [one for one in WHOLE_BEFORE if repr(one) not in SYNC], ids=repr)
def test_an_exception_starves_the_old_pool(fixed: Fixed, server: SlowUpstream, tmp_path: Path) -> None:
    """Some statement that raises, twice, leaves no connection for the third request."""
    half, slow = halves_of(fixed.case)[0], Upstream(server.url)
    for at in range(1, 30):
        raising = [traced(half.plan(at, BoomError)) for _ in range(2)]
        _, lost = drive(fixed, half, slow, tmp_path, raising)
        if lost == 2:
            return
    raise AssertionError("no exception starves the pool")


def test_nothing_is_left_out_that_is_not_there() -> None:
    assert {*CUT, *NO_HANDLERS, *SYNC} <= {repr(one) for one in FIXED}
    assert {one.case.rule for one in FIXED} <= {*OTHERS, "stream-closed-early", "unclosed-proxied-stream"}
