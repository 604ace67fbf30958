"""Every function that the fix of a case changes, or that is right as it is, and how it is called."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from fixture_cases import CASES, SINGLE, Case
from halves import Half, module_of
from starlette.requests import Request

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
RULES = frozenset(
    {
        "abandoned-iterator",
        "retained-response",
        "stream-closed-early",
        "stream-not-entered",
        "unclosed-proxied-stream",
        "unclosed-stream",
    }
)
STREAM_CASES = tuple(case for case in CASES if case.rule in RULES)
_OPENING = frozenset({"aconnect_sse", "connect_sse", "send", "stream"})


@dataclass(frozen=True)
class Fixed:
    """A function of a case, `Class.method` for one of a class, in one of its files."""

    case: Case
    path: str
    name: str

    def __repr__(self) -> str:
        home = "" if self.path == SINGLE else f"{module_of(self.path)}."
        return f"{self.case!r}:{home}{self.name}"


@cache
def halves_of(case: Case) -> tuple[Half, Half]:
    """Return both halves of a case."""
    return _build_half(case.before, {}), _build_half(case.after, case.before)


def _build_half(tree: Mapping[str, bytes], known: Mapping[str, bytes]) -> Half:
    files = {path: data.decode() for path, data in tree.items()}
    return Half(files, frozenset(path for path in files if known and path not in known))


def functions_of(source: str) -> dict[str, FunctionNode]:
    """Return the functions of a module, and the methods of its classes, by their qualified names."""
    found: dict[str, FunctionNode] = {}
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name] = node
            case ast.ClassDef(name=owner, body=body):
                methods = (one for one in body if isinstance(one, FunctionNode))
                found |= {f"{owner}.{one.name}": one for one in methods}
    return found


def _iter_functions() -> Iterator[tuple[Fixed, FunctionNode, FunctionNode | None]]:
    """Yield every function of a case as it is before and after the fix."""
    for case in STREAM_CASES:
        before, after = halves_of(case)
        for path, source in before.files.items():
            name = module_of(path)
            if name and "tests" not in name.split("."):
                new = functions_of(after.files[path])
                for function, node in functions_of(source).items():
                    yield Fixed(case, path, function), node, new.get(function)


def _iter_fixed() -> Iterator[Fixed]:
    for fixed, node, new in _iter_functions():
        if new is not None and ast.dump(node) != ast.dump(new):
            yield fixed


def _iter_silent() -> Iterator[Fixed]:
    """Yield the functions that open a stream and of which nothing is said."""
    for fixed, node, _ in _iter_functions():
        lines = {mark.line for mark in fixed.case.marks if mark.path == fixed.path}
        opens = any(
            isinstance(inner, ast.Call)
            and ast.unparse(inner.func).rpartition(".")[2] in _OPENING
            and not ast.unparse(inner).startswith("self.send")
            for inner in ast.walk(node)
        )
        if opens and not any(node.lineno <= line <= (node.end_lineno or line) for line in lines):
            yield fixed


async def _wait(*_: object, **__: object) -> str:
    await asyncio.sleep(0)
    return ""


async def _receive() -> dict[str, object]:
    return {"type": "http.request", "body": b'{"stream": true}', "more_body": False}


class _Stand:
    """Whatever a parameter without a known type is asked for: a lock, a progress bar, a cache."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


@dataclass(frozen=True)
class Surroundings:
    """What functions are given: clients of either kind, and a directory to write to."""

    client: Any
    sync_client: Any
    directory: Path

    def value_of(self, parameter: inspect.Parameter, *, is_async: bool) -> object:
        """Return what suits a parameter, by its type or name."""
        said, name = str(parameter.annotation), parameter.name
        if "Client" in said or name == "client":
            is_async = "AsyncClient" in said if "Client" in said else is_async
            return self.client if is_async else self.sync_client
        if name == "method":
            return "GET"
        for word, value in (
            ("aiohttp", SimpleNamespace(match_info={"name": "slow"})),
            ("list", ["/slow", "/slow"]),
            ("dict", {}),
            ("bool", True),
            ("int", 2000),
            ("float", 1.0),
            ("Path", self.directory / "saved"),
            ("Auth", None),
            ("str", "/slow"),
        ):
            if word in said:
                return value
        if name == "request":
            scope = {"type": "http", "method": "GET", "path": "/slow", "query_string": b"", "headers": []}
            app = SimpleNamespace(state=SimpleNamespace(client=self.client))
            return Request({**scope, "server": ("127.0.0.1", 80), "app": app}, _receive)
        return _wait if name == "pause" else _Stand()


def call_function(fixed: Fixed, modules: Mapping[str, ModuleType], around: Surroundings) -> Any:
    """Call a function of one half, whose modules these are."""
    names = vars(modules[module_of(fixed.path)])
    owner, _, name = fixed.name.rpartition(".")
    if not owner:
        handler = names[name]
        return _apply(getattr(handler, "fn", handler), around)  # a handler of Litestar holds its function
    kind = names[owner]
    made = _apply(kind, around) if "__init__" in vars(kind) else kind()
    called = _apply(getattr(made, name), around)
    close = getattr(made, "aclose", getattr(made, "close", None))
    return _use_and_close(called, close) if close is not None and inspect.iscoroutine(called) else called


async def _use_and_close(called: Awaitable[Any], close: Callable[[], Awaitable[None]]) -> object:
    """Let an object close what it keeps, as whoever has it would."""
    try:
        return await called
    finally:
        with contextlib.suppress(AttributeError):  # nothing is kept yet
            await close()


def _apply(function: Any, around: Surroundings) -> Any:
    is_async = not inspect.isfunction(inspect.unwrap(function)) or (
        inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    )
    parameters = inspect.signature(function).parameters.values()
    given = {
        one.name: around.value_of(one, is_async=is_async) for one in parameters if one.default is one.empty
    }
    given |= {one.name: True for one in parameters if one.name == "stream"}
    positional = [given.pop(one.name) for one in parameters if one.kind is one.POSITIONAL_ONLY]
    return function(*positional, **given)


FIXED = tuple(_iter_fixed())
SILENT = tuple(_iter_silent())
