"""Many requests through helpers: connections by concurrency, not by request; and what a borrow costs."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .laboratory import Lab


def test_a_thousand_requests_open_as_many_connections_as_run_at_once(lab: Lab) -> None:
    async def worker(numbers: list[int]) -> int:
        return sum([await lab.fetch(f"/{n}", headers={"X-N": str(n)}) for n in numbers])

    async def work() -> int:
        return sum(await asyncio.gather(*(worker(list(range(n, 1000, 20))) for n in range(20))))

    assert lab.run(work, seconds=30) == 200 * 1000
    assert lab.upstream.connections <= 20
    assert {request.target: request.header("X-N") for request in lab.upstream.requests} == {
        f"/{n}": str(n) for n in range(1000)
    }
    assert lab.upstream.wait_until_idle()


def test_sixteen_threads_get_their_own_answers_over_sixteen_connections(lab: Lab) -> None:
    together = threading.Barrier(16)

    def worker(name: int) -> bool:
        together.wait(5)
        right = True
        for n in range(50):
            with lab.owner.sync_http_client(headers={"X-N": str(n)}) as client:
                answer = client.get(f"{lab.url}/{name}/{n}").json()
            right = (
                right
                and answer["target"] == f"/{name}/{n}"
                and ["x-n", str(n)] in [[key.lower(), value] for key, value in answer["headers"]]
            )
        return right

    async def work() -> list[bool]:
        with ThreadPoolExecutor(16) as threads:
            loop = asyncio.get_running_loop()
            return list(await asyncio.gather(*(loop.run_in_executor(threads, worker, n) for n in range(16))))

    assert lab.run(work, seconds=30) == [True] * 16
    assert len(lab.upstream.requests) == 16 * 50
    assert lab.upstream.connections <= 16
    assert lab.upstream.wait_until_idle()


def test_threads_may_share_one_borrowed_client(lab: Lab) -> None:
    async def work() -> list[int]:
        with lab.owner.sync_http_client() as client, ThreadPoolExecutor(8) as threads:
            answers = threads.map(client.get, [f"{lab.url}/chunked/3"] * 200)
            return [answer.status_code for answer in answers]

    assert lab.run(work) == [200] * 200
    assert lab.upstream.connections <= 8


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_borrow_costs_a_small_part_of_a_fresh_client(
    lab: Lab, kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some 35 us against 20 ms: as times differ from machine to machine, their ratio is asserted."""
    monkeypatch.delenv("SSL_CERT_FILE")

    async def work() -> list[float]:
        return [await _time_one(lab, kind) for _ in range(500)]

    times_us = lab.run(work)
    fresh_us = asyncio.run(_time_fresh(lab, kind))
    with capsys.disabled():
        print(
            f"\n{lab.library.__name__} {kind}: borrow and return {statistics.median(times_us):.0f} us,"
            f" a fresh client {fresh_us:.0f} us"
        )
    assert statistics.median(times_us) * 50 < fresh_us
    assert lab.upstream.connections == 0


async def _time_one(lab: Lab, kind: str) -> float:
    start = time.perf_counter()
    await _open_and_close(lab.owner.http_client if kind == "async" else lab.owner.sync_http_client, kind)
    return (time.perf_counter() - start) * 1e6


async def _time_fresh(lab: Lab, kind: str) -> float:
    start = time.perf_counter()
    await _open_and_close(lab.library.AsyncClient if kind == "async" else lab.library.Client, kind)
    return (time.perf_counter() - start) * 1e6


async def _open_and_close(build: Callable[[], Any], kind: str) -> None:
    if kind == "async":
        async with build():
            return
    with build():
        return
