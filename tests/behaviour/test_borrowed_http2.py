"""Clients over a shared HTTP/2 connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .generated import literal, load, pool, render
from .laboratory import run
from .upstream_h2 import UpstreamH2

HTTP2 = (literal("http1", "False"), literal("http2", "True"))


@pytest.fixture
def h2_upstream() -> Iterator[UpstreamH2]:
    with UpstreamH2() as server:
        yield server


@pytest.fixture
def owner(library: str, tmp_path: Path) -> Any:
    pools = [pool(library, name, "http2", *HTTP2) for name in ("AsyncClient", "Client")]
    return load(render(pools=pools), tmp_path)


def test_requests_share_one_connection(owner: Any, h2_upstream: UpstreamH2) -> None:
    async def fetch(n: int) -> tuple[str, str]:
        async with owner.http2_client(headers={"x-n": str(n)}) as client:
            answer = await client.get(f"{h2_upstream.url}/{n}")
        return answer.http_version, answer.text

    async def work() -> None:
        async with owner.http_lifespan(None):
            first = await fetch(0)
            rest = await asyncio.gather(*map(fetch, range(1, 40)))
            assert [first, *rest] == [("HTTP/2", f"/{n}") for n in range(40)]
            with owner.sync_http2_client() as client:
                assert client.get(f"{h2_upstream.url}/sync").text == "/sync"
            assert h2_upstream.connections == 2

    run(work)
    assert h2_upstream.wait_until_idle()


def test_without_a_lifespan_http2_is_kept(owner: Any, h2_upstream: UpstreamH2) -> None:
    async def work() -> str:
        async with owner.http2_client() as client:
            return str((await client.get(h2_upstream.url)).http_version)

    assert run(work) == "HTTP/2"
    assert h2_upstream.wait_until_idle()


def test_a_stream_left_open_disturbs_no_other(owner: Any, h2_upstream: UpstreamH2) -> None:
    async def leave_open() -> None:
        async with owner.http2_client() as client:
            request = client.build_request("GET", f"{h2_upstream.url}/endless")
            response = await client.send(request, stream=True)
            await anext(response.aiter_raw())

    async def work() -> None:
        async with owner.http_lifespan(None):
            for n in range(10):
                await leave_open()
                async with owner.http2_client() as client:
                    assert (await client.get(f"{h2_upstream.url}/{n}")).text == f"/{n}"
            assert h2_upstream.connections == 1

    run(work)
    assert h2_upstream.wait_until_idle()
