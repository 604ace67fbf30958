"""The laboratory: both libraries, the generated module, an upstream, and no proxies from outside."""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from .generated import SMALL, load, plain_pools, render
from .laboratory import Lab
from .upstream import Upstream


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT"):
            monkeypatch.delenv(name)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lab(library: str, upstream: Upstream, tmp_path: Path) -> Lab:
    """A module with `http_client()` and `sync_http_client()` over pools of the usual size."""
    owner = load(render(pools=plain_pools(library)), tmp_path)
    return Lab(importlib.import_module(library), owner, upstream, tmp_path)


@pytest.fixture
def small_lab(library: str, upstream: Upstream, tmp_path: Path) -> Lab:
    """The same with two connections a pool, which nobody awaits for more than half a second."""
    owner = load(render(pools=plain_pools(library), policy=SMALL), tmp_path)
    return Lab(importlib.import_module(library), owner, upstream, tmp_path)


@pytest.fixture
def unused_tcp_port() -> int:
    """A port on which nobody listens: bound for a moment, and let go."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
