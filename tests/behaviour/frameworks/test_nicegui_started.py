"""Programs of NiceGUI, started and tested before and after the rewrite."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..upstream import Upstream
from .two_requests import SIDES, lay_out, run_program, serve_two_requests

_PROGRAM = """\
import os, runpy, signal, socket
from nicegui import app

# uvicorn raises the signal again once it has stopped; without this the process would end there.
signal.signal(signal.SIGTERM, lambda *_: None)
del os.environ["PYTEST_CURRENT_TEST"]  # it would serve where its own tests look for it
with socket.create_server(("127.0.0.1", 0)) as free:
    os.environ["PORT"] = str(free.getsockname()[1])
print(os.environ["PORT"], flush=True)
app.get("/health")(lambda: "ok")
runpy.run_path("main.py", run_name="__main__")
"""
_TESTS = """\
import asyncio
from nicegui.testing import user_simulation

async def test_prices():
    async with user_simulation(main_file="main.py") as user:
        for sku in ("1", "2"):
            await user.open("/")
            user.find("SKU").type(sku)
            user.find("Price").click()
            await user.should_see(f"/echo/{sku}")

for test in (test_prices, test_prices):
    asyncio.run(test())
"""


@SIDES
def test_program(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("nicegui-program", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, program=_PROGRAM) == connections


def test_within_an_application(upstream: Upstream, tmp_path: Path) -> None:
    lay_out("nicegui-in-an-application", "after", tmp_path)
    assert serve_two_requests(tmp_path, upstream, application="service:app", path="/gui/prices") == 1


@pytest.mark.parametrize(("side", "connections"), [("before", 4), ("after", 2)])
def test_tests_start_a_program_each(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("nicegui-program", side, tmp_path)
    assert run_program(tmp_path, upstream, _TESTS) == ""
    assert upstream.wait_until_idle()
    assert upstream.connections == connections
