"""Programs that take work from brokers in memory or in a file: taskiq, FastStream, dramatiq and Huey."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from ..upstream import Received, Reply, Upstream, as_json
from .programs import Program, build_halves, run, work

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
_HUEY = """\
import sys
from shop import tasks

for number in range(int(sys.argv[1])):
    tasks.refresh_price(str(number))
    tasks.refresh_title(str(number))
"""
_DRAMATIQ = """\
import sys
from dramatiq import Worker
from shop.broker import broker
from shop import actors

worker = Worker(broker, worker_threads=2, worker_timeout=50)
worker.start()
for number in range(int(sys.argv[1])):
    for name in sys.argv[2:]:
        getattr(actors, name).send(str(number))
        broker.join("prices")
worker.join()
worker.stop()
broker.close()
"""
_DRAMATIQ_SET = _DRAMATIQ.replace(
    "from shop.broker import broker\nfrom shop import actors",
    "from shop import actors\nfrom dramatiq import get_broker\nbroker = get_broker()",
)


def _answer(_: Received) -> Reply:
    return as_json({"cents": 899, "title": "Emma"})


@pytest.mark.parametrize(
    ("case", "program", "each", "arguments"),
    [
        ("taskiq-broker", _TASKIQ, 2, ()),
        ("faststream-application", _FASTSTREAM, 1, ()),
        ("dramatiq-broker", _DRAMATIQ, 1, ("refresh_price",)),
        ("dramatiq-broker-without-a-name", _DRAMATIQ_SET, 1, ("refresh_price",)),
        ("dramatiq-coroutines", _DRAMATIQ, 2, ("refresh_price", "refresh_title")),
    ],
)
def test_work_shares_connections_until_the_broker_is_stopped(
    case: str, program: str, each: int, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    halves = build_halves(f"client-per-request/{case}", tmp_path)
    for half, connections in zip(halves, (each * TIMES, each), strict=True):
        with Upstream(_answer) as upstream:
            ended = run(half, ["-c", program, str(TIMES), *arguments], CATALOGUE_URL=upstream.url)
            assert ended.code == 0, ended.said
            assert "unclosed" not in ended.said
            assert len(upstream.requests) == each * TIMES
            assert upstream.connections == connections
            assert upstream.wait_until_idle()
        assert half.pools() == (connections, connections)


def _consume(program: Program, workers: str, upstream: Upstream) -> str:
    queue = str(program.directory / "queue.db")
    sent = run(program, ["-c", _HUEY, str(TIMES)], QUEUE=queue)
    assert sent.code == 0, sent.said
    ended = work(
        program,
        ["consume.py"],
        lambda: upstream.wait_until(lambda: len(upstream.requests) == 2 * TIMES, seconds=20),
        signal.SIGINT,
        QUEUE=queue,
        WORKERS=workers,
        CATALOGUE_URL=upstream.url,
    )
    assert ended.code == 0, ended.said
    assert "unclosed" not in ended.said
    assert upstream.wait_until_idle()
    return ended.said


@pytest.mark.parametrize("workers", ["thread", "process"])
def test_workers_of_a_consumer_share_connections(workers: str, tmp_path: Path) -> None:
    before, after = build_halves("client-per-request/huey-consumer", tmp_path)
    with Upstream(_answer) as upstream:
        _consume(before, workers, upstream)
        assert upstream.connections == 2 * TIMES
        upstream.forget()
        _consume(after, workers, upstream)
        # Two threads or processes may work at once; a coroutine has its own connection each time.
        assert upstream.connections <= TIMES + 2
    assert before.pools() == (2 * TIMES, 2 * TIMES)
    opened, closed = after.pools()
    # What a forked process still has open at its end goes with it.
    assert opened == closed if workers == "thread" else opened >= closed
