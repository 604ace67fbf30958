"""Flask, Django and Lambda handlers, started before and after the rewrite."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ..upstream import Upstream
from .two_requests import SIDES, environment_of, lay_out, run_program, serve_two_requests

_GUNICORN = """\
import gc, socket
from gunicorn.app.base import BaseApplication

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)


class Server(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", f"fd://{{listening.detach()}}")
        self.cfg.set("preload_app", {preload})
        self.cfg.set("workers", 1)
        self.cfg.set("control_socket_disable", True)

    def load(self):
        {load}
        return application


Server().run()
"""
_FLASK = _GUNICORN.format(preload=True, load="from shop.app import create_app; application = create_app()")
_DJANGO = _GUNICORN.format(preload=False, load="from shop.wsgi import application")
_LAMBDA = """\
from handler import lambda_handler

for sku in ("1", "2"):
    print(lambda_handler({"sku": sku}, None)["target"])
"""
_UNSTARTED = """\
from shop.prices import fetch_price

for sku in ("1", "2"):
    print(fetch_price(sku)["target"])
"""


@SIDES
def test_flask_in_a_worker_that_was_forked_from_the_application(
    side: str, connections: int, upstream: Upstream, tmp_path: Path
) -> None:
    lay_out("flask-application", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, program=_FLASK) == connections


@SIDES
def test_django(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("django-application", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, program=_DJANGO) == connections


@SIDES
def test_django_whose_owner_reads_the_settings(
    side: str, connections: int, upstream: Upstream, tmp_path: Path
) -> None:
    lay_out("django-owner-reads-settings", side, tmp_path)
    assert serve_two_requests(tmp_path, upstream, program=_DJANGO) == connections


@SIDES
def test_command_of_django(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("django-command", side, tmp_path)
    environment = environment_of(upstream, EVERY_S="0.05")
    command = [sys.executable, "-W", "error::ResourceWarning", "manage.py", "watch_prices"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline()[:1] for _ in range(2)] == ["{", "{"]
        opened = upstream.connections
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=8)
    assert "KeyboardInterrupt" in said
    assert "ResourceWarning" not in said
    assert upstream.wait_until_idle()
    assert opened >= 2 if side == "before" else opened == connections


@SIDES
def test_lambda(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    lay_out("lambda-handler", side, tmp_path)
    assert run_program(tmp_path, upstream, _LAMBDA) == "/echo/1\n/echo/2\n"
    assert upstream.wait_until_idle()
    assert upstream.connections == connections


@pytest.mark.parametrize("side", ["before", "after"])
def test_code_that_no_application_runs_has_connections_of_its_own(
    side: str, upstream: Upstream, tmp_path: Path
) -> None:
    lay_out("flask-application", side, tmp_path)
    assert run_program(tmp_path, upstream, _UNSTARTED) == "/echo/1\n/echo/2\n"
    assert upstream.connections == 2
