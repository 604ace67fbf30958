"""A scheduler that runs jobs in threads until Ctrl-C."""

from __future__ import annotations

import signal
from pathlib import Path

from ..upstream import Upstream
from .programs import Program, build_halves, work

TIMES = 6


def _run_jobs(program: Program, upstream: Upstream) -> int:
    ended = work(
        program,
        ["-m", "feeds"],
        lambda: upstream.wait_until(lambda: len(upstream.requests) >= TIMES, seconds=20),
        stop=signal.SIGINT,
        FEEDS_URL=upstream.url,
        PAUSE="0.2",
    )
    assert ended.code == 0, ended.said
    assert "unclosed" not in ended.said
    assert upstream.wait_until_idle()
    return len(upstream.requests)


def test_jobs_share_connections_until_the_process_ends(tmp_path: Path) -> None:
    before, after = build_halves("client-per-request/apscheduler-blocking", tmp_path)
    with Upstream() as upstream:
        requests = _run_jobs(before, upstream)
        assert upstream.connections == requests
        upstream.forget()
        _run_jobs(after, upstream)
        # Two jobs may be due at the same moment.
        assert upstream.connections <= 2
    assert before.pools() == (requests, requests)
    opened, closed = after.pools()
    assert 1 <= closed <= opened <= 2
