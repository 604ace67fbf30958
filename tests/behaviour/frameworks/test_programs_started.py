"""Programs that run until they are stopped: a coroutine under `asyncio.run`, and a plain function."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from ..upstream import Received, Reply, Upstream, as_json
from .programs import Program, build_halves, lasts, work

ROUNDS = 3


def _answer(request: Received) -> Reply:
    return as_json({"title": "news"}, status=200 if "alarm" in request.path else 503)


def _poll(
    program: Program, upstream: Upstream, stop: signal.Signals, arguments: Sequence[str] = ("-m", "feeds")
) -> str:
    def is_between_rounds() -> bool:
        opened, closed = program.pools()
        return len(upstream.requests) >= 2 * ROUNDS and opened in {closed, 1}

    ended = work(
        program,
        arguments,
        lambda: upstream.wait_until(lambda: lasts(is_between_rounds), seconds=15),
        stop,
        FEEDS=f"{upstream.url}/news {upstream.url}/weather",
        PAUSE_S="0.2",
    )
    assert "unclosed" not in ended.said
    return ended.said


def test_polling_coroutine_shares_connections_that_it_closes_at_ctrl_c(tmp_path: Path) -> None:
    before, after = build_halves("client-per-request/poller-under-asyncio", tmp_path)
    with Upstream() as upstream:
        _poll(before, upstream, signal.SIGINT)
        assert upstream.connections >= 2 * ROUNDS
        assert upstream.wait_until_idle()
    opened, closed = before.pools()
    assert opened == closed >= 2 * ROUNDS
    with Upstream() as upstream:
        assert "KeyboardInterrupt" in _poll(after, upstream, signal.SIGINT)
        assert upstream.connections == 1
        assert upstream.wait_until_idle()
    assert after.pools() == (1, 1)


_COMMAND = "import sys; from feeds.main import main; sys.exit(main())"
"""What the script does that an installer writes for a command."""


@pytest.mark.parametrize(
    ("case", "arguments"),
    [
        ("program-under-trio", ["-m", "feeds.main"]),
        ("program-under-anyio", ["-m", "feeds.main"]),
        ("program-under-anyio-on-trio", ["-m", "feeds.main"]),
        ("program-under-a-runner", ["-m", "feeds.main"]),
        ("program-until-complete", ["-m", "feeds.main"]),
        ("program-that-is-a-command", ["-c", _COMMAND]),
    ],
)
def test_rounds_of_a_program_share_connections_that_it_closes(
    case: str, arguments: list[str], tmp_path: Path
) -> None:
    for half, program in zip(
        ("before", "after"), build_halves(f"client-per-request/{case}", tmp_path), strict=True
    ):
        with Upstream() as upstream:
            _poll(program, upstream, signal.SIGINT, arguments)
            assert upstream.wait_until_idle()
            # Ctrl-C may come between a connection, or a client, and its use.
            if half == "before":
                assert upstream.connections >= 2 * ROUNDS
                assert program.pools()[1] >= 2 * ROUNDS
            else:
                assert upstream.connections == 1
                assert program.pools() == (1, 1)


@pytest.mark.parametrize("case", ["jobs-of-a-loop-of-the-module", "jobs-of-a-loop-of-the-program"])
def test_jobs_of_a_loop_share_connections_that_are_closed_at_the_end(case: str, tmp_path: Path) -> None:
    before, after = build_halves(f"top-level-request/{case}", tmp_path)
    with Upstream() as upstream:
        _poll(before, upstream, signal.SIGINT, ["cron.py"])
        assert upstream.connections >= 2 * ROUNDS
    with Upstream() as upstream:
        _poll(after, upstream, signal.SIGINT, ["cron.py"])
        assert upstream.connections == 1
        assert upstream.wait_until_idle()
    assert after.pools() == (1, 1)


@pytest.mark.parametrize("half", ["before", "after"])
def test_loop_per_round_shares_what_it_can(half: str, tmp_path: Path) -> None:
    program = dict(
        zip(("before", "after"), build_halves("client-per-request/loop-per-round", tmp_path), strict=True)
    )
    with Upstream(_answer) as upstream:

        def is_between_rounds() -> bool:
            opened, closed = program[half].pools()
            kept = 0 if half == "before" else 1
            return len(upstream.requests) >= 2 * ROUNDS and opened - closed <= kept

        ended = work(
            program[half],
            ["main.py"],
            lambda: upstream.wait_until(lambda: lasts(is_between_rounds), seconds=15),
            signal.SIGINT,
            SHOP_URL=upstream.url,
            PAUSE_S="0.3",
        )
        assert "unclosed" not in ended.said
        rounds = sum(request.path == "/health" for request in upstream.requests)
        alarms = sum(request.path == "/alarms" for request in upstream.requests)
        # Each round has a loop of its own, and so a connection; the alarms need only one together.
        assert upstream.connections == rounds + (alarms if half == "before" else 1)
        assert upstream.wait_until_idle()
