"""A worker of RQ: each job runs in a process of its own, with nothing to share and so nothing to rewrite."""

from __future__ import annotations

from pathlib import Path

from ..upstream import Received, Reply, Upstream, as_json
from .programs import build_halves, run

TIMES = 3

_WORKER = """\
import os, sys
import fakeredis, rq

connection = fakeredis.FakeStrictRedis()
queue = rq.Queue("prices", connection=connection)
for number in range(int(sys.argv[1])):
    queue.enqueue("shop.prices.refresh_price", str(number))
worker = rq.Worker([queue], connection=connection, prepare_for_work=False)
# What stands in for Redis cannot say from which address a worker comes.
worker.hostname, worker.ip_address, worker.pid = "localhost", "127.0.0.1", os.getpid()
worker.work(burst=True)
print("left", len(queue))
"""


def _answer(_: Received) -> Reply:
    return as_json({"cents": 899, "title": "Emma"})


def test_each_job_has_a_process_and_so_connections_of_its_own(tmp_path: Path) -> None:
    program, _ = build_halves("client-per-request/rq-job", tmp_path)
    with Upstream(_answer) as upstream:
        ended = run(program, ["-c", _WORKER, str(TIMES)], CATALOGUE_URL=upstream.url)
        assert ended.code == 0, ended.said
        assert "left 0" in ended.said, ended.said
        assert upstream.connections == len(upstream.requests) == TIMES
        assert upstream.wait_until_idle()
    told = (tmp_path / "before.pools").read_text().splitlines()
    assert len({line.split()[1] for line in told if line.startswith("open")}) == TIMES
    assert program.pools() == (TIMES, TIMES)
