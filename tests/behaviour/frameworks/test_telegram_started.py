"""Telegram bots that poll a Bot API server on the loopback."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ..upstream import Received, Reply, Upstream, as_json
from .programs import Program, build_halves, work

TIMES = 3
BOT = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "bot"}
CHAT = {"id": 7, "type": "private", "first_name": "Anne"}


class _Api:
    """Answers for the Bot API; an update comes once the one before is answered by a message."""

    def __init__(self) -> None:
        self.sent = 0

    def __call__(self, request: Received) -> Reply:
        method = request.path.rpartition("/")[2]
        if method == "getMe":
            return _ok(BOT)
        if method == "getUpdates":
            offset = re.search(rb"offset\D+(\d+)", request.body)
            number = self.sent + 1
            is_new = number <= TIMES and (offset is None or int(offset[1]) <= number)
            return _ok([_update(number)]) if is_new else replace(_ok([]), delay_s=0.02)
        if method == "sendMessage":
            self.sent += 1
            return _ok({"message_id": 99, "date": 1, "chat": CHAT, "text": "rain"})
        return _ok(True)


def _ok(result: object) -> Reply:
    return as_json({"ok": True, "result": result})


def _update(number: int) -> dict[str, object]:
    command = {"type": "bot_command", "offset": 0, "length": 8}
    message = {"message_id": number, "date": 1, "chat": CHAT, "text": "/weather Bath", "entities": [command]}
    return {"update_id": number, "message": message}


def _run_bot(program: Program, telegram: Upstream, weather: Upstream, api: str) -> None:
    def is_done() -> bool:
        return sum(request.path.endswith("/sendMessage") for request in list(telegram.requests)) == TIMES

    ended = work(
        program,
        ["-m", "bot"],
        lambda: telegram.wait_until(is_done, seconds=20),
        TOKEN="12:TOKEN",
        BOT_API_URL=api,
        WEATHER_URL=weather.url,
    )
    assert ended.code == 0, ended.said
    assert "Traceback" not in ended.said
    assert "unclosed" not in ended.said
    assert weather.wait_until_idle()


@pytest.mark.parametrize(
    ("case", "path", "own_pools"),
    [
        # python-telegram-bot sends by httpx itself: one pool to poll, one for all else.
        ("telegram-bot", "/bot", 2),
        ("aiogram-polling", "", 0),
    ],
)
def test_handlers_share_connections_until_the_bot_is_stopped(
    case: str, path: str, own_pools: int, tmp_path: Path
) -> None:
    halves = build_halves(f"client-per-request/{case}", tmp_path)
    for program, connections in zip(halves, (TIMES, 1), strict=True):
        with Upstream(_Api()) as telegram, Upstream(lambda _: as_json({"text": "rain"})) as weather:
            _run_bot(program, telegram, weather, f"{telegram.url}{path}")
            assert [request.path for request in weather.requests] == ["/Bath"] * TIMES
            assert weather.connections == connections
        assert program.pools() == (connections + own_pools, connections + own_pools)
