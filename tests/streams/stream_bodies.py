"""Random function bodies around sends, for the world of `stream_world`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

MAX_DEPTH = 2
HEADER = """\
import httpx


async def fetch(client: httpx.AsyncClient, number):
    return await client.send(number, stream=True)


async def fetch_checked(client: httpx.AsyncClient, world, number):
    response = await client.send(client.build_request("GET", number), stream=True)
    response.raise_for_status()
    return response


async def consume(client: httpx.AsyncClient, lock, world, flag):
"""

Lines = list[str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands."""

    depth: int = 0
    in_loop: bool = False

    def inside(self, *, loop: bool = False) -> Place:
        """Return the place in a block of a statement here."""
        return replace(self, depth=self.depth + 1, in_loop=self.in_loop or loop)


@dataclass
class _Writer:
    """Draws statements; `sends` numbers the sends of the module."""

    draw: DrawFn
    names: tuple[str, ...]
    is_generator: bool
    sends: int = 0

    def block(self, place: Place) -> Lines:
        lines: Lines = []
        for _ in range(self.draw(st.integers(1, 3))):
            lines.extend(self.statement(place))
        return [f"    {line}" for line in lines] if place.depth else lines

    def statement(self, place: Place) -> Lines:
        kinds = ["use", "use", "op", "close", "send", "leave"]
        if place.depth < MAX_DEPTH:
            kinds += ["if", "loop", "read", "stream", "try", "with"]
        match self.draw(st.sampled_from(kinds)):
            case "use":
                return [self._use()]
            case "op":
                return [self._op()]
            case "close":
                return self._close()
            case "send":
                return self.send(self._name())
            case "stream":
                return self._stream(place)
            case "leave":
                return self._leave(place)
            case "if":
                return self._if(place)
            case "loop":
                return self._loop(place)
            case "try":
                return self._try(place)
            case "with":
                header = self._pick("async with lock:", "with world.opened():")
                return [header, *self.block(place.inside())]
        header = f"async for chunk in {self._name()}.aiter_bytes():"
        return [header, *self.block(place.inside(loop=True))]

    def _pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def _name(self) -> str:
        return self._pick(*self.names)

    def send(self, name: str) -> Lines:
        self.sends += 1
        number = self.sends
        request = f'client.build_request("GET", {number})'
        match self._pick("number", "built", "built above", "flag", "wrapper", "checking wrapper"):
            case "number":
                return [f"{name} = await client.send({number}, stream=True)"]
            case "built":
                return [f"{name} = await client.send({request}, stream=True)"]
            case "built above":
                sent = f"{name} = await client.send(request_{number}, stream=True)"
                return [f"request_{number} = {request}", sent]
            case "flag":
                return [f"{name} = await client.send({request}, stream=flag)"]
            case "wrapper":
                return [f"{name} = await fetch(client, {number})"]
        return [f"{name} = await fetch_checked(client, world, {number})"]

    def _stream(self, place: Place) -> Lines:
        self.sends += 1
        header = f'async with client.stream("GET", {self.sends}) as {self._name()}:'
        return [header, *self.block(place.inside())]

    def _use(self) -> str:
        name = self._name()
        uses = [
            f"world.op({name}.headers['number'])",
            f"status = {name}.status_code",
            f"world.op(await {name}.aread())",
            f"{name}.raise_for_status()",
            f"world.op([chunk async for chunk in {name}.aiter_bytes()])",
        ]
        return self._pick(*uses, *([f"yield {name}.status_code"] if self.is_generator else []))

    def _op(self) -> str:
        forget = [f"{self.names[0]} = None"] if len(self.names) == 1 else []
        return self._pick("world.op('op')", "world.op('op')", "count = 0", *forget)

    def _close(self) -> Lines:
        name = self._name()
        if self.draw(st.integers(0, 2)):
            return [f"await {name}.aclose()"]
        return [f"if {name} is not None:", f"    await {name}.aclose()"]

    def _leave(self, place: Place) -> Lines:
        ways = ["return" if self.is_generator else "return 1", "world.op('stay')"]
        ways += ["break", "continue"] if place.in_loop else []
        ways += [] if self.is_generator else [f"return {self._name()}", f"return 1, {self._name()}"]
        return ["if world.cond():", f"    {self._pick(*ways)}"]

    def _if(self, place: Place) -> Lines:
        name = self._name()
        test = self._pick(
            "world.cond()", "flag", f"{name} is None", f"{name}.status_code == 404", f"not {name}.is_closed"
        )
        lines = [f"if {test}:", *self.block(place.inside())]
        return [*lines, "else:", *self.block(place.inside())] if self.draw(st.booleans()) else lines

    def _loop(self, place: Place) -> Lines:
        header = self._pick("while world.cond():", "for _ in world.rounds():")
        lines = [header, *self.block(place.inside(loop=True))]
        return lines if self.draw(st.integers(0, 3)) else [*lines, "else:", *self.block(place.inside())]

    def _try(self, place: Place) -> Lines:
        lines = ["try:", *self.block(place.inside())]
        shape = self._pick("except", "finally", "both", "else")
        if shape != "finally":
            lines += [f"except {self._pick('Exception', 'BaseException')}:", *self.block(place.inside())]
            lines += ["    raise"] if self.draw(st.booleans()) else []
        if shape == "else":
            lines += ["else:", *self.block(place.inside())]
        if shape in {"finally", "both"}:
            lines += ["finally:", *self.block(place.inside())]
        return lines


@st.composite
def modules(draw: DrawFn) -> str:
    """Draw a module with one function that sends at least once."""
    names = draw(st.sampled_from([("response",), ("response",), ("response", "other")]))
    writer = _Writer(draw, names, is_generator=draw(st.integers(0, 3)) == 0)
    lines: Lines = []
    if len(names) > 1:
        # The rule takes the close of another variable not to raise, so each holds a response.
        lines += [f"{name} = world.spare()" for name in names]
    elif draw(st.booleans()):
        lines += [f"{names[0]} = None"]
    if draw(st.booleans()):
        lines += writer.statement(Place())
    lines += [*writer.send(names[0]), *writer.block(Place())]
    lines += ["yield 0" if writer.is_generator else draw(st.sampled_from(["return 0", f"return {names[0]}"]))]
    return HEADER + "".join(f"    {line}\n" for line in lines)
