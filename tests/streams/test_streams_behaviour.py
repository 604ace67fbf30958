"""Functions that send, run for real before and after the fix, with a pool of two connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from slow_upstream import SlowUpstream
from stream_programs import ASYNC_PROGRAMS, STEPS, SYNC_PROGRAMS, Program
from stream_rewriting import apply_fixes, find_diagnostics

ROUNDS = 3
"""One more than the connections of the pool."""


class StepError(Exception):
    """What a statement raises that was told to."""


def _never(number: int) -> None:
    del number


def _fail_at(number: int) -> Callable[[int], None]:
    def step(reached: int) -> None:
        if reached == number:
            raise StepError(number)

    return step


@pytest.fixture(scope="module")
def upstream() -> Iterator[SlowUpstream]:
    with SlowUpstream() as server:
        yield server


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    return pytest.importorskip(str(request.param))


def _load(source: str, library: Any) -> Any:
    namespace: dict[str, Any] = {}
    exec(
        compile(source.replace("import httpx\n", f"import {library.__name__} as httpx\n"), "app", "exec"),
        namespace,
    )
    return namespace["consume"]


def _options(library: Any) -> dict[str, Any]:
    return {
        "limits": library.Limits(max_connections=2),
        "timeout": library.Timeout(5, pool=0.2),
        "trust_env": False,
    }


async def _tell(outcome: Awaitable[Any]) -> object:
    """Return what came out, an exception by its class."""
    try:
        return await outcome
    except Exception as error:
        return type(error).__name__


async def _run_rounds(
    library: Any, use: Callable[[Any], Awaitable[Any]], upstream: SlowUpstream
) -> tuple[list[object], object]:
    """Return what each round gave, and what a plain request gives after them."""
    async with library.AsyncClient(**_options(library)) as client:
        rounds = [await _tell(use(client)) for _ in range(ROUNDS)]
        return rounds, await _tell(_get(client, upstream))


async def _get(client: Any, upstream: SlowUpstream) -> int:
    response = await client.get(f"{upstream.url}/short")
    return int(response.status_code)


def _judge(before: tuple[list[object], object], after: tuple[list[object], object], *, leaks: bool) -> None:
    """Check that the old rounds ran dry where they leak, and that the new ones do what the first did."""
    assert (before[1] == "PoolTimeout") == leaks
    assert after == ([before[0][0]] * ROUNDS, 200)


@pytest.mark.parametrize("program", ASYNC_PROGRAMS, ids=lambda program: program.name)
def test_async_pool_is_free_again(program: Program, library: Any, upstream: SlowUpstream) -> None:
    url = f"{upstream.url}/{program.path}"

    def run(source: str) -> tuple[list[object], object]:
        consume = _load(source, library)
        return asyncio.run(_run_rounds(library, lambda client: consume(client, url, _never), upstream))

    before, after = run(program.source), run(apply_fixes(program.source))
    if program.opens == 1:
        _judge(before, after, leaks=program.leaks)
        return
    # The first call of the old function takes the whole pool, so only the new ones can be compared.
    assert before[1] == "PoolTimeout"
    assert after[1] == 200
    assert after[0] == [after[0][0]] * ROUNDS
    assert after[0][0] != "PoolTimeout"


@pytest.mark.parametrize("failing", range(5))
def test_exception_at_each_statement(failing: int, library: Any, upstream: SlowUpstream) -> None:
    url = f"{upstream.url}/{STEPS.path}"

    def run(source: str) -> tuple[list[object], object]:
        consume = _load(source, library)
        step = _fail_at(failing)
        return asyncio.run(_run_rounds(library, lambda client: consume(client, url, step), upstream))

    # In the loop the iterator is dropped, after it the body has ended.
    _judge(run(STEPS.source), run(apply_fixes(STEPS.source)), leaks=failing < 3)


def test_cancellation(library: Any, upstream: SlowUpstream) -> None:
    source = (
        "import asyncio\nimport httpx\n\n"
        "async def consume(client: httpx.AsyncClient, url, step):\n"
        "    response = await client.send(client.build_request('GET', url), stream=True)\n"
        "    step(0)\n"
        "    await asyncio.sleep(5)\n"
        "    return await response.aread()\n"
    )
    url = f"{upstream.url}/endless"

    async def cancel(consume: Any, client: Any) -> str:
        reached = asyncio.Event()
        task = asyncio.create_task(consume(client, url, lambda _: reached.set()))
        done, _ = await asyncio.wait(
            {task, asyncio.create_task(reached.wait())}, return_when=asyncio.FIRST_COMPLETED
        )
        if task in done:
            return str(task.result())
        task.cancel()
        await asyncio.wait({task})
        return "cancelled" if task.cancelled() else "not cancelled"

    def run(text: str) -> tuple[list[object], object]:
        consume = _load(text, library)
        return asyncio.run(_run_rounds(library, lambda client: cancel(consume, client), upstream))

    _judge(run(source), run(apply_fixes(source)), leaks=True)


def test_abandoned_generator(library: Any, upstream: SlowUpstream) -> None:
    source = (
        "import httpx\n\n"
        "async def consume(client: httpx.AsyncClient, url, step):\n"
        "    response = await client.send(client.build_request('GET', url), stream=True)\n"
        "    yield response.headers['x-kind']\n"
        "    async for line in response.aiter_lines():\n"
        "        yield line\n"
    )
    url = f"{upstream.url}/slow"

    async def take(consume: Any, client: Any, count: int) -> list[str]:
        generator = consume(client, url, _never)
        taken = [await anext(generator) for _ in range(count)]
        await generator.aclose()
        return taken

    def run(text: str, count: int) -> tuple[list[object], object]:
        consume = _load(text, library)
        return asyncio.run(_run_rounds(library, lambda client: take(consume, client, count), upstream))

    fixed = apply_fixes(source)
    _judge(run(source, 1), run(fixed, 1), leaks=True)
    assert run(fixed, 4) == ([["slow", "alpha", "beta", "gamma"]] * ROUNDS, 200)


@pytest.mark.parametrize("program", SYNC_PROGRAMS, ids=lambda program: program.name)
def test_sync_pool_is_free_again(program: Program, library: Any, upstream: SlowUpstream) -> None:
    url = f"{upstream.url}/{program.path}"

    def tell(call: Callable[[], object]) -> object:
        try:
            return call()
        except Exception as error:
            return type(error).__name__

    def run(source: str) -> tuple[list[object], object]:
        consume = _load(source, library)
        with library.Client(**_options(library)) as client:
            rounds = [tell(lambda: consume(client, url, _never)) for _ in range(ROUNDS)]
            return rounds, tell(lambda: client.get(f"{upstream.url}/short").status_code)

    _judge(run(program.source), run(apply_fixes(program.source)), leaks=program.leaks)


@pytest.mark.parametrize(
    "program", [*ASYNC_PROGRAMS, *SYNC_PROGRAMS, STEPS], ids=lambda program: program.name
)
def test_fixed_program_has_nothing_left(program: Program) -> None:
    assert find_diagnostics(program.source)
    assert find_diagnostics(apply_fixes(program.source)) == []
