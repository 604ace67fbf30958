"""Schedulers that run jobs in threads or on a loop until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from ..upstream import Upstream
from .programs import Program, build_halves, work

TIMES = 6
APSCHEDULER_4 = Path(sys.prefix) / "apscheduler4"
"""Where `scripts/test.sh` installs APScheduler 4, which cannot stand beside 3 in one environment."""


def _run_jobs(program: Program, upstream: Upstream, *, code: int = 0, packages: str = "") -> int:
    path = os.pathsep.join([packages, program.environment()["PYTHONPATH"]]).lstrip(os.pathsep)
    ended = work(
        program,
        ["-m", "feeds"],
        lambda: upstream.wait_until(lambda: len(upstream.requests) >= TIMES, seconds=20),
        stop=signal.SIGINT,
        FEEDS_URL=upstream.url,
        PAUSE="0.2",
        PYTHONPATH=path,
    )
    assert ended.code == code, ended.said
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


@pytest.mark.skipif(
    not APSCHEDULER_4.is_dir(), reason="scripts/test.sh installs APScheduler 4 in a directory of its own"
)
@pytest.mark.parametrize(("case", "code"), [("coroutines", -signal.SIGINT), ("threads", 0)])
def test_jobs_of_apscheduler_4_share_connections_until_it_is_stopped(
    case: str, code: int, tmp_path: Path
) -> None:
    before, after = build_halves(f"client-per-request/apscheduler-4-{case}", tmp_path)
    with Upstream() as upstream:
        requests = _run_jobs(before, upstream, code=code, packages=str(APSCHEDULER_4))
        assert upstream.connections == requests
        upstream.forget()
        _run_jobs(after, upstream, code=code, packages=str(APSCHEDULER_4))
        assert upstream.connections <= 2
    assert before.pools() == (requests, requests)
    assert after.pools() == (1, 1)
