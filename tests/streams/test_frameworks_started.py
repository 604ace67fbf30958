"""Frameworks that send a streamed body, started for real: broken before the fix, whole after it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fixture_cases import FIXTURES, Case, Tree, write_tree
from slow_upstream import CHUNKS, SlowUpstream

_LISTEN = """\
import socket

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
from files.app import app
"""
_ASGI = f"""\
{_LISTEN}
import uvicorn

uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none")).run(sockets=[listening])
"""
_AIOHTTP = f"""\
{_LISTEN}
from aiohttp import web

web.run_app(app, sock=listening, print=None)
"""
_SANIC = f"""\
{_LISTEN}
app.run(sock=listening, single_process=True, motd=False, access_log=False)
"""
_FLASK = f"""\
{_LISTEN}
from werkzeug.serving import make_server

port = listening.getsockname()[1]
make_server("127.0.0.1", port, app, threaded=True, fd=listening.fileno()).serve_forever()
"""
PROGRAMS = {
    "aiohttp": _AIOHTTP,
    "django": _ASGI,
    "fastapi": _ASGI,
    "flask": _FLASK,
    "litestar": _ASGI,
    "quart": _ASGI,
    "sanic": _SANIC,
}
ROUNDS = 3
"""One more than the connections of the pool."""
each_framework = pytest.mark.parametrize("name", sorted(PROGRAMS))


@pytest.fixture(scope="module")
def upstream() -> Iterator[SlowUpstream]:
    with SlowUpstream() as server:
        yield server


@contextmanager
def _serve(name: str, tree: Tree, directory: Path, upstream: SlowUpstream) -> Iterator[str]:
    """Start one half of a framework's case, and yield its address."""
    pytest.importorskip(name)
    write_tree(tree, directory)
    environment = {**os.environ, "UPSTREAM": upstream.url, "PYTHONPATH": str(directory), "NO_PROXY": "*"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAMS[name]],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def _await_health(url: str, seconds: float = 10.0) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health", trust_env=False).is_success:
                return url
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


def _read(url: str) -> object:
    """Return the body, and "broken" where it breaks off or an error comes in its place."""
    try:
        response = httpx.get(url, trust_env=False, timeout=5.0)
    except httpx.TransportError:
        return "broken"
    return response.content if response.is_success else "broken"


def _go_away(url: str) -> None:
    """Leave after the first bytes of the body."""
    with httpx.stream("GET", url, trust_env=False, timeout=5.0) as response:
        assert next(response.iter_raw())


@each_framework
def test_body_is_sent_whole_and_closed(name: str, upstream: SlowUpstream, tmp_path: Path) -> None:
    case = Case(FIXTURES / "stream-closed-early" / f"in-{name}")
    with (
        _serve(name, case.before, tmp_path / "before", upstream) as before,
        _serve(name, case.after, tmp_path / "after", upstream) as after,
    ):
        old, new = _await_health(before), _await_health(after)
        assert _read(f"{old}/files/slow") in ("broken", b"")
        assert _read(f"{new}/logs/slow") == _read(f"{old}/logs/slow") == b"".join(CHUNKS)
        assert [_read(f"{new}/files/slow") for _ in range(ROUNDS)] == [b"".join(CHUNKS)] * ROUNDS
        for path in ("files/endless", "logs/endless"):
            for _ in range(ROUNDS):
                _go_away(f"{new}/{path}")
            assert _is_free_again(f"{new}/logs/slow")


def _is_free_again(url: str, seconds: float = 3.0) -> bool:
    """Answer whether the pool has connections again, once the server has seen who went away."""
    deadline = time.monotonic() + seconds
    while _read(url) != b"".join(CHUNKS):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
