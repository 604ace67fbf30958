"""Programs that take work from brokers in memory: taskiq, FastStream and dramatiq."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..upstream import Received, Reply, Upstream, as_json
from .programs import build_halves, run

TIMES = 3

_TASKIQ = """\
import asyncio, sys
from shop import tasks

async def main():
    await tasks.broker.startup()
    for number in range(int(sys.argv[1])):
        for task in (tasks.refresh_title, tasks.refresh_price):
            queued = await task.kiq(str(number))
            result = await queued.wait_result(timeout=10)
            assert not result.is_err, result.error
    await tasks.broker.shutdown()

asyncio.run(main())
"""
_FASTSTREAM = """\
import asyncio, sys
from faststream.redis import TestRedisBroker
import main

async def send():
    for number in range(int(sys.argv[1])):
        await main.broker.publish(str(number), "prices")
    main.app.exit()

async def run():
    async with TestRedisBroker(main.broker):
        main.app.after_startup(send)
        await main.app.run()

asyncio.run(run())
"""
_DRAMATIQ = """\
import sys
from dramatiq import Worker
from shop.broker import broker
from shop.actors import refresh_price

worker = Worker(broker, worker_threads=2, worker_timeout=50)
worker.start()
for number in range(int(sys.argv[1])):
    refresh_price.send(str(number))
    broker.join("prices")
worker.join()
worker.stop()
broker.close()
"""


def _answer(_: Received) -> Reply:
    return as_json({"cents": 899, "title": "Emma"})


@pytest.mark.parametrize(
    ("case", "program", "each", "shared"),
    [
        ("taskiq-broker", _TASKIQ, 2, 2),
        ("faststream-application", _FASTSTREAM, 1, 1),
        ("dramatiq-broker", _DRAMATIQ, 1, 1),
    ],
)
def test_work_shares_connections_until_the_broker_is_stopped(
    case: str, program: str, each: int, shared: int, tmp_path: Path
) -> None:
    halves = build_halves(f"client-per-request/{case}", tmp_path)
    for half, connections in zip(halves, (each * TIMES, shared), strict=True):
        with Upstream(_answer) as upstream:
            ended = run(half, ["-c", program, str(TIMES)], CATALOGUE_URL=upstream.url)
            assert ended.code == 0, ended.said
            assert "unclosed" not in ended.said
            assert len(upstream.requests) == each * TIMES
            assert upstream.connections == connections
            assert upstream.wait_until_idle()
        assert half.pools() == (connections, connections)
