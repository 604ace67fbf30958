"""NoneBot, started with the driver of FastAPI before and after the rewrite."""

from __future__ import annotations

from pathlib import Path

from ..upstream import Upstream
from .two_requests import SIDES, lay_out, serve_two_requests

_SERVE = """\
import gc, signal, socket

# uvicorn raises the signal again once it has stopped; without this the process would end there.
signal.signal(signal.SIGTERM, lambda *_: None)
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)

{bot}
from {upstream} import fetch_price

web = nonebot.get_app()
web.get("/health")(lambda: "ok")
web.get("/prices/{{sku}}")(fetch_price)
nonebot.run(fd=listening.fileno())
listening.close()
gc.collect()
"""
_BOT = _SERVE.format(bot="import nonebot, bot", upstream="shop_plugins.upstream")
_DIRECTORY = _SERVE.format(bot="import nonebot, bot", upstream="plugins.prices")
_PLUGIN = _SERVE.format(
    bot='import nonebot; nonebot.init(driver="~fastapi"); nonebot.load_plugins("plugins")',
    upstream="plugins.shop.upstream",
)


@SIDES
def test_bot(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("nonebot-bot", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, program=_BOT) == connections


@SIDES
def test_plugin_that_registers_its_own_hooks(
    side: str, connections: int, upstream: Upstream, tmp_path: Path
) -> None:
    lay_out("nonebot-plugin-without-a-driver", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, program=_PLUGIN) == connections


@SIDES
def test_directory_of_plugins(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("nonebot-directory-of-plugins", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, program=_DIRECTORY) == connections
