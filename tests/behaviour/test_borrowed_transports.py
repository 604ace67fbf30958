"""Pools whose arguments are made for each client: transports, mounts, and what a function returns."""

from __future__ import annotations

import importlib
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar
from unittest.mock import Mock

import pytest

from httpx_fixer.analysis.site_facts import SpecArgument

from .generated import literal, load, pool, render
from .laboratory import run
from .upstream import Received, Reply, Upstream, as_json

T = TypeVar("T")
KINDS = {"AsyncClient": "AsyncHTTPTransport", "Client": "HTTPTransport"}
REFUSING_S = 0.15
"""Longer than the first two attempts, which httpcore makes at once; the third comes 0.5 s later."""
TLS = """\
import ssl

made = []


def ssl_context():
    made.append(ssl.create_default_context())
    return made[-1]
"""


def _made(name: str, code: str) -> SpecArgument:
    return replace(literal(name, code), late_imports=(("upstream_tls", "ssl_context", "ssl_context"),))


def _owner(library: str, directory: Path, *arguments: SpecArgument, lasts: bool = False) -> ModuleType:
    """Load a module with `special_client()` and `sync_special_client()` beside the plain ones."""
    pools = [
        pool(library, kind, key, *(replace(one, code=one.code.replace("@", KINDS[kind])) for one in given))
        for kind in KINDS
        for key, given in (("", ()), ("special", arguments))
    ]
    text = render(pools=[replace(one, lasts=lasts) for one in pools])
    return load(text, directory, f"owner_{library}_{directory.name}")


def _transports(library: str, arguments: str = "") -> SpecArgument:
    return literal("transport", f"{library}.@({arguments}**limits)")


async def _visit(owner: ModuleType, kind: str, url: str) -> Any:
    if kind == "AsyncClient":
        async with owner.special_client() as client:
            return (await client.get(url)).json()
    with owner.sync_special_client() as client:
        return client.get(url).json()


def _run_started(owner: ModuleType, work: Callable[[], Awaitable[T]]) -> T:
    async def within() -> T:
        async with owner.http_lifespan(None):
            return await work()

    return run(within)


@contextmanager
def _late_server() -> Iterator[str]:
    """A server that nobody answers for at first; a connection to it is refused until it listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            server.listen()
            connection, _ = server.accept()
            with connection:
                while b"\r\n\r\n" in connection.recv(4096):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        timer = threading.Timer(REFUSING_S, serve)
        timer.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            timer.join(5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_is_tried_again_and_then_shared(library: str, tmp_path: Path, kind: str) -> None:
    owner = _owner(library, tmp_path, _transports(library, "retries=3, "))

    async def work() -> list[Any]:
        return [await _visit(owner, kind, url) for _ in range(5)]

    with _late_server() as url:  # takes one connection, and no other
        assert _run_started(owner, work) == [{}] * 5


def _answer_as_proxy(request: Received) -> Reply:
    return as_json({"by": "proxy", "target": request.target})


@pytest.mark.parametrize("started", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_each_url_takes_the_way_of_its_mount(
    library: str, upstream: Upstream, tmp_path: Path, kind: str, started: bool
) -> None:
    with Upstream(_answer_as_proxy) as proxy:
        proxied = f'{library}.@(proxy="{proxy.url}", **limits)'
        mounts = literal("mounts", f'{{"http://": {proxied}, "all://127.0.0.1": None}}')
        owner = _owner(library, tmp_path, mounts)

        async def work() -> None:
            for _ in range(5):
                far = await _visit(owner, kind, "http://shop.test/books")
                assert far == {"by": "proxy", "target": "http://shop.test/books"}
                assert (await _visit(owner, kind, f"{upstream.url}/near"))["target"] == "/near"

        _run_started(owner, work) if started else run(work)
        assert [proxy.connections, upstream.connections] == ([1, 1] if started else [5, 5])
        assert proxy.wait_until_idle()
        assert upstream.wait_until_idle()


@pytest.mark.parametrize("kind", KINDS)
def test_a_transport_of_its_own_takes_no_proxy_of_the_environment(
    library: str, upstream: Upstream, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    owner = _owner(library, tmp_path, _transports(library))

    async def work() -> list[Any]:
        return [(await _visit(owner, kind, f"{upstream.url}/near"))["target"] for _ in range(3)]

    assert _run_started(owner, work) == ["/near"] * 3
    assert upstream.connections == 1


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_connections_as_the_policy_says(library: str, tmp_path: Path, kind: str) -> None:
    owner = _owner(library, tmp_path, _transports(library))

    async def work() -> int:
        client = owner.special_client() if kind == "AsyncClient" else owner.sync_special_client()
        return int(client._transport._transport._pool._max_connections)

    async def work_alone() -> int:
        client = owner.special_client() if kind == "AsyncClient" else owner.sync_special_client()
        return int(client._transport._pool._max_connections)

    assert _run_started(owner, work) == 600
    assert run(work_alone) == 100


def test_a_client_alone_has_a_transport_alone(library: str, upstream: Upstream, tmp_path: Path) -> None:
    owner = _owner(library, tmp_path, _transports(library))

    async def work() -> None:
        async with owner.special_client() as client:
            async with owner.special_client() as other:
                await other.get(upstream.url)
            assert (await client.get(upstream.url)).status_code == 200

    run(work)
    assert upstream.wait_until_idle()


def test_own_pool_options_and_a_timeout_are_those_of_the_caller(library: str, tmp_path: Path) -> None:
    slow = literal("timeout", f"{library}.Timeout(7)")
    owner = _owner(library, tmp_path, slow, _transports(library))

    async def work() -> list[float]:
        clients = [owner.special_client(), owner.special_client(timeout=3), owner.http_client()]
        return [client.timeout.read for client in clients]

    assert _run_started(owner, work) == [7, 3, 30]
    assert run(work) == [7, 3, 30]


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module that makes TLS contexts and is not imported yet."""
    (tmp_path / "upstream_tls.py").write_text(TLS)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("upstream_tls", None)
    yield importlib.import_module("upstream_tls")
    sys.modules.pop("upstream_tls", None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_is_called_once_a_pool(
    library: str, upstream: Upstream, tmp_path: Path, tls: ModuleType, kind: str
) -> None:
    owner = _owner(library, tmp_path, _made("verify", "ssl_context()"))
    assert tls.made == []

    async def work() -> None:
        for _ in range(4):
            await _visit(owner, kind, f"{upstream.url}/x")

    _run_started(owner, work)
    assert (len(tls.made), upstream.connections) == (1, 1)
    run(work)
    assert (len(tls.made), upstream.connections) == (5, 5)


def test_a_class_that_a_test_puts_in_place_gets_what_it_got_before(
    library: str, tmp_path: Path, tls: ModuleType
) -> None:
    owner = _owner(library, tmp_path, _made("verify", "ssl_context()"))
    build = Mock(__module__="tests")

    async def work() -> None:
        owner._borrow("special_client", build, {"timeout": 3})

    _run_started(owner, work)
    build.assert_called_once_with(verify=tls.made[0], timeout=3)


@pytest.mark.parametrize("kind", KINDS)
def test_clients_that_last_use_the_pool(library: str, upstream: Upstream, tmp_path: Path, kind: str) -> None:
    owner = _owner(library, tmp_path, _transports(library, "retries=1, "), lasts=True)
    prefix = "" if kind == "AsyncClient" else "sync_"
    clients = [getattr(owner, f"lasting_{prefix}special_client")() for _ in range(2)]

    async def work() -> None:
        for client in [*clients, *clients]:
            answer = client.get(upstream.url)
            assert (await answer if kind == "AsyncClient" else answer).status_code == 200

    _run_started(owner, work)
    assert upstream.connections == 1
    assert upstream.wait_until_idle()
