"""Runs a function over a pool of two connections, and looks at what it leaves open."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fixed_functions import Fixed, Surroundings, call_function
from halves import Half, Injection, traced
from rerouting import NOWHERE, Rerouting

TLS = ssl.create_default_context()
"""To load the certificates anew takes 20 ms a client."""


@dataclass(frozen=True)
class Upstream:
    """What answers: the path of a server at `url`, how long its silence is borne, and the function."""

    url: str
    path: str = "/slow"
    read_s: float = 5.0
    wait_s: float = 60.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended, how many connections are not free then, and how many statements it came to.

    `at_once` counts before the loop has had a turn, in which it closes generators that nobody holds.
    `has_failed` says that it ended with an exception.
    """

    result: object
    at_once: int
    open: int
    reached: int
    has_failed: bool


def build_clients(directory: Path) -> Surroundings:
    """Return clients of either kind, whose requests go wherever they are rerouted to."""
    options: dict[str, Any] = {"base_url": NOWHERE, "verify": TLS, "trust_env": False}
    return Surroundings(httpx.AsyncClient(**options), httpx.Client(**options), directory)


def run_function(fixed: Fixed, half: Half, upstream: Upstream, plan: Injection, directory: Path) -> Outcome:
    """Run a function of one half on a loop of its own; what it hands on is taken up and let go."""

    async def run() -> Outcome:
        around = build_clients(directory)
        with (
            Rerouting(upstream.url, upstream.path, read_s=upstream.read_s) as routes,
            half.imported() as found,
        ):
            kept: list[object] = []
            has_failed = False
            with traced(plan):
                try:
                    async with asyncio.timeout(upstream.wait_s):
                        result = await _use(call_function(fixed, found, around), kept)
                except (Exception, asyncio.CancelledError, BaseExceptionGroup) as error:
                    kept.append(error)
                    kinds = [kind.__name__ for kind in type(error).__mro__]
                    # Which of them it is that a connection ends in is chance.
                    result, has_failed = "TransportError" if "TransportError" in kinds else kinds[0], True
            plan.last.clear()
            at_once = routes.count_open()
            for _ in range(5):
                await asyncio.sleep(0)
            outcome = Outcome(result, at_once, routes.count_open(), plan.reached, has_failed)
            await routes.close_all()
            return outcome

    return asyncio.run(run())


async def _use(made: Any, kept: list[object]) -> object:
    """Await, iterate or enter what a function made, and close what it gives its caller."""
    kept.append(made)
    if inspect.isasyncgen(made):
        items = []
        async with contextlib.aclosing(made):
            async for item in made:
                items.append(await _take(item, kept))
        return items
    if inspect.isgenerator(made):
        with contextlib.closing(made):
            return [await _take(item, kept) for item in made]
    if hasattr(made, "__aenter__"):
        async with made as value:
            return await _take(value, kept)
    if hasattr(made, "__enter__"):
        with made as value:
            return await _take(value, kept)
    return await _take(await made if inspect.isawaitable(made) else made, kept)


async def _take(value: Any, kept: list[object]) -> object:
    """Return what a result says; a response is its caller's, and is closed.

    One of a framework is let go of, as a server does when it has sent it.
    """
    body = _find_body(value)
    if body is not None:
        status = getattr(value, "status_code", getattr(value, "status", 200))
        return [status, await _send_part(value, body)]
    kept.append(value)
    if hasattr(value, "iter_raw"):
        closed = value.aclose() if hasattr(value.stream, "__aiter__") else value.close()
        if inspect.isawaitable(closed):
            await closed
        return value.status_code
    if hasattr(getattr(value, "response", None), "iter_raw"):
        return await _take(value.response, kept)
    if isinstance(value, tuple | list):
        return [await _take(one, kept) for one in value]
    if hasattr(value, "body") and hasattr(value, "status_code"):
        return [value.status_code, value.body]
    return "a time" if isinstance(value, float) else repr(value)  # a clock goes on between the halves


def _find_body(answer: Any) -> Any:
    """Return the iterator of a body that a framework's response would send, None where it has none."""
    module = type(answer).__module__.split(".")[0]
    match module:
        case "django":
            return getattr(answer, "streaming_content", None)
        case "flask" | "quart":
            return answer.response
        case "litestar":
            return getattr(answer, "iterator", None)
        case "aiohttp":
            return answer.body._iter
        case "sanic":
            return _Written(answer.streaming_fn)
    return getattr(answer, "body_iterator", None)


class _Written:
    """What a function writes, as an iterator: its client goes away after the first part."""

    def __init__(self, write: Any) -> None:
        self._write = write

    async def __aiter__(self) -> Any:
        writer = _Writer(asyncio.Event())
        writing = asyncio.create_task(self._write(writer))
        arriving = asyncio.create_task(writer.has_part.wait())
        try:
            await asyncio.wait([writing, arriving], return_when=asyncio.FIRST_COMPLETED)
            yield (await writing) if writing.done() else "a part"
        finally:
            writing.cancel()
            arriving.cancel()
            await asyncio.gather(writing, arriving, return_exceptions=True)


@dataclass(frozen=True)
class _Writer:
    has_part: asyncio.Event

    async def write(self, part: object) -> None:
        del part
        self.has_part.set()
        await asyncio.sleep(60)


async def _send_part(answer: Any, body: Any) -> object:
    """Send one piece of a body, as to a client that goes away then; servers of WSGI close the answer."""
    if hasattr(body, "__aiter__"):
        pieces = aiter(body)
        first = await anext(pieces, None)
        await pieces.aclose()
    else:
        first = next(iter(body), None)
        answer.close()
    return first[:6] if isinstance(first, str | bytes) else first  # how much comes at once is chance
