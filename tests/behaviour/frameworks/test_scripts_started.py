"""Programs that run once and end, whose loops had a client a round before."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..upstream import Upstream
from .programs import build_halves, run


@pytest.mark.parametrize(
    ("case", "arguments", "connections"),
    [
        # One client for the articles, one for the batches, whose requests go out side by side.
        ("client-per-request/loop-of-a-script", ["read_prices.py", "1", "2", "3"], (3 + 6, 1 + 3)),
        # Three pages; four titles in two times three rounds, of which two send nothing.
        ("client-per-request/loop-of-a-sync-script", ["main.py", "{url}"], (3 + 4, 2)),
        # Three requests, two blocks, and two in each of two rounds; a client for each of three loops.
        ("top-level-request/loop-of-a-script", ["main.py", "{url}"], (3 + 2 + 4, 3)),
    ],
)
def test_rounds_share_connections_and_no_cookies(
    case: str, arguments: list[str], connections: tuple[int, int], tmp_path: Path
) -> None:
    said: list[str] = []
    halves = build_halves(case, tmp_path)
    for program, expected in zip(halves, connections, strict=True):
        with Upstream() as upstream:
            given = [argument.format(url=upstream.url) for argument in arguments]
            ended = run(program, given, PRICES_URL=upstream.url)
            assert ended.code == 0, ended.said
            assert upstream.wait_until_idle()
            assert upstream.connections == expected
            said.append(ended.said)
        opened, closed = program.pools()
        assert opened == closed
    assert said[0] == said[1] != ""
