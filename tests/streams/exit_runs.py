"""Runs a function once for every statement that may fail in it, over a pool of two connections."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import httpx

CLOSERS = frozenset({"aclose", "close"})
PATH = "case.py"
LIMITS = httpx.Limits(max_connections=2)
TLS = ssl.create_default_context()
"""To load the certificates anew takes 20 ms a client."""


class BoomError(Exception):
    """What a statement raises in place of what it does."""


@dataclass
class Injection:
    """Raises where the n-th statement is come to for the first time; `reached` counts them.

    Nothing raises where a `with` block is left, a `try` begins, something is closed or a function defined.
    """

    statements: dict[int, ast.stmt]
    quiet: frozenset[ast.stmt]
    inside: dict[ast.stmt, frozenset[ast.stmt]]
    at: int
    error: type[BaseException]
    reached: int = 0
    last: dict[FrameType, ast.stmt | None] = field(default_factory=dict)
    seen: set[ast.stmt] = field(default_factory=set)

    def trace(self, frame: FrameType, event: str, argument: object) -> Any:
        del argument
        if frame.f_code.co_filename != PATH:
            return None
        if event == "line":
            self._step(frame)
        return self.trace

    def _step(self, frame: FrameType) -> None:
        statement = self.statements.get(frame.f_lineno)
        before = self.last.get(frame)
        self.last[frame] = statement
        if statement is None or statement is before or statement in self.quiet:
            return
        if before is not None and before in self.inside.get(statement, ()):
            return
        if statement in self.seen:
            return
        self.seen.add(statement)
        self.reached += 1
        if self.reached == self.at:
            raise self.error


@dataclass(frozen=True)
class Half:
    """One half of a case: its source, and what was read off its tree."""

    source: str

    def plan(self, at: int, error: type[BaseException]) -> Injection:
        """Return an injection that raises at the n-th statement, 0 for none."""
        tree = ast.parse(self.source)
        statements: dict[int, ast.stmt] = {}
        quiet: set[ast.stmt] = set()
        inside: dict[ast.stmt, frozenset[ast.stmt]] = {}
        for node in ast.walk(tree):  # from the outside to the inside
            if not isinstance(node, ast.stmt):
                continue
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                statements[line] = node
            if isinstance(node, ast.Try):
                quiet.add(node)
                quiet.update(inner for one in node.finalbody for inner in _statements_of(one))
            if isinstance(node, ast.With | ast.AsyncWith):
                inside[node] = frozenset(inner for one in node.body for inner in _statements_of(one))
            if _is_close(node) or _reads_all(node) or isinstance(node, _QUIET):
                quiet.add(node)
        return Injection(statements, frozenset(quiet), inside, at, error)

    def load(self) -> dict[str, Any]:
        """Return the names of the module, imported anew."""
        namespace: dict[str, Any] = {"__name__": "case"}
        exec(compile(self.source, PATH, "exec"), namespace)
        return namespace


_QUIET = (ast.Break, ast.Continue, ast.Pass, ast.FunctionDef, ast.AsyncFunctionDef)


def _statements_of(node: ast.AST) -> Iterator[ast.stmt]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.stmt))


def _is_close(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and any(
        isinstance(inner, ast.Attribute) and inner.attr in CLOSERS for inner in ast.walk(node)
    )


def _reads_all(node: ast.stmt) -> bool:
    """Answer whether a statement does nothing before it reads a body to its end, which closes it."""
    match node:
        case ast.Return(value=ast.Await(value=ast.Call(func=ast.Attribute(attr="aread")))):
            return True
        case ast.Return(value=ast.Call(func=ast.Attribute(attr="read"))):
            return True
    return False


@dataclass(frozen=True)
class Outcome:
    """How a run ended, how many connections are not free then, and how many statements it came to.

    `at_once` counts before the loop has had a turn, in which it closes generators that nobody holds.
    """

    result: object
    at_once: int
    open: int
    reached: int


def run_async(half: Half, call: Callable[[dict[str, Any], Any], Any], url: str, plan: Injection) -> Outcome:
    """Run a function of a module on a loop of its own; what it hands on is taken up and let go."""

    async def run() -> Outcome:
        transport = Rerouted(url, limits=LIMITS, verify=TLS)
        async with httpx.AsyncClient(transport=transport, **_options(url)) as client:
            names = half.load()
            kept: list[object] = []
            with traced(plan):
                try:
                    result = await _use(call(names, client), kept)
                except (Exception, asyncio.CancelledError) as error:
                    kept.append(error)
                    result = type(error).__name__
            at_once = count_open(client)
            for _ in range(5):
                await asyncio.sleep(0)
            return Outcome(result, at_once, count_open(client), plan.reached)

    return asyncio.run(run())


def run_sync(half: Half, call: Callable[[dict[str, Any], Any], Any], url: str, plan: Injection) -> Outcome:
    transport = _ReroutedSync(url, limits=LIMITS, verify=TLS)
    with httpx.Client(transport=transport, **_options(url)) as client:
        names = half.load()
        kept: list[object] = []
        with traced(plan):
            try:
                result = _use_sync(call(names, client), kept)
            except (Exception, asyncio.CancelledError) as error:
                kept.append(error)
                result = type(error).__name__
        return Outcome(result, count_open(client), count_open(client), plan.reached)


class Rerouted(httpx.AsyncHTTPTransport):
    """Sends every request to one server, whatever its URL says; `path` in place of its own one."""

    def __init__(self, url: str, path: str = "", **options: Any) -> None:
        super().__init__(**options)
        self._url = httpx.URL(url)
        self._path = path

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = self._path or request.url.path
        request.url = request.url.copy_with(
            scheme="http", host=self._url.host, port=self._url.port, path=path
        )
        return await super().handle_async_request(request)


class _ReroutedSync(httpx.HTTPTransport):
    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(**options)
        self._url = httpx.URL(url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._url.host, port=self._url.port)
        return super().handle_request(request)


def _options(url: str) -> dict[str, Any]:
    return {"base_url": url, "timeout": httpx.Timeout(5, pool=0.2), "trust_env": False}


@contextlib.contextmanager
def traced(plan: Injection) -> Iterator[None]:
    """Let an injection see every line that is run meanwhile."""
    before = sys.gettrace()
    sys.settrace(plan.trace)
    try:
        yield
    finally:
        sys.settrace(before)


def count_open(client: Any) -> int:
    """Return how many connections of a pool are busy: each is lost if nobody works on it any more."""
    connections = client._transport._pool.connections
    return sum(not (one.is_idle() or one.is_closed()) for one in connections)


async def _use(made: Any, kept: list[object]) -> object:
    """Await, iterate or enter what a function made, and close what it gives its caller."""
    kept.append(made)
    if inspect.isasyncgen(made):
        items = []
        async with contextlib.aclosing(made):
            async for item in made:
                items.append(await _take(item, kept))
        return items
    if hasattr(made, "__aenter__"):
        async with made as value:
            return await _take(value, kept)
    return await _take(await made if inspect.isawaitable(made) else made, kept)


async def _take(value: Any, kept: list[object]) -> object:
    """Return what a result says; a response is its caller's, and is closed."""
    kept.append(value)
    if isinstance(value, httpx.Response):
        status = value.status_code
        await value.aclose()
        return status
    if isinstance(getattr(value, "response", None), httpx.Response):
        return await _take(value.response, kept)
    if isinstance(value, tuple | list):
        return [await _take(one, kept) for one in value]
    if hasattr(value, "body_iterator"):
        return await _send_part(value)
    return _tell(value)


async def _send_part(answer: Any) -> object:
    """Send one piece of a framework's response, as to a client that goes away then."""
    pieces = aiter(answer.body_iterator)
    first = await anext(pieces, None)
    await pieces.aclose()
    return [answer.status_code, first]


def _use_sync(made: Any, kept: list[object]) -> object:
    kept.append(made)
    if inspect.isgenerator(made):
        with contextlib.closing(made):
            return [_take_sync(item, kept) for item in made]
    return _take_sync(made, kept)


def _take_sync(value: Any, kept: list[object]) -> object:
    kept.append(value)
    if isinstance(value, httpx.Response):
        value.close()
        return value.status_code
    if isinstance(value, tuple | list):
        return [_take_sync(one, kept) for one in value]
    return _tell(value)


def _tell(value: object) -> str:
    """Return what a value says in both halves; a clock goes on between them."""
    return "a time" if isinstance(value, float) else repr(value)
