"""Pools for each value of what is decided on each call, served for real before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fixture_cases import write_tree

from .generated import load, pool, render
from .laboratory import Lab, run
from .served_cases import find_case
from .service import Service, serve
from .upstream import Received, Reply, Upstream, as_json

_ROUNDS = 3
_MOST, _MORE = 100, 3
"""How many pools there are at most, and how many values more."""
_SIDES = pytest.mark.parametrize(("side", "rounds"), [("before", _ROUNDS), ("after", 1)])
"""Which half runs, and how many connections as many rounds take there for each value."""


def _answer_as_proxy(request: Received) -> Reply:
    return as_json({"target": request.target})


@pytest.fixture
def proxies() -> Iterator[tuple[Upstream, ...]]:
    with ExitStack() as open_ones:
        yield tuple(open_ones.enter_context(Upstream(_answer_as_proxy)) for _ in range(2))


def _ask(service: Service, path: str, **given: str) -> str:
    with httpx.Client(base_url=service.url, trust_env=False, timeout=20.0) as browser:
        response = browser.get(path, params=given)
    assert response.status_code == 200, service.said.read_text()
    return response.text


@_SIDES
def test_each_value_has_connections_of_its_own(
    side: str, rounds: int, upstream: Upstream, proxies: tuple[Upstream, ...], tmp_path: Path
) -> None:
    case = find_case("client-per-request/value-chosen-per-call")
    write_tree(case.before if side == "before" else case.after, tmp_path)
    known = {"RELAY_PROXIES": ",".join(proxy.url for proxy in proxies), "PYTHONHASHSEED": "0"}
    with serve(tmp_path, "relay.main:app", known) as service:
        for _ in range(_ROUNDS):
            _ask(service, "/checked", url=upstream.url, check="true")
            _ask(service, "/checked", url=upstream.url, check="false")
            _ask(service, "/trusted", url=upstream.url, insecure="true")
            _ask(service, "/trusted", url=upstream.url)
            for key in ("a", "b", "c", "d", "e"):
                assert "shop.test" in _ask(service, "/through", url="http://shop.test/books", key=key)
        assert service.stop() == 0
        assert "ResourceWarning" not in service.said.read_text()
    assert upstream.connections == 4 * rounds
    assert sum(len(proxy.requests) for proxy in proxies) == 5 * _ROUNDS
    shared = [1, 1] if side == "after" else [len(proxy.requests) for proxy in proxies]
    assert [proxy.connections for proxy in proxies] == shared
    assert all(one.wait_until_idle() for one in (upstream, *proxies))


def test_values_beyond_the_most_have_connections_of_their_own(lab: Lab) -> None:
    """A hundred pools, and no more: clients of the values that come then are as before."""
    choosing = replace(pool(lab.library.__name__, "AsyncClient"), chosen=("proxy",))
    owner: Any = load(render(pools=(choosing,)), lab.directory, "choosing")

    async def ask_twice_through_each() -> None:
        async with owner.http_lifespan(object()):
            for number in range(_MOST + _MORE):
                for _ in range(2):
                    async with owner.http_client(proxy=f"http://user{number}:pages@{address}") as client:
                        assert (await client.get("http://shop.test/books")).status_code == 200

    with Upstream(_answer_as_proxy) as proxy:
        address = proxy.url.partition("://")[2]
        run(ask_twice_through_each, seconds=30)
        assert proxy.connections == _MOST + 2 * _MORE
        assert proxy.wait_until_idle()
