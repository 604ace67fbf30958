"""What opens and closes connections in processes that have no lifespan."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

import pytest

from httpx_fixer.frameworks._base import Start

from .generated import load, plain_pools, render
from .laboratory import Lab, run

FORK = """
import os, sys
import owner

URL = sys.argv[1]


def fetch(times):
    for _ in range(times):
        with owner.sync_http_client() as client:
            assert client.get(f"{URL}/echo").status_code == 200


owner.keep_sync_http_pools()
owner.keep_sync_http_pools()
fetch(5)
pid = os.fork()
fetch(5)
if pid:
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.fixture
def owner(lab: Lab) -> ModuleType:
    """The generated module for lifecycles of every form."""
    text = render(pools=plain_pools(lab.library.__name__), starts=tuple(Start))
    return load(text, lab.directory, "owner")


@pytest.fixture(params=[None, (3, 9), (3, 8)], ids=["any Python", "Python 3.9", "Python 3.8"])
def decorating(request: pytest.FixtureRequest, lab: Lab) -> ModuleType:
    """The generated module of programs, as projects on older Pythons get it, too."""
    pools = plain_pools(lab.library.__name__)
    text = render(pools=pools, starts=(Start.ENTRY,), python=request.param)
    return load(text, lab.directory, "decorating")


async def _fetch(lab: Lab, owner: Any, times: int) -> list[int]:
    statuses = []
    for _ in range(times):
        async with owner.http_client() as client:
            statuses.append((await client.get(f"{lab.url}/echo")).status_code)
        with owner.sync_http_client() as client:
            statuses.append((await asyncio.to_thread(client.get, f"{lab.url}/echo")).status_code)
    return statuses


def test_decorated_coroutine_shares_connections_and_closes_them(lab: Lab, decorating: Any) -> None:
    @decorating.http_pools()  # type: ignore[untyped-decorator]  # a module made on the spot
    async def main(times: int) -> list[int]:
        return await _fetch(lab, decorating, times)

    for _ in range(2):
        assert run(lambda: main(5)) == [200] * 10
        assert lab.upstream.wait_until_idle()
    assert lab.upstream.connections == 4


def test_decorated_coroutine_closes_its_connections_when_it_fails(lab: Lab, decorating: Any) -> None:
    @decorating.http_pools()  # type: ignore[untyped-decorator]  # as above
    async def main() -> None:
        await _fetch(lab, decorating, 2)
        raise ValueError("at the end")

    with pytest.raises(ValueError, match="at the end"):
        run(main)
    assert lab.upstream.wait_until_idle()
    assert lab.upstream.connections == 2


def test_decorated_function_shares_connections_and_closes_them(lab: Lab, owner: Any) -> None:
    @owner.sync_http_pools()  # type: ignore[untyped-decorator]  # as above
    def main() -> list[int]:
        statuses = []
        for _ in range(5):
            with owner.sync_http_client() as client:
                statuses.append(client.get(f"{lab.url}/echo").status_code)
        return statuses

    assert main() == [200] * 5
    assert lab.upstream.wait_until_idle()
    assert lab.upstream.connections == 1


def test_hooks_open_and_the_last_ones_close(lab: Lab, owner: Any) -> None:
    """Two bots of one program: the end of the first leaves the connections of the second alone."""

    async def bots() -> list[int]:
        await owner.open_http_pools({"ctx": 1})
        await owner.open_http_pools()
        statuses = await _fetch(lab, owner, 3)
        await owner.close_http_pools(signal="stop")
        statuses += await _fetch(lab, owner, 2)
        await owner.close_http_pools()
        return statuses

    for _ in range(2):
        assert run(bots) == [200] * 10
        assert lab.upstream.wait_until_idle()
    assert lab.upstream.connections == 4


def test_hooks_leave_open_what_the_program_around_them_uses(lab: Lab, owner: Any) -> None:
    @owner.http_pools()  # type: ignore[untyped-decorator]  # a module made on the spot
    async def main() -> list[int]:
        await owner.open_http_pools()
        statuses = await _fetch(lab, owner, 2)
        await owner.close_http_pools()
        return statuses + await _fetch(lab, owner, 2)

    assert run(main) == [200] * 8
    assert lab.upstream.wait_until_idle()
    assert lab.upstream.connections == 2


def test_program_that_ends_before_the_hooks_is_no_fault(lab: Lab, owner: Any) -> None:
    async def server() -> list[int]:
        await owner.open_http_pools()
        async with owner.http_lifespan(object()):
            statuses = await _fetch(lab, owner, 2)
        statuses += await _fetch(lab, owner, 1)
        await owner.close_http_pools()
        return statuses

    assert run(server) == [200] * 6
    assert lab.upstream.wait_until_idle()


def test_hooks_may_close_what_was_never_opened(owner: Any) -> None:
    run(owner.close_http_pools)
    owner.close_sync_http_pools()


def test_process_and_its_fork_keep_connections_of_their_own(lab: Lab, owner: ModuleType) -> None:
    assert owner.__name__ == "owner"
    assert lab.run_program(FORK) == "0\n"
    assert lab.upstream.connections == 2
    assert lab.upstream.wait_until_idle()
