"""`lasting_http_client()` and its twin: one client for the whole process, whatever starts, stops or forks."""

from __future__ import annotations

import asyncio
import gc
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock, call, patch

import pytest
import respx
from pytest_httpx import HTTPXMock

from .generated import literal, load, plain_pools, pool, render
from .laboratory import Lab, run
from .test_borrowed_proxies import PROXY, URLS
from .upstream import Upstream

only_httpx = pytest.mark.parametrize("library", ["httpx"], indirect=True)


@pytest.fixture(scope="session")
def lasting_owners(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    """The modules with all four lenders, by library."""
    return {
        library: load(
            render(pools=[replace(one, lasts=True) for one in plain_pools(library)]),
            tmp_path_factory.mktemp(library),
        )
        for library in ("httpx", "httpx2")
    }


@pytest.fixture
def lab(lab: Lab, library: str, lasting_owners: dict[str, ModuleType]) -> Lab:
    owner = lasting_owners[library]
    assert owner.__file__ is not None
    return replace(lab, owner=owner, directory=Path(owner.__file__).parent)


async def _statuses(lab: Lab, client: Any, count: int = 3) -> list[int]:
    return [(await client.get(f"{lab.url}/echo")).status_code for _ in range(count)]


def _forget(*clients: Any) -> None:
    """Drop connections of loops that are gone here, and not in another test."""
    for client in clients:
        client._transport = None
        client._mounts = {}
    gc.collect()


def test_an_application_that_starts_twice_closes_its_connections_each_time(lab: Lab) -> None:
    client, sync_client = lab.owner.lasting_http_client(), lab.owner.lasting_sync_http_client()

    async def work() -> list[int]:
        return [*await _statuses(lab, client), sync_client.get(lab.url).status_code]

    for starts in (1, 2, 3):
        assert lab.run(work) == [200] * 4
        assert lab.upstream.connections == 2 * starts
        assert lab.upstream.wait_until_idle()


def test_connections_are_those_of_clients_that_borrow(lab: Lab) -> None:
    client, other = lab.owner.lasting_http_client(), lab.owner.lasting_http_client()

    async def work() -> None:
        assert await lab.fetch() == 200
        assert await _statuses(lab, client) + await _statuses(lab, other) == [200] * 6

    lab.run(work)
    assert lab.upstream.connections == 1


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_every_event_loop_works_where_a_plain_client_fails_on_the_second(lab: Lab) -> None:
    client, plain = lab.owner.lasting_http_client(), lab.fresh()
    for runs in (run, run, lab.run, run, lab.run):
        assert runs(lambda: _statuses(lab, client)) == [200] * 3
    assert lab.upstream.connections == 5
    assert run(lambda: _statuses(lab, plain)) == [200] * 3
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        run(lambda: _statuses(lab, plain))
    _forget(client, plain)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_connections_of_loops_that_are_gone_are_not_kept(lab: Lab) -> None:
    client = lab.owner.lasting_http_client()

    async def work() -> None:
        assert await _statuses(lab, client, 1) == [200]

    async def last() -> None:
        await work()
        await client.aclose()

    for _ in range(4):
        run(work)
        assert len(client._transport._own) == 1
    run(last)
    gc.collect()
    assert not client._transport._own
    assert lab.upstream.wait_until_idle()


def test_threads_with_loops_of_their_own_share_one_client(lab: Lab) -> None:
    client = lab.owner.lasting_http_client()

    async def work() -> list[list[int]]:
        threads = (asyncio.to_thread(lab.run, lambda: _statuses(lab, client)) for _ in range(3))
        return list(await asyncio.gather(_statuses(lab, client), *threads))

    assert lab.run(work) == [[200] * 3] * 4
    assert lab.upstream.connections == 4
    assert lab.upstream.wait_until_idle()


def test_sync_threads_share_one_client(lab: Lab) -> None:
    client = lab.owner.lasting_sync_http_client()

    async def work() -> list[int]:
        with ThreadPoolExecutor(4) as threads:
            return list(threads.map(lambda _: client.get(lab.url).status_code, range(20)))

    assert lab.run(work) == [200] * 20
    assert lab.upstream.connections <= 4
    assert lab.upstream.wait_until_idle()


def test_closed_by_hand_it_leaves_the_pool_open(lab: Lab) -> None:
    async def work() -> None:
        client, sync_client = lab.owner.lasting_http_client(), lab.owner.lasting_sync_http_client()
        assert await _statuses(lab, client) == [200] * 3
        assert sync_client.get(lab.url).status_code == 200
        await client.aclose()
        sync_client.close()
        with pytest.raises(RuntimeError, match="the client has been closed"):
            await client.get(lab.url)
        assert [await lab.fetch(), lab.fetch_sync()] == [200, 200]
        assert lab.upstream.connections == 2

    lab.run(work)
    assert lab.upstream.wait_until_idle()


def test_closed_by_hand_where_no_application_runs_it_closes_its_own(lab: Lab) -> None:
    async def work() -> bool:
        async with lab.owner.lasting_http_client() as client:
            await _statuses(lab, client)
        with lab.owner.lasting_sync_http_client() as sync_client:
            sync_client.get(lab.url)
        return await asyncio.to_thread(lab.upstream.wait_until_idle)

    assert run(work)
    assert lab.upstream.connections == 2


def test_headers_cookies_and_the_rest_are_each_clients_own(lab: Lab) -> None:
    seen: list[str] = []

    async def note(request: Any) -> None:
        seen.append(request.url.path)

    mine = lab.owner.lasting_http_client(
        base_url=lab.url, headers={"X-User": "anne"}, auth=("anne", "secret"), event_hooks={"request": [note]}
    )
    theirs = lab.owner.lasting_http_client(base_url=lab.url, timeout=3)

    async def work() -> None:
        await mine.get("/cookie/user=anne")
        await theirs.get("/echo")
        await mine.get("/echo")

    lab.run(work)
    _, other, own = lab.upstream.requests
    assert [own.header(name) for name in ("Cookie", "X-User")] == ["user=anne", "anne"]
    assert own.header("Authorization").startswith("Basic ")
    assert [other.header(name) for name in ("Cookie", "X-User", "Authorization")] == [""] * 3
    assert seen == ["/cookie/user=anne", "/echo"]
    assert (mine.timeout, theirs.timeout) == (lab.owner.TIMEOUT, lab.library.Timeout(3))


def test_one_request_is_one_log_record(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    client = lab.owner.lasting_http_client()
    with caplog.at_level(logging.INFO, logger=lab.library.__name__):
        lab.run(lambda: _statuses(lab, client, 1))
    assert [record.getMessage() for record in caplog.records if record.name == lab.library.__name__] == [
        f'HTTP Request: GET {lab.url}/echo "HTTP/1.1 200 Status"'
    ]


def test_a_stream_gives_its_connection_back(lab: Lab) -> None:
    client = lab.owner.lasting_http_client()

    async def work() -> None:
        for _ in range(3):
            async with client.stream("GET", f"{lab.url}/chunked/3") as response:
                assert await response.aread() == b"xxx"
        async with client.stream("GET", f"{lab.url}/endless") as response:
            assert await anext(response.aiter_raw())
        assert await lab.fetch() == 200

    lab.run(work)
    assert lab.upstream.connections == 2
    assert lab.upstream.wait_until_idle()


def test_streams_that_nobody_closed_end_with_the_application(lab: Lab) -> None:
    client = lab.owner.lasting_http_client()

    async def work() -> Any:
        request = client.build_request("GET", f"{lab.url}/endless")
        return await client.send(request, stream=True)

    lab.run(work)
    assert lab.upstream.wait_until_idle()


@pytest.mark.parametrize("environment", [{}, PROXY, {**PROXY, "NO_PROXY": "shop.example"}])
def test_each_url_takes_the_way_of_a_plain_client(
    lab: Lab, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def routes(client: Any) -> list[str]:
        transports = (client._transport_for_url(lab.library.URL(url)) for url in URLS)
        return [str(getattr(transport._pool, "_proxy_url", "")) for transport in transports]

    async def work() -> list[str]:
        return routes(lab.owner.lasting_http_client()._transport._find_pool())

    assert lab.run(work) == run(work) == routes(lab.fresh())


def test_a_proxy_of_the_environment_gets_the_request(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    client = lab.owner.lasting_http_client()
    with Upstream() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)

        async def work() -> int:
            return int((await client.get("http://shop.example/echo")).status_code)

        assert lab.run(work) == 200
        assert [request.target for request in proxy.requests] == ["http://shop.example/echo"]


def test_a_callers_own_pool_arguments_make_a_client_without_the_pool(lab: Lab) -> None:
    client = lab.owner.lasting_http_client(verify=False)

    async def work() -> None:
        assert await lab.fetch() == 200
        assert await _statuses(lab, client) == [200] * 3
        await client.aclose()

    lab.run(work)
    assert lab.upstream.connections == 2


def test_arguments_of_the_pool_are_kept(library: str, tmp_path: Path) -> None:
    arguments = literal("verify", "False"), literal("timeout", "3.0")
    unverified = replace(pool(library, "AsyncClient", "bank", *arguments), lends=False, lasts=True)
    owner = load(render(pools=[unverified]), tmp_path)
    client = owner.lasting_bank_client()

    async def verify_mode() -> int:
        return int(client._transport._find_pool()._transport._pool._ssl_context.verify_mode)

    async def within() -> int:
        async with owner.http_lifespan(None):
            return await verify_mode()

    assert (run(verify_mode), run(within), client.timeout.read) == (0, 0, 3.0)
    assert not hasattr(owner, "bank_client")


def test_a_mocked_class_gets_the_callers_arguments(lab: Lab) -> None:
    with patch(f"{lab.library.__name__}.AsyncClient") as mock:
        client = lab.owner.lasting_http_client(base_url=lab.url, timeout=3)
    assert client is mock.return_value
    assert mock.call_args_list == [call(base_url=lab.url, timeout=3)]


def test_a_class_that_is_replaced_later_changes_nothing(lab: Lab) -> None:
    client = lab.owner.lasting_http_client()
    for runs in (run, lab.run):
        with patch(f"{lab.library.__name__}.AsyncClient", Mock(side_effect=ZeroDivisionError)):

            async def work() -> list[int]:
                found = await _statuses(lab, client)
                await client._transport.aclose()
                return found

            assert runs(work) == [200] * 3


@only_httpx
def test_respx_fakes_a_client_that_was_made_before(lab: Lab) -> None:
    client = lab.owner.lasting_http_client()
    for runs in (run, lab.run):
        with respx.mock() as router:
            route = router.get(f"{lab.url}/echo").respond(299)
            assert runs(lambda: _statuses(lab, client, 1)) == [299]
            assert route.call_count == 1
    assert lab.upstream.connections == 0


@only_httpx
def test_pytest_httpx_fakes_a_client_that_was_made_before(lab: Lab, httpx_mock: HTTPXMock) -> None:
    client = lab.owner.lasting_http_client()
    for runs in (run, lab.run):
        httpx_mock.add_response(url=f"{lab.url}/echo", status_code=299)
        assert runs(lambda: _statuses(lab, client, 1)) == [299]
    assert lab.upstream.connections == 0


FORK = """\
import asyncio, os, sys
import generated_owner as owner

URL = sys.argv[1]
client, sync_client = owner.lasting_http_client(), owner.lasting_sync_http_client()


async def fetch(tag):
    return (await client.get(f"{URL}/{tag}")).json()["target"] == f"/{tag}"


def fetch_sync(tag):
    return sync_client.get(f"{URL}/{tag}").json()["target"] == f"/{tag}"


async def fetch_all(name):
    async with owner.http_lifespan(None):
        answers = [await fetch(f"{name}-{n}") for n in range(10)]
        return all(answers) and all(fetch_sync(f"{name}-sync-{n}") for n in range(10))


def child(name):
    right = False
    try:
        right = asyncio.run(fetch_all(name))
    finally:
        os._exit(0 if right else 1)


assert fetch_sync("alone")
assert asyncio.run(fetch_all("warm"))
children = []
for name in ("anne", "emma"):
    pid = os.fork()
    if not pid:
        child(name)
    children.append(pid)
assert asyncio.run(fetch_all("parent"))
print([os.waitpid(pid, 0)[1] for pid in children])
sync_client.close()
"""


def test_after_a_fork_each_process_gets_its_own_answers(lab: Lab) -> None:
    assert lab.run_program(FORK) == "[0, 0]\n"
    assert lab.upstream.connections == 1 + 2 * 4
    assert lab.upstream.wait_until_idle()
