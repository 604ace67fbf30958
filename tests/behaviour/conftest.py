"""The laboratory: both libraries, the generated module, an upstream, and no proxies from outside."""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import certifi
import pytest

from httpx_fixer.settings import Policy

from .generated import SMALL, load, plain_pools, render
from .laboratory import Lab
from .upstream import Upstream


@pytest.fixture(scope="package", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No proxies, and one trusted certificate: to load all takes 20 ms a client, thousands of times."""
    bundle = Path(certifi.where()).read_text()
    end = "-----END CERTIFICATE-----"
    trusted = tmp_path_factory.mktemp("trusted") / "one.pem"
    trusted.write_text(bundle[: bundle.index(end)] + f"{end}\n")
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                environment.delenv(name)
        environment.delenv("SSL_CERT_DIR", raising=False)
        environment.setenv("SSL_CERT_FILE", str(trusted))
        yield


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
