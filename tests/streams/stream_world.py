"""A world to run a function in that sends: it counts what stays open, and fails where it is told to.

It raises at its n-th operation, answers conditions from a list of bits, and writes down everything
that the function can see, so that two versions of a function can be compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any


class BoomError(Exception):
    """What an operation of the world raises."""


class Cancelled(BaseException):
    """What an operation of the world raises in place of a cancellation."""


@dataclass
class World:
    """One run: `fail_at` is the operation that raises, `bits` the answers to conditions.

    `flag` is what the function is given of that name, for a send that streams if it is true.
    """

    fail_at: int
    is_cancelled: bool
    bits: list[bool]
    flag: bool = True
    operations: int = 0
    trace: list[object] = field(default_factory=list)
    sent: list[Response] = field(default_factory=list)

    def op(self, what: object) -> None:
        self.operations += 1
        self.trace.append(what)
        if self.operations == self.fail_at:
            raise Cancelled if self.is_cancelled else BoomError
        assert self.operations < 500

    def cond(self) -> bool:
        self.op("cond")
        return self.bits.pop(0) if self.bits else False

    def rounds(self) -> list[int]:
        self.op("rounds")
        return list(range(sum(self.bits[:2])))

    def spare(self) -> Response:
        """Return a response that is closed already, for a variable that nothing was sent for."""
        response = Response(self, -1, 0)
        response.is_closed = True
        return response

    def opened(self) -> Opened:
        self.op("opened")
        return Opened(self)


@dataclass
class Opened:
    """A context manager, entered and left with operations that may raise."""

    world: World

    def __enter__(self) -> Opened:
        self.world.op("enter")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.world.op("exit")


class Lock:
    """A context manager that stands ready: it does not raise."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *exc_info: object) -> None:
        return None


class Response:
    """A streamed response as httpx has it, as far as closing goes."""

    def __init__(self, world: World, number: int, site: int) -> None:
        self.world = world
        self.number = number
        self.site = site
        self.is_closed = False
        self.is_read = False
        self.is_handed_on = False
        self.status_code = 200 if not world.bits or world.bits[0] else 404
        self.headers = {"number": number}

    def raise_for_status(self) -> None:
        self.world.op(("raise_for_status", self.number))

    async def aread(self) -> int:
        if not self.is_read:
            self._refuse_closed()
            try:
                self.world.op(("aread", self.number))
            finally:
                self.is_closed = True
            self.is_read = True
        return self.number

    async def aiter_bytes(self) -> AsyncIterator[int]:
        if not self.is_read:
            self._refuse_closed()
        for chunk in range(2):
            try:
                self.world.op(("chunk", self.number, chunk))
            except BaseException:
                self.is_closed = True
                raise
            yield chunk
        self.is_closed = True

    def _refuse_closed(self) -> None:
        if self.is_closed:
            raise RuntimeError("stream closed")

    async def aclose(self) -> None:
        self.is_closed = True


class Client:
    """Sends, and remembers what it opened."""

    def __init__(self, world: World) -> None:
        self.world = world

    def build_request(self, method: str, site: int) -> int:
        self.world.op((method, site))
        return site

    async def send(self, site: int, *, stream: bool) -> Response:
        self.world.op(("send", site))
        response = Response(self.world, len(self.world.sent), site)
        response.is_closed = response.is_read = not stream
        self.world.sent.append(response)
        return response

    def stream(self, method: str, site: int) -> Streamed:
        return Streamed(self, method, site)


class Streamed:
    """What `client.stream(...)` returns."""

    def __init__(self, client: Client, method: str, site: int) -> None:
        self.client = client
        self.method = method
        self.site = site
        self.response: Response | None = None

    async def __aenter__(self) -> Response:
        self.response = await self.client.send(self.client.build_request(self.method, self.site), stream=True)
        return self.response

    async def __aexit__(self, *exc_info: object) -> None:
        assert self.response is not None
        await self.response.aclose()


def run(source: str, world: World, stop_after: int) -> object:
    """Run the function of a module; a generator is closed after `stop_after` items."""
    namespace: dict[str, Any] = {}
    exec(
        compile(source.replace("import httpx\n", "").replace(": httpx.AsyncClient", ""), "body", "exec"),
        namespace,
    )
    made = namespace["consume"](Client(world), Lock(), world, world.flag)
    if hasattr(made, "__aiter__"):
        return _finish(_iterate(made, world, stop_after))
    return _finish(made)


async def _iterate(generator: Any, world: World, stop_after: int) -> object:
    count = 0
    async for item in generator:
        world.trace.append(("item", item))
        count += 1
        if count > stop_after:
            break
    await generator.aclose()
    return None


def _finish(coroutine: Any) -> object:
    """Run a coroutine that never waits; an exception is an outcome too, told by its kind."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return ("returned", *_tell(stop.value))
    except (BoomError, Cancelled, RuntimeError, NameError, AttributeError) as error:
        return ("raised", type(error).__name__)
    raise AssertionError("the coroutine waits for something")


def _tell(value: Any) -> list[object]:
    """Return what a function returned; a response by its number, and it is the caller's from then on."""
    parts = value if isinstance(value, tuple) else (value,)
    for part in parts:
        if isinstance(part, Response):
            part.is_handed_on = True
    return [(part.number, part.is_closed) if isinstance(part, Response) else part for part in parts]
