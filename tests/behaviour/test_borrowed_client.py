"""`http_client()` and `sync_http_client()`: whose connections are used, and who closes them."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from .generated import literal, load, pool, render
from .laboratory import Lab, run


def test_without_a_lifespan_each_client_opens_and_closes_connections_of_its_own(lab: Lab) -> None:
    async def work() -> list[int]:
        return [await lab.fetch(), await lab.fetch()]

    assert run(work) == [200, 200]
    assert lab.upstream.connections == 2
    assert lab.upstream.wait_until_idle()


def test_sync_without_a_lifespan_each_client_opens_and_closes_connections_of_its_own(lab: Lab) -> None:
    assert [lab.fetch_sync(), lab.fetch_sync()] == [200, 200]
    assert lab.upstream.connections == 2
    assert lab.upstream.wait_until_idle()


def test_without_a_lifespan_only_the_tls_context_is_shared(lab: Lab) -> None:
    first, second = lab.owner.sync_http_client(), lab.owner.sync_http_client()
    with first, second:
        one, other = first._transport._pool, second._transport._pool
        assert one is not other
        assert one._ssl_context is other._ssl_context
        assert one._max_connections == 100


def test_under_a_lifespan_connections_are_shared_and_closed_with_it(lab: Lab) -> None:
    async def work() -> list[int]:
        return [*[await lab.fetch() for _ in range(5)], *[lab.fetch_sync() for _ in range(5)]]

    assert lab.run(work) == [200] * 10
    assert lab.upstream.connections == 2
    assert lab.upstream.wait_until_idle()


def test_asyncio_run_works_again_and_again(lab: Lab) -> None:
    async def work() -> list[int]:
        return [await lab.fetch(), await lab.fetch()]

    for runs in (lab.run, run, run, lab.run, lab.run, run):
        assert runs(work) == [200, 200]
    assert lab.upstream.connections == 3 * 1 + 3 * 2
    assert lab.upstream.wait_until_idle()


def test_a_thread_with_a_loop_of_its_own_has_connections_of_its_own(lab: Lab) -> None:
    async def own_loop() -> list[int]:
        return [await lab.fetch() for _ in range(10)]

    async def work() -> list[list[int]]:
        threads = [asyncio.to_thread(run, own_loop) for _ in range(3)]
        return list(await asyncio.gather(own_loop(), own_loop(), *threads))

    assert lab.run(work) == [[200] * 10] * 5
    assert lab.upstream.connections <= 2 + 3 * 10
    assert lab.upstream.wait_until_idle()


def test_a_client_made_outside_of_any_loop_is_private(lab: Lab) -> None:
    async def work() -> bool:
        client = await asyncio.to_thread(lab.owner.http_client)
        async with client:
            await client.get(lab.url)
        return await asyncio.to_thread(lab.upstream.wait_until_idle)

    assert lab.run(work)


@pytest.mark.parametrize("first_out", [0, 1])
def test_two_applications_on_one_loop_close_in_either_order(lab: Lab, first_out: int) -> None:
    async def work() -> None:
        both = [lab.lifespan(), lab.lifespan()]
        for lifespan in both:
            await lifespan.__aenter__()
            assert [await lab.fetch(), lab.fetch_sync()] == [200, 200]
        await both.pop(first_out).__aexit__(None, None, None)
        assert [await lab.fetch(), lab.fetch_sync()] == [200, 200]
        assert lab.upstream.connections == 2
        await both.pop().__aexit__(None, None, None)

    run(work)
    assert lab.upstream.wait_until_idle()
    assert not lab.owner._pools
    assert not lab.owner._sync_pools


def test_two_applications_on_two_loops_close_in_either_order(lab: Lab) -> None:
    inner_runs, outer_is_over = threading.Event(), threading.Event()

    async def inner() -> int:
        inner_runs.set()
        await asyncio.to_thread(outer_is_over.wait, 5)
        return lab.fetch_sync() + await lab.fetch()

    async def outer() -> asyncio.Future[int]:
        other = asyncio.get_running_loop().run_in_executor(None, lab.run, inner)
        await asyncio.to_thread(inner_runs.wait, 5)
        return other

    async def work() -> int:
        async with lab.lifespan():
            lab.fetch_sync()
            other = await outer()
        outer_is_over.set()
        return await other

    assert run(work) == 400
    assert lab.upstream.connections == 2
    assert lab.upstream.wait_until_idle()


def test_a_client_that_outlives_the_lifespan_works_and_closes_what_it_opened(lab: Lab) -> None:
    async def work() -> list[int]:
        client, sync_client = lab.owner.http_client(), lab.owner.sync_http_client()
        async with lab.lifespan():
            client, sync_client = lab.owner.http_client(), lab.owner.sync_http_client()
            await client.get(lab.url)
            sync_client.get(lab.url)
        assert lab.upstream.wait_until_idle()
        answers = [await client.get(lab.url), sync_client.get(lab.url)]
        await client.aclose()
        sync_client.close()
        return [answer.status_code for answer in answers]

    assert run(work) == [200, 200]
    assert lab.upstream.wait_until_idle()


def test_a_client_can_be_closed_early_and_twice(lab: Lab) -> None:
    async def work() -> None:
        async with lab.owner.http_client() as client:
            await client.get(lab.url)
            await client.aclose()
            await client.aclose()
            with pytest.raises(RuntimeError, match="the client has been closed"):
                await client.get(lab.url)
            with pytest.raises(RuntimeError, match="Cannot reopen"):
                await client.__aenter__()
        assert await lab.fetch() == 200

    lab.run(work)
    assert lab.upstream.connections == 1


def test_mutating_a_client_reaches_no_other(lab: Lab) -> None:
    async def work() -> str:
        async with lab.owner.http_client() as client:
            client.headers["X-User"] = "anne"
            client.cookies.set("user", "anne")
            client.timeout = 1
            await client.get(lab.url)
        await lab.fetch()
        request = lab.upstream.requests[-1]
        return request.header("X-User") + request.header("Cookie")

    assert lab.run(work) == ""


@pytest.mark.parametrize("when", ["alone", "running"])
def test_arguments_that_make_a_pool_are_kept(library: str, tmp_path: Path, when: str) -> None:
    unverified = pool(library, "AsyncClient", "unverified", literal("verify", "False"))
    owner = load(render(pools=[unverified]), tmp_path)

    async def verify_mode() -> int:
        async with owner.unverified_client() as client:
            transport = client._transport
            transport = getattr(transport, "_transport", transport)
            return int(transport._pool._ssl_context.verify_mode)

    async def within() -> int:
        async with owner.http_lifespan(None):
            return await verify_mode()

    assert run(verify_mode if when == "alone" else within) == 0


def test_a_callers_own_pool_arguments_make_a_private_client(lab: Lab) -> None:
    async def work() -> list[int]:
        limits = lab.library.Limits(max_connections=1)
        return [await lab.fetch(limits=limits), await lab.fetch(verify=False), await lab.fetch(http1=True)]

    assert lab.run(work) == [200] * 3
    assert lab.upstream.connections == 3


def test_under_trio_each_client_has_connections_of_its_own(lab: Lab) -> None:
    trio = pytest.importorskip("trio")

    async def work() -> list[int]:
        async with lab.lifespan():
            return [await lab.fetch(), await lab.fetch(), lab.fetch_sync(), lab.fetch_sync()]

    assert trio.run(work) == [200] * 4
    assert lab.upstream.connections == 3
    assert lab.upstream.wait_until_idle()


def test_under_anyio_on_asyncio_connections_are_shared(lab: Lab) -> None:
    anyio = pytest.importorskip("anyio")

    async def work() -> None:
        async with lab.lifespan(), anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(lab.fetch)

    anyio.run(work)
    assert lab.upstream.connections <= 5
    assert lab.upstream.wait_until_idle()


NEVER_CLOSED = """\
import asyncio, gc, sys
import generated_owner as owner


async def main():
    async with owner.http_lifespan(None):
        clients = [owner.http_client() for _ in range(3)]
        answers = [await client.get(sys.argv[1]) for client in clients]
        clients.append(owner.sync_http_client())
        answers.append(clients[-1].get(sys.argv[1]))
        del clients
        gc.collect()
        print([answer.status_code for answer in answers])


asyncio.run(main())
gc.collect()
"""


def test_clients_that_nobody_closes_leave_nothing_open(lab: Lab) -> None:
    assert lab.run_program(NEVER_CLOSED) == "[200, 200, 200, 200]\n"
    assert lab.upstream.connections == 2
    assert lab.upstream.wait_until_idle()


FORK = """\
import asyncio, os, sys
import generated_owner as owner

URL = sys.argv[1]


async def fetch(tag):
    async with owner.http_client() as client:
        return (await client.get(f"{URL}/{tag}")).json()["target"] == f"/{tag}"


def fetch_sync(tag):
    with owner.sync_http_client() as client:
        return client.get(f"{URL}/{tag}").json()["target"] == f"/{tag}"


def child(name):
    right = False
    try:
        right = all(asyncio.run(fetch(f"{name}-{n}")) for n in range(5))
        right = right and all(fetch_sync(f"{name}-sync-{n}") for n in range(20))
    finally:
        os._exit(0 if right else 1)


async def main():
    async with owner.http_lifespan(None):
        assert await fetch("warm") and fetch_sync("warm")
        children = []
        for name in ("anne", "emma"):
            pid = os.fork()
            if not pid:
                child(name)
            children.append(pid)
        for n in range(20):
            assert await fetch(f"parent-{n}") and fetch_sync(f"parent-sync-{n}")
        print([os.waitpid(pid, 0)[1] for pid in children])


asyncio.run(main())
"""


def test_after_a_fork_each_process_gets_its_own_answers(lab: Lab) -> None:
    assert lab.run_program(FORK) == "[0, 0]\n"
    assert lab.upstream.connections == 2 + 2 * (5 + 20)
    assert lab.upstream.wait_until_idle()
