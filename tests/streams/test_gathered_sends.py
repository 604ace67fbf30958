"""Sends that run as tasks: one fails, or all are cancelled, where another one has its response already."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fixture_cases import FIXTURES, Case
from slow_upstream import LATE_S, SlowUpstream

GATHERED = Case(FIXTURES / "unclosed-stream" / "gathered")
POSTED = Case(FIXTURES / "unclosed-stream" / "gathered-posts")
FUNCTIONS = {
    "compare": GATHERED,
    "read_statuses": GATHERED,
    "save_all": GATHERED,
    "touch": GATHERED,
    "read_started": GATHERED,
    "publish": POSTED,
}
_TLS = ssl.create_default_context()
each_function = pytest.mark.parametrize("name", FUNCTIONS)


@pytest.fixture(scope="module")
def upstream() -> Iterator[SlowUpstream]:
    with SlowUpstream() as server:
        yield server


def _run(name: str, half: dict[str, bytes], paths: tuple[str, str], url: str, wait_s: float) -> object:
    """Return what a function makes of two paths, and how many connections are lost then.

    It is cancelled after `wait_s`; what it left running has ended when the connections are counted.
    """
    names: dict[str, Any] = {}
    exec(compile(half["main.py"], name, "exec"), names)

    async def run() -> object:
        limits = httpx.Limits(max_connections=2)
        async with httpx.AsyncClient(base_url=url, limits=limits, verify=_TLS, trust_env=False) as client:
            given = paths if name == "compare" else (list(paths),)
            given = (*given, "text") if name == "publish" else given
            try:
                async with asyncio.timeout(wait_s):
                    result = await names[name](client, *given)
            except (httpx.TransportError, TimeoutError) as error:
                result = type(error).__name__
            await asyncio.sleep(LATE_S * 1.5)
            connections = client._transport._pool.connections  # type: ignore[attr-defined]
            return result, sum(not (one.is_idle() or one.is_closed()) for one in connections)

    return asyncio.run(run())


@each_function
def test_every_response_is_closed_where_all_goes_well(name: str, upstream: SlowUpstream) -> None:
    case = FUNCTIONS[name]
    before = _run(name, case.before, ("/slow", "/slow"), upstream.url, 5.0)
    after = _run(name, case.after, ("/slow", "/slow"), upstream.url, 5.0)
    assert isinstance(before, tuple)
    assert after == (before[0], 0)
    assert before[1] == (0 if name == "save_all" else 2)


@each_function
@pytest.mark.parametrize("paths", [("/dropped", "/late"), ("/slow", "/dropped"), ("/late", "/dropped")])
def test_response_is_closed_where_another_send_fails(
    name: str, paths: tuple[str, str], upstream: SlowUpstream
) -> None:
    case = FUNCTIONS[name]
    before = _run(name, case.before, paths, upstream.url, 5.0)
    after = _run(name, case.after, paths, upstream.url, 5.0)
    failed = 1 if name == "touch" else "RemoteProtocolError"
    assert before == (failed, 1)
    assert after == (failed, 0)


@each_function
def test_response_is_closed_where_the_sends_are_cancelled(name: str, upstream: SlowUpstream) -> None:
    case = FUNCTIONS[name]
    assert _run(name, case.before, ("/slow", "/late"), upstream.url, LATE_S / 2) == ("TimeoutError", 1)
    assert _run(name, case.after, ("/slow", "/late"), upstream.url, LATE_S / 2) == ("TimeoutError", 0)
