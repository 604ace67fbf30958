"""A Discord bot that logs in at an API server on the loopback; the gateway is left out."""

from __future__ import annotations

from pathlib import Path

from ..upstream import Received, Reply, Upstream, as_json
from .programs import build_halves, run

TIMES = 3
USER = {"id": "1", "username": "bot", "discriminator": "0", "avatar": None, "bot": True}
APPLICATION = {
    **{"id": "1", "name": "bot", "description": "", "icon": None, "verify_key": "", "owner": USER},
    **{"bot_public": True, "bot_require_code_grant": False},
}

_LOG_IN = """\
import asyncio, os, sys
from discord.http import Route
from cogs import rain
from main import bot

Route.BASE = os.environ["DISCORD_URL"]

async def main():
    async with bot:
        await bot.login("token")
        for _ in range(int(sys.argv[1])):
            assert await rain.read_rain("Bath") == "rain"

asyncio.run(main())
"""

_LOAD_ALL = """\
import asyncio, os
from discord.http import Route
from bot import bot

Route.BASE = os.environ["DISCORD_URL"]

async def main():
    async with bot:
        await bot.login("token")
        rates = bot.get_cog("Rates")
        while not hasattr(rates, "rates"):
            await asyncio.sleep(0.01)
        print(sorted(bot.extensions), rates.rates["text"])

asyncio.run(main())
"""


def _answer(request: Received) -> Reply:
    if request.path.endswith("/@me"):
        return as_json(APPLICATION if "applications" in request.path else USER)
    return as_json({"text": "rain"})


def test_commands_share_connections_until_the_bot_is_closed(tmp_path: Path) -> None:
    halves = build_halves("client-per-request/discord-bot", tmp_path)
    for half, connections in zip(halves, (TIMES, 1), strict=True):
        with Upstream(_answer) as discord, Upstream(_answer) as weather:
            environment = {"DISCORD_URL": discord.url, "WEATHER_URL": weather.url}
            ended = run(half, ["-c", _LOG_IN, str(TIMES)], **environment)
            assert ended.code == 0, ended.said
            assert "unclosed" not in ended.said
            assert weather.connections == connections
            assert weather.wait_until_idle()
        assert half.pools() == (connections, connections)


def test_directory_of_extensions_holds_nothing_else_after(tmp_path: Path) -> None:
    halves = build_halves("client-per-request/discord-directory-of-cogs", tmp_path)
    for half, closed in zip(halves, (0, 1), strict=True):
        with Upstream(_answer) as discord, Upstream(_answer) as rates:
            environment = {"DISCORD_URL": discord.url, "RATES_URL": rates.url, "TOKEN": "token"}
            ended = run(half, ["-c", _LOAD_ALL], **environment)
            assert ended.code == 0, ended.said
            assert ended.said.startswith("['cogs.memes', 'cogs.rates'] rain")
        assert half.pools() == (1, closed)
