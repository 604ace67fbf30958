"""A Telegram bot that polls a Bot API server on the loopback."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

from ..upstream import Received, Reply, Upstream, as_json
from .programs import Program, build_halves, work

TIMES = 3
OWN_POOLS = 2
"""What python-telegram-bot opens for itself: one to poll, one for all else."""
BOT = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "bot"}
CHAT = {"id": 7, "type": "private", "first_name": "Anne"}


def _answer(request: Received) -> Reply:
    method = request.path.rpartition("/")[2]
    if method == "getMe":
        return _ok(BOT)
    if method == "getUpdates":
        offset = int(parse_qs(request.body.decode()).get("offset", ["1"])[0]) or 1
        return _ok([_update(offset)]) if offset <= TIMES else replace(_ok([]), delay_s=0.02)
    if method == "sendMessage":
        return _ok({"message_id": 99, "date": 1, "chat": CHAT, "text": "rain"})
    return _ok(True)


def _ok(result: object) -> Reply:
    return as_json({"ok": True, "result": result})


def _update(number: int) -> dict[str, object]:
    command = {"type": "bot_command", "offset": 0, "length": 8}
    message = {"message_id": number, "date": 1, "chat": CHAT, "text": "/weather Bath", "entities": [command]}
    return {"update_id": number, "message": message}


def _run_bot(program: Program, telegram: Upstream, weather: Upstream) -> None:
    def is_done() -> bool:
        sent = Counter(request.path for request in list(telegram.requests))
        return sent["/botTOKEN/sendMessage"] == TIMES

    ended = work(
        program,
        ["-m", "bot"],
        lambda: telegram.wait_until(is_done, seconds=20),
        TOKEN="TOKEN",
        BOT_API_URL=f"{telegram.url}/bot",
        WEATHER_URL=weather.url,
    )
    assert ended.code == 0, ended.said
    assert "Traceback" not in ended.said
    assert "unclosed" not in ended.said
    assert weather.wait_until_idle()


def test_handlers_share_connections_until_the_bot_is_stopped(tmp_path: Path) -> None:
    before, after = build_halves("client-per-request/telegram-bot", tmp_path)
    for program, connections in ((before, TIMES), (after, 1)):
        with Upstream(_answer) as telegram, Upstream(lambda _: as_json({"text": "rain"})) as weather:
            _run_bot(program, telegram, weather)
            assert [request.path for request in weather.requests] == ["/Bath"] * TIMES
            assert weather.connections == connections
        assert program.pools() == (connections + OWN_POOLS, connections + OWN_POOLS)
