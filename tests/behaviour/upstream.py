"""An HTTP server on the loopback that remembers what reached it.

It runs in a thread with a loop of its own, so that clients of any kind can talk to it, and counts
connections and requests. What it answers is decided by `answer`, by default from the path:
`/echo`, `/status/404`, `/redirect/302?to=...`, `/cookie/name=value`, `/chunked/3`, `/endless`,
`/partial`, `/hang`, `/slow/0.1`.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit


class Body(Enum):
    """How a reply's body is sent."""

    WHOLE = auto()
    CHUNKED = auto()
    ENDLESS = auto()
    """Chunk after chunk until the other side is gone."""
    PARTIAL = auto()
    """Less than `Content-Length` says, and then nothing until the other side is gone."""
    NONE = auto()
    """Not even a status line; the other side is left to wait."""


@dataclass(frozen=True)
class Received:
    """A request as it came; `raw` is its bytes, `connection` the number of its connection."""

    connection: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)

    def header(self, name: str) -> str:
        """Return a header's values joined, "" where there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())


@dataclass(frozen=True)
class Reply:
    """An answer; `delay_s` is waited before it."""

    status: int = 200
    content: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    body: Body = Body.WHOLE
    delay_s: float = 0.0


def as_json(value: object, status: int = 200, *headers: tuple[str, str]) -> Reply:
    """Return a reply that says a value in JSON."""
    content = json.dumps(value).encode()
    return Reply(status, content, (("Content-Type", "application/json"), *headers))


def answer_by_path(request: Received) -> Reply:
    """Do what the path of a request asks for."""
    _, word, *rest = request.path.split("/")
    argument = rest[0] if rest else ""
    match word:
        case "status":
            return as_json({}, int(argument))
        case "redirect":
            cookies = [("Set-Cookie", f"{one}; Path=/") for one in request.query.get("cookie", [])]
            return as_json({}, int(argument), ("Location", request.query["to"][0]), *cookies)
        case "cookie":
            return as_json({}, 200, ("Set-Cookie", f"{argument}; Path=/"))
        case "chunked":
            return Reply(content=b"x" * int(argument), body=Body.CHUNKED)
        case "endless":
            return Reply(body=Body.ENDLESS)
        case "partial":
            return Reply(content=b"x" * 10, body=Body.PARTIAL)
        case "hang":
            return Reply(body=Body.NONE)
        case "slow":
            return Reply(delay_s=float(argument))
        case "latin":
            return Reply(content="é".encode("latin-1"), headers=(("Content-Type", "text/plain"),))
        case _:
            return as_json({"method": request.method, "target": request.target, "headers": request.headers})


Answer = Callable[[Received], Reply]


class Upstream:
    """The server; use it as a context manager. Figures are read from any thread."""

    def __init__(self, answer: Answer = answer_by_path) -> None:
        self._answer = answer
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0
        """Connections accepted so far."""
        self.open = 0
        """Connections that neither side has closed yet."""
        self.requests: list[Received] = []

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Start counting anew; connections that are open stay so."""
        self.connections = 0
        self.requests = []

    def wait_until_idle(self) -> bool:
        """Wait until no connection is open, and answer whether that came about."""
        return _wait_until(lambda: not self.open)

    def wait_for(self, path: str) -> bool:
        """Wait until a request for a path has come, and answer whether it has."""
        return _wait_until(lambda: any(request.path == path for request in list(self.requests)))

    def wait_until(self, came_about: Callable[[], bool], *, seconds: float) -> bool:
        """Wait until something holds, and answer whether it does."""
        return _wait_until(came_about, seconds)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        task = asyncio.create_task(self._serve(reader, writer, self.connections))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        try:
            while True:
                request = await _read_request(reader, number)
                self.requests.append(request)
                await _send(self._answer(request), request, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()


def _wait_until(came_about: Callable[[], bool], seconds: float = 3.0) -> bool:
    deadline = time.monotonic() + seconds
    while not came_about():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


async def _read_request(reader: asyncio.StreamReader, number: int) -> Received:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    fields = {name.lower(): value for name, value in headers}
    body = raw = b""
    if "content-length" in fields:
        body = raw = await reader.readexactly(int(fields["content-length"]))
    elif fields.get("transfer-encoding") == "chunked":
        body, raw = await _read_chunks(reader)
    return Received(number, method, target, headers, body, head + raw)


async def _read_chunks(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    body = raw = b""
    size = -1
    while size:
        line = await reader.readuntil(b"\r\n")
        size = int(line, 16)
        chunk = await reader.readexactly(size + 2)
        body, raw = body + chunk[:-2], raw + line + chunk
    return body, raw


async def _send(
    reply: Reply, request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await asyncio.sleep(reply.delay_s)
    if reply.body is Body.NONE:
        await _wait_for_end(reader)
    chunked = reply.body in {Body.CHUNKED, Body.ENDLESS}
    length = len(reply.content) * (10 if reply.body is Body.PARTIAL else 1)
    framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(length))
    lines = [
        f"HTTP/1.1 {reply.status} Status",
        *(f"{name}: {value}" for name, value in (*reply.headers, framing)),
    ]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    if request.method == "HEAD" or reply.status in {204, 304}:
        content = b""
    elif chunked:
        content = b"".join(b"1\r\n%c\r\n" % byte for byte in reply.content)
        content += b"0\r\n\r\n" if reply.body is Body.CHUNKED else b""
    else:
        content = reply.content
    writer.write(head + content)  # in one piece, so that nothing depends on how the pieces arrive
    while reply.body is Body.ENDLESS:
        writer.write(b"4\r\nmore\r\n")
        await writer.drain()
        await asyncio.sleep(0.002)
    if reply.body is Body.PARTIAL:
        await _wait_for_end(reader)
    await writer.drain()


async def _wait_for_end(reader: asyncio.StreamReader) -> None:
    """Wait for the other side to close, and give up."""
    await reader.read()
    raise ConnectionResetError
