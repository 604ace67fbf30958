"""Random function bodies around sends, and a world to run them in that counts what stays open.

The world raises `Boom` at its n-th operation, answers conditions from a list of bits, and writes down
everything that the function can see, so that two versions of a function can be compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

MAX_DEPTH = 2
HEADER = "import httpx\n\n\nasync def consume(client: httpx.AsyncClient, lock, world):\n"


class Boom(Exception):
    """What an operation of the world raises."""


class Cancelled(BaseException):
    """What an operation of the world raises in place of a cancellation."""


@dataclass
class World:
    """One run: `fail_at` is the operation that raises, `bits` the answers to conditions."""

    fail_at: int
    is_cancelled: bool
    bits: list[bool]
    operations: int = 0
    trace: list[object] = field(default_factory=list)
    sent: list[Response] = field(default_factory=list)

    def op(self, what: object) -> None:
        self.operations += 1
        self.trace.append(what)
        if self.operations == self.fail_at:
            raise Cancelled if self.is_cancelled else Boom
        assert self.operations < 500

    def cond(self) -> bool:
        self.op("cond")
        return self.bits.pop(0) if self.bits else False

    def rounds(self) -> list[int]:
        self.op("rounds")
        return list(range(sum(self.bits[:2])))

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

    async def send(self, site: int, *, stream: bool) -> Response:
        assert stream
        self.world.op(("send", site))
        response = Response(self.world, len(self.world.sent), site)
        self.world.sent.append(response)
        return response


def run(source: str, world: World, stop_after: int) -> object:
    """Run the function of a module; a generator is closed after `stop_after` items."""
    namespace: dict[str, Any] = {}
    exec(compile(source.replace("import httpx\n", "").replace(": httpx.AsyncClient", ""), "body", "exec"), namespace)
    made = namespace["consume"](Client(world), Lock(), world)
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
        return ("returned", stop.value)
    except (Boom, Cancelled, RuntimeError, NameError, AttributeError) as error:
        return ("raised", type(error).__name__)
    raise AssertionError("the coroutine waits for something")


Lines = list[str]


def _indent(lines: Lines) -> Lines:
    return [f"    {line}" for line in lines]


@dataclass
class _Writer:
    """Draws statements; `sends` numbers the sends of the module."""

    draw: DrawFn
    is_generator: bool
    sends: int = 0

    def block(self, depth: int, *, in_loop: bool, names: tuple[str, ...]) -> Lines:
        lines: Lines = []
        for _ in range(self.draw(st.integers(1, 3))):
            lines.extend(self.statement(depth, in_loop=in_loop, names=names))
        return lines

    def statement(self, depth: int, *, in_loop: bool, names: tuple[str, ...]) -> Lines:
        simple: list[Callable[..., Lines]] = [self._use, self._use, self._op, self._close, self._send, self._leave]
        compound: list[Callable[..., Lines]] = [self._if, self._loop, self._try, self._with, self._read_loop]
        kinds = simple + compound if depth < MAX_DEPTH else simple
        return self.draw(st.sampled_from(kinds))(depth, in_loop, names)

    def _name(self, names: tuple[str, ...]) -> str:
        return self.draw(st.sampled_from(names))

    def _send(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        self.sends += 1
        return [f"{self._name(names)} = await client.send({self.sends}, stream=True)"]

    def _use(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        name = self._name(names)
        uses = [
            f"world.op({name}.headers['number'])",
            f"status = {name}.status_code",
            f"world.op(await {name}.aread())",
            f"{name}.raise_for_status()",
            f"world.op([chunk async for chunk in {name}.aiter_bytes()])",
        ]
        if self.is_generator:
            uses.append(f"yield {name}.status_code")
        return [self.draw(st.sampled_from(uses))]

    def _op(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        choices = ["world.op('op')", "count = 0", f"{self._name(names)} = None"]
        return [self.draw(st.sampled_from([*choices, "world.op('op')"]))]

    def _close(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        name = self._name(names)
        guarded = [f"if {name} is not None:", f"    await {name}.aclose()"]
        return self.draw(st.sampled_from([[f"await {name}.aclose()"], [f"await {name}.aclose()"], guarded]))

    def _leave(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        choices = ["return" if self.is_generator else "return 1", "raise ValueError" if depth < 0 else "world.op('x')"]
        if in_loop:
            choices += ["break", "continue"]
        return ["if world.cond():", f"    {self.draw(st.sampled_from(choices))}"]

    def _if(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        name = self._name(names)
        tests = ["world.cond()", f"{name} is None", f"{name}.status_code == 404", f"not {name}.is_closed"]
        lines = [f"if {self.draw(st.sampled_from(tests))}:"]
        lines += _indent(self.block(depth + 1, in_loop=in_loop, names=names))
        if self.draw(st.booleans()):
            lines += ["else:", *_indent(self.block(depth + 1, in_loop=in_loop, names=names))]
        return lines

    def _loop(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        header = self.draw(st.sampled_from(["while world.cond():", "for _ in world.rounds():"]))
        lines = [header, *_indent(self.block(depth + 1, in_loop=True, names=names))]
        if self.draw(st.integers(0, 3)) == 0:
            lines += ["else:", *_indent(self.block(depth + 1, in_loop=in_loop, names=names))]
        return lines

    def _read_loop(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        header = f"async for chunk in {self._name(names)}.aiter_bytes():"
        return [header, *_indent(self.block(depth + 1, in_loop=True, names=names))]

    def _try(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        lines = ["try:", *_indent(self.block(depth + 1, in_loop=in_loop, names=names))]
        shape = self.draw(st.integers(0, 3))
        if shape in {0, 2, 3}:
            kind = self.draw(st.sampled_from(["Exception", "BaseException"]))
            lines += [f"except {kind}:", *_indent(self.block(depth + 1, in_loop=in_loop, names=names))]
            if self.draw(st.booleans()):
                lines += ["    raise"]
        if shape == 3:
            lines += ["else:", *_indent(self.block(depth + 1, in_loop=in_loop, names=names))]
        if shape in {1, 2}:
            lines += ["finally:", *_indent(self.block(depth + 1, in_loop=in_loop, names=names))]
        return lines

    def _with(self, depth: int, in_loop: bool, names: tuple[str, ...]) -> Lines:
        header = self.draw(st.sampled_from(["async with lock:", "with world.opened():"]))
        return [header, *_indent(self.block(depth + 1, in_loop=in_loop, names=names))]


@st.composite
def modules(draw: DrawFn) -> str:
    """Draw a module with one function that sends at least once."""
    names = draw(st.sampled_from([("response",), ("response",), ("response", "other")]))
    writer = _Writer(draw, draw(st.integers(0, 3)) == 0)
    lines: Lines = [f"{name} = None" for name in names if draw(st.booleans())]
    if draw(st.booleans()):
        lines += writer.statement(0, in_loop=False, names=names)
    lines += writer._send(0, False, names[:1])
    lines += writer.block(0, in_loop=False, names=names)
    if writer.is_generator:
        lines += ["yield 0"]
    else:
        lines += ["return 0"]
    return HEADER + "\n".join(_indent(lines)) + "\n"
