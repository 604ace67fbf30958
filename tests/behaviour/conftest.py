"""The laboratory: both libraries, the generated module, an upstream, and no proxies from outside."""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from httpx_fixer.settings import Policy

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


@pytest.fixture(scope="session")
def owners(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, Policy], ModuleType]:
    """The modules with `http_client()` and `sync_http_client()`, by library and policy."""
    return {
        (library, policy): load(
            render(pools=plain_pools(library), policy=policy), tmp_path_factory.mktemp(library)
        )
        for library in ("httpx", "httpx2")
        for policy in (Policy(), SMALL)
    }


def _lab(library: str, owner: ModuleType, upstream: Upstream) -> Lab:
    assert owner.__file__ is not None
    return Lab(importlib.import_module(library), owner, upstream, Path(owner.__file__).parent)


@pytest.fixture
def lab(library: str, owners: dict[tuple[str, Policy], ModuleType], upstream: Upstream) -> Lab:
    """A laboratory with pools of the usual size."""
    return _lab(library, owners[library, Policy()], upstream)


@pytest.fixture
def small_lab(library: str, owners: dict[tuple[str, Policy], ModuleType], upstream: Upstream) -> Lab:
    """One with two connections a pool, which nobody awaits for more than half a second."""
    return _lab(library, owners[library, SMALL], upstream)


@pytest.fixture
def unused_tcp_port() -> int:
    """A port on which nobody listens: bound for a moment, and let go."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
