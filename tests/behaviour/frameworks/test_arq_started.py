"""An arq worker on a Redis that lives in its own process."""

from __future__ import annotations

from pathlib import Path

from ..upstream import Received, Reply, Upstream, as_json
from .programs import Program, build_halves, work

TIMES = 3

_START = """\
import asyncio, sys
import arq.worker, fakeredis
from arq.connections import ArqRedis
from shop.worker import WorkerSettings

class Redis(fakeredis.FakeAsyncRedis, ArqRedis):
    pass

async def queue(redis, times):
    for number in range(times):
        await redis.enqueue_job("refresh_price", str(number))
        await redis.enqueue_job("shop.titles.refresh_title", str(number))
    await redis.aclose()

async def say_nothing(*_):
    pass

async def say(_):
    print("ended", flush=True)

arq.worker.log_redis_info = say_nothing  # asks for INFO, which this Redis does not have
server = fakeredis.FakeServer()
asyncio.run(queue(Redis(server=server), int(sys.argv[1])))
asyncio.set_event_loop(asyncio.new_event_loop())
arq.worker.run_worker(WorkerSettings, redis_pool=Redis(server=server), after_job_end=say)
asyncio.get_event_loop_policy().get_event_loop().close()
"""


def _answer(_: Received) -> Reply:
    return as_json({"cents": 899, "title": "Emma"})


def _count_ended(program: Program) -> int:
    """A worker that is told to end cancels what it has not ended, and fails."""
    return (program.directory / "said").read_text().count("ended\n")


def _run_worker(program: Program, upstream: Upstream) -> None:
    ended = work(
        program,
        ["-c", _START, str(TIMES)],
        lambda: upstream.wait_until(lambda: _count_ended(program) == 2 * TIMES, seconds=20),
        CATALOGUE_URL=upstream.url,
    )
    assert ended.code == 0, ended.said
    assert "unclosed" not in ended.said
    assert upstream.wait_until_idle()


def test_jobs_share_connections_until_the_worker_is_stopped(tmp_path: Path) -> None:
    before, after = build_halves("client-per-request/arq-worker", tmp_path)
    with Upstream(_answer) as upstream:
        _run_worker(before, upstream)
        assert upstream.connections == 2 * TIMES
        assert before.pools() == (2 * TIMES, 2 * TIMES)
        upstream.forget()
        _run_worker(after, upstream)
        assert upstream.connections == 1
        assert after.pools() == (1, 1)
