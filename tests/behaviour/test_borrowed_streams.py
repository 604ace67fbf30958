"""Streams of borrowed clients: closed with the client, and otherwise as those of a fresh one."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from .laboratory import Lab

Opened = tuple[Any, Any]
Opening = Callable[[Any, str], Awaitable[Any]]


async def _send(client: Any, url: str) -> Any:
    return await client.send(client.build_request("GET", url), stream=True)


async def _enter_by_hand(client: Any, url: str) -> Any:
    manager = client.stream("GET", url)
    return manager, await manager.__aenter__()


async def _read_a_part(client: Any, url: str) -> Any:
    pieces = (await _send(client, url)).aiter_raw()
    return pieces, await anext(pieces)


async def _break_off(client: Any, url: str) -> Any:
    response = await _send(client, url)
    async for _ in response.aiter_bytes():
        break
    return response


async def _drop(client: Any, url: str) -> Any:
    await _send(client, url)
    gc.collect()


async def _fail(client: Any, url: str) -> Any:
    await _send(client, url)
    raise ZeroDivisionError


OPENINGS: list[Opening] = [_send, _enter_by_hand, _read_a_part, _break_off, _drop, _fail]


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("path", ["/endless", "/partial", "/chunked/3"])
def test_a_stream_left_open_is_closed_with_the_client(small_lab: Lab, opening: Opening, path: str) -> None:
    kept = []

    async def leave_open() -> None:
        async with small_lab.owner.http_client() as client:
            kept.append(await opening(client, f"{small_lab.url}{path}"))

    async def work() -> list[int]:
        for _ in range(3):
            await asyncio.gather(leave_open(), leave_open(), return_exceptions=True)
        if path != "/chunked/3":
            assert await asyncio.to_thread(small_lab.upstream.wait_until_idle)
        return list(await asyncio.gather(*(small_lab.fetch() for _ in range(4))))

    assert small_lab.run(work) == [200] * 4
    assert small_lab.upstream.wait_until_idle()


def test_streams_of_one_client_are_all_closed(small_lab: Lab) -> None:
    async def work() -> None:
        async with small_lab.owner.http_client() as client:
            for _ in range(2):
                await _send(client, f"{small_lab.url}/endless")
            with pytest.raises(small_lab.library.PoolTimeout):
                await client.get(small_lab.url, timeout=small_lab.library.Timeout(1, pool=0.05))
        await asyncio.gather(small_lab.fetch(), small_lab.fetch())

    small_lab.run(work)


def test_a_stream_that_was_read_keeps_its_connection(small_lab: Lab) -> None:
    async def work() -> None:
        for _ in range(5):
            async with small_lab.owner.http_client() as client:
                response = await _send(client, f"{small_lab.url}/chunked/3")
                assert [piece async for piece in response.aiter_raw()] == [b"x"] * 3
            async with (
                small_lab.owner.http_client() as client,
                client.stream("GET", f"{small_lab.url}/chunked/3") as response,
            ):
                assert await response.aread() == b"xxx"

    small_lab.run(work)
    assert small_lab.upstream.connections == 1


@pytest.mark.parametrize("path", ["/endless", "/partial", "/chunked/3", "/echo", "/status/204"])
@pytest.mark.parametrize("parts", [0, 1])
def test_reading_after_the_block_does_what_it_did(lab: Lab, path: str, parts: int) -> None:
    async def read_late(build: Callable[..., Any]) -> tuple[object, ...]:
        async with build() as client:
            response = await _send(client, f"{lab.url}{path}")
            await asyncio.sleep(0.02)
            pieces = response.aiter_raw()
            first = b"".join([await anext(pieces, b"") for _ in range(parts)])
        try:
            rest: object = b"".join([piece async for piece in pieces])
        except Exception as error:
            rest = type(error), str(error)
        return first, rest, response.is_closed

    async def work() -> None:
        before = await read_late(lab.fresh)
        assert await read_late(lab.owner.http_client) == before

    lab.run(work)


def test_a_read_response_is_of_use_after_the_block(lab: Lab) -> None:
    async def work() -> tuple[str, float]:
        async with lab.owner.http_client() as client:
            response = await client.get(f"{lab.url}/chunked/4")
        assert response.is_closed
        return response.text, response.elapsed.total_seconds()

    text, elapsed_s = lab.run(work)
    assert text == "xxxx"
    assert 0 < elapsed_s < 3


def test_a_cancelled_stream_gives_its_connection_back(small_lab: Lab) -> None:
    async def drain() -> None:
        async with (
            small_lab.owner.http_client() as client,
            client.stream("GET", f"{small_lab.url}/endless") as response,
        ):
            async for _ in response.aiter_raw():
                pass

    async def hang() -> None:
        async with small_lab.owner.http_client() as client:
            await client.get(f"{small_lab.url}/hang")

    async def work() -> list[int]:
        for endless in (drain, hang, drain):
            tasks = [asyncio.create_task(endless()) for _ in range(2)]
            await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return list(await asyncio.gather(small_lab.fetch(), small_lab.fetch()))

    assert small_lab.run(work) == [200, 200]


def test_a_request_in_flight_when_its_client_closes_comes_to_its_end(lab: Lab) -> None:
    """With a fresh client it failed with a `ReadError`: a change for the better (FACTS A6)."""

    async def work() -> tuple[int, str]:
        async with lab.owner.http_client() as client:
            task = asyncio.create_task(client.get(f"{lab.url}/slow/0.1"))
            await asyncio.sleep(0.02)
        async with lab.fresh() as client:
            other = asyncio.create_task(client.get(f"{lab.url}/slow/0.1"))
            await asyncio.sleep(0.02)
        error = (await asyncio.gather(other, return_exceptions=True))[0]
        return (await task).status_code, type(error).__name__

    assert lab.run(work) == (200, "ReadError")
    assert lab.upstream.wait_until_idle()


def test_a_long_lived_client_keeps_nothing_of_streams_that_were_broken_off(small_lab: Lab) -> None:
    async def work() -> int:
        client = small_lab.owner.http_client()
        for _ in range(5):
            response = await _send(client, f"{small_lab.url}/endless")
            async for _ in response.aiter_raw():
                break
            del response
            await asyncio.sleep(0.01)
        left = len(client._transport._unread)
        await client.aclose()
        return left

    assert small_lab.run(work) == 0


def _send_sync(client: Any, url: str) -> Any:
    return client.send(client.build_request("GET", url), stream=True)


@pytest.mark.parametrize("path", ["/endless", "/partial", "/chunked/3"])
@pytest.mark.parametrize("parts", [0, 1])
def test_sync_a_stream_left_open_is_closed_with_the_client(small_lab: Lab, path: str, parts: int) -> None:
    kept = []

    def leave_open() -> None:
        with small_lab.owner.sync_http_client() as client:
            response = _send_sync(client, f"{small_lab.url}{path}")
            pieces = response.iter_raw()
            kept.append((response, pieces, [next(pieces) for _ in range(parts)]))

    async def work() -> list[int]:
        for _ in range(5):
            leave_open()
        return [small_lab.fetch_sync() for _ in range(2)]

    assert small_lab.run(work) == [200, 200]
    assert small_lab.upstream.wait_until_idle()


@pytest.mark.parametrize("path", ["/endless", "/partial", "/chunked/3", "/echo"])
def test_sync_reading_after_the_block_does_what_it_did(lab: Lab, path: str) -> None:
    def read_late(build: Callable[..., Any]) -> object:
        with build() as client:
            response = _send_sync(client, f"{lab.url}{path}")
        try:
            return b"".join(response.iter_raw())
        except Exception as error:
            return type(error), str(error)

    async def work() -> None:
        assert read_late(lab.owner.sync_http_client) == read_late(lab.fresh_sync)

    lab.run(work)
