"""Proxies of the environment act on borrowed clients as on fresh ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from .laboratory import Lab, run
from .upstream import Received, Reply, Upstream, as_json

PROXY = {"HTTP_PROXY": "http://web.proxy:1", "HTTPS_PROXY": "http://tls.proxy:2"}
NO_PROXY = [
    "*",
    "shop.example,*",
    "localhost",
    "LOCALHOST",
    ".example",
    "shop.example",
    "*.example",
    "10.0.0.1",
    "10.0.0.0/8",
    "10.0.0.0/99",
    "::1",
    "::1/64",
    "[::1]",
    "http://shop.example",
    "shop.example:8080",
    "shop.example/books",
    "fe80::1%eth0",
    "",
    " , ,",
    " localhost , shop.example ",
    "10.0.0.1:80",
    "10.0",
]
ENVIRONMENTS: list[dict[str, str]] = [
    {},
    PROXY,
    {"HTTP_PROXY": "web.proxy:1"},
    {"http_proxy": "http://lower.proxy:1", "HTTP_PROXY": "http://upper.proxy:1"},
    {"HTTPS_PROXY": "https://tls.proxy:2"},
    {"ALL_PROXY": "http://user:pass@all.proxy:3"},
    {"ALL_PROXY": "http://all.proxy:3", "HTTP_PROXY": ""},
    {"ALL_PROXY": "socks5://socks.proxy:4"},
    {"ALL_PROXY": "nonsense://all.proxy:5"},
    {**PROXY, "REQUEST_METHOD": "GET"},
    {"TRAVIS_APT_PROXY": "http://apt.proxy:6", "FTP_PROXY": "http://ftp.proxy:7"},
    {"NO_PROXY": "shop.example"},
    *[{**PROXY, "NO_PROXY": hosts} for hosts in NO_PROXY],
    {"ALL_PROXY": "http://all.proxy:3", "no_proxy": "shop.example"},
]
HOSTS = [
    "shop.example",
    "books.shop.example",
    "shop.example:8080",
    "myshop.example",
    "localhost",
    "localhost:9",
    "127.0.0.1",
    "10.0.0.1",
    "10.0.0.1:8080",
    "10.9.9.9",
    "[::1]",
    "[::1]:8080",
    "[fe80::1]",
]
URLS = [f"{scheme}://{host}/x" for scheme in ("http", "https") for host in HOSTS]
OWN: list[dict[str, Any]] = [{}, {"trust_env": False}, {"proxy": "http://own.proxy:8"}, {"verify": False}]
"""Arguments of the caller; all but the first make a client of its own."""


def _routes(lab: Lab, build: Callable[..., Any], options: dict[str, Any]) -> list[str]:
    """Return the proxy that a client uses for each URL, "" for none; or why it cannot be built."""
    try:
        client = build(**options)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return [_proxy_of(client._transport_for_url(lab.library.URL(url))) for url in URLS]


def _proxy_of(transport: Any) -> str:
    pool = getattr(transport, "_transport", transport)._pool
    proxy = getattr(pool, "_proxy_url", None)
    if proxy is None:
        return ""
    secret = getattr(pool, "_proxy_auth", None) or getattr(pool, "_proxy_headers", "")
    return f"{proxy} {secret} {pool._max_connections}"


@pytest.mark.parametrize("number", range(len(ENVIRONMENTS)))
def test_each_url_takes_the_same_way(lab: Lab, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENTS[number].items():
        monkeypatch.setenv(name, value)
    for options in OWN:

        async def borrow(options: dict[str, Any] = options) -> list[str]:
            return _routes(lab, lab.owner.http_client, options)

        limits = {} if options else {"limits": lab.owner.LIMITS}
        assert lab.run(borrow) == _routes(lab, lab.fresh, {**limits, **options})
        assert run(borrow) == _routes(lab, lab.fresh, options)


def _answer_as_proxy(request: Received) -> Reply:
    if request.method == "CONNECT":
        return as_json({}, 403)
    return as_json({"by": "proxy", "target": request.target, "auth": request.header("Proxy-Authorization")})


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_proxy_of_the_environment_is_used_and_its_connections_shared(
    lab: Lab, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Upstream(_answer_as_proxy) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url.replace("//", "//anne:secret@"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

        async def visit(url: str) -> Any:
            if kind == "async":
                async with lab.owner.http_client() as client:
                    return (await client.get(url)).json()
            with lab.owner.sync_http_client() as client:
                return client.get(url).json()

        async def work() -> None:
            target = "http://shop.example/books?q=1"
            answers = [await visit(target) for _ in range(10)]
            basic = "Basic YW5uZTpzZWNyZXQ="
            assert answers == [{"by": "proxy", "target": target, "auth": basic}] * 10
            assert (await visit(f"{lab.url}/direct"))["target"] == "/direct"
            with pytest.raises(lab.library.ProxyError, match="403"):
                await visit("https://shop.example/books")

        lab.run(work)
        assert proxy.connections == 2
        assert lab.upstream.connections == 1
        assert proxy.wait_until_idle()
        assert lab.upstream.wait_until_idle()


def test_a_stream_through_a_proxy_is_closed_with_its_client(
    small_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", small_lab.url)

    async def leave_open() -> None:
        async with small_lab.owner.http_client() as client:
            request = client.build_request("GET", "http://shop.example/endless")
            await client.send(request, stream=True)

    async def work() -> None:
        for _ in range(3):
            await asyncio.gather(leave_open(), leave_open())
        assert await asyncio.to_thread(small_lab.upstream.wait_until_idle)

    small_lab.run(work)
    assert small_lab.upstream.connections == 6
