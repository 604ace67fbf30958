"""Two units of work in one process of a fixture's, on either side of the rewrite."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from fixture_cases import FIXTURES, Case, write_tree

from ..service import serve
from ..upstream import Upstream

SIDES = pytest.mark.parametrize(("side", "connections"), [("before", 2), ("after", 1)])
"""Which half runs, and how many connections two requests to the upstream take then."""

_TROUBLE = re.compile(r"Traceback|Warning|Exception ignored|unclosed|Error")
_LISTENER = re.compile(
    r"Exception ignored in: <socket\.socket (?:(?!raddr)[^\n])*\n"
    r"(?:Traceback[^\n]*\n(?: [^\n]*\n)*)?ResourceWarning[^\n]*\n"
)
"""What Python says of a socket that listened and that a server did not close: it is not connected."""


def lay_out(case: str, side: str, directory: Path) -> None:
    """Write one half of a case of `client-per-request` into a directory."""
    found = Case(FIXTURES / "client-per-request" / case)
    write_tree(found.before if side == "before" else found.after, directory)


def serve_two_requests(
    directory: Path, upstream: Upstream, *, application: str = "", program: str = "", path: str = "/prices"
) -> int:
    """Start an application, ask it twice, stop it cleanly, and return the connections that it opened."""
    environment = {"PRICES_URL": upstream.url}
    options = {"program": program} if program else {}
    with serve(directory, application, environment, **options) as service:
        with httpx.Client(base_url=service.url, trust_env=False, timeout=20.0) as visitor:
            for sku in ("1", "2"):
                answer = visitor.get(f"{path}/{sku}")
                assert answer.status_code == 200, f"{answer.text}\n{service.said.read_text()}"
                assert answer.json()["target"] == f"/echo/{sku}"
        assert service.stop() == 0, service.said.read_text()
        said = _LISTENER.sub("", service.said.read_text())
        assert _TROUBLE.search(said) is None, said
    assert upstream.wait_until_idle()
    return upstream.connections


def run_program(directory: Path, upstream: Upstream, code: str, **environment: str) -> str:
    """Run a program next to the modules of a case, hold it to say no warning, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", code],
        cwd=directory,
        env=environment_of(upstream, **environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, ""), f"{done.returncode}: {done.stderr}"
    return done.stdout


def environment_of(upstream: Upstream, **more: str) -> Mapping[str, str]:
    """Return the environment of a process that finds its upstream on the loopback."""
    return {**os.environ, "PYTHONWARNINGS": "", "PRICES_URL": upstream.url, **more}
