"""Litestar, Quart, Sanic and the server of aiohttp, started before and after the rewrite."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..upstream import Upstream
from .two_requests import SIDES, lay_out, run_program, serve_two_requests

_LISTEN = """\
import gc, socket

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
"""
_QUART = f"""\
{_LISTEN}
import asyncio
import hypercorn.asyncio, hypercorn.config
from shop.app import app

config = hypercorn.config.Config()
config.bind = [f"fd://{{listening.detach()}}"]
asyncio.run(hypercorn.asyncio.serve(app, config))
gc.collect()
"""
_SANIC = f"""\
{_LISTEN}
from shop.app import create_app

create_app().run(sock=listening, single_process=True, motd=False, access_log=False)
gc.collect()
"""
_AIOHTTP = f"""\
{_LISTEN}
from aiohttp import web
from shop.app import build_app

web.run_app(build_app(), sock=listening, print=None)
gc.collect()
"""
_UNSTARTED = """\
import asyncio
from shop.app import app

async def main():
    visitor = app.test_client()
    for sku in ("1", "2"):
        print((await visitor.get(f"/prices/{sku}")).status_code)

asyncio.run(main())
"""


@SIDES
def test_litestar(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("litestar-application", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, application="shop.app:app") == connections


@SIDES
def test_quart(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("quart-application", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, program=_QUART) == connections


@SIDES
def test_sanic(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("sanic-application", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, program=_SANIC) == connections


@SIDES
def test_aiohttp_with_an_application_inside(
    side: str, connections: int, upstream: Upstream, tmp_path: Path
) -> None:
    lay_out("aiohttp-application", side, tmp_path)
    found = serve_two_requests(tmp_path, upstream, program=_AIOHTTP, path="/admin/prices")
    assert found == connections


@pytest.mark.parametrize("side", ["before", "after"])
def test_tests_of_a_service_that_never_start_it_still_pass(
    side: str, upstream: Upstream, tmp_path: Path
) -> None:
    lay_out("quart-application", side, tmp_path)
    assert run_program(tmp_path, upstream, _UNSTARTED) == "200\n200\n"
    assert upstream.connections == 2
