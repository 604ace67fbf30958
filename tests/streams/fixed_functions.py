"""Every function that the fix of a case changes, and how it is called."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fixture_cases import CASES, Case
from starlette.requests import Request

RULES = frozenset(
    {
        "abandoned-iterator",
        "stream-closed-early",
        "stream-not-entered",
        "unclosed-proxied-stream",
        "unclosed-stream",
    }
)


UNREAD = {"unclosed-proxied-stream/other-classes": "it imports a module that is not there"}


@dataclass(frozen=True)
class Fixed:
    """A function of a case that its fix changes, `Class.method` for one of a class."""

    case: Case
    name: str

    def __repr__(self) -> str:
        return f"{self.case!r}:{self.name}"


def sources_of(case: Case) -> tuple[str, str]:
    """Return both halves of a case."""
    after = case.after.get("main.py", b"")
    return case.before["main.py"].decode(), after.decode()


def functions_of(source: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions of a module, and the methods of its classes, by their qualified names."""
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name] = node
            case ast.ClassDef(name=owner, body=body):
                methods = (one for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
                found |= {f"{owner}.{one.name}": one for one in methods}
    return found


def _iter_fixed() -> Iterator[Fixed]:
    for case in CASES:
        if (
            case.rule not in RULES
            or repr(case) in UNREAD
            or set(case.before) != {"main.py"}
            or case.before == case.after
        ):
            continue
        before, after = map(functions_of, sources_of(case))
        for name, node in before.items():
            if name in after and ast.dump(node) != ast.dump(after[name]):
                yield Fixed(case, name)


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


def _value_of(parameter: inspect.Parameter, client: Any, directory: Path) -> object:
    said, name = str(parameter.annotation), parameter.name
    if "Client" in said or name == "client":
        return client
    if name == "method":
        return "GET"
    for word, value in (
        ("list", ["/slow", "/slow"]),
        ("dict", {}),
        ("bool", True),
        ("int", 2000),
        ("float", 1.0),
        ("Path", directory / "saved"),
        ("Auth", None),
        ("str", "/slow"),
    ):
        if word in said:
            return value
    if name == "request":
        scope = {"type": "http", "method": "GET", "path": "/slow", "query_string": b"", "headers": []}
        app = SimpleNamespace(state=SimpleNamespace(client=client))
        return Request({**scope, "server": ("127.0.0.1", 80), "app": app}, _receive)
    return _wait if name == "pause" else _Stand()


def call_function(fixed: Fixed, names: dict[str, Any], client: Any, directory: Path) -> Any:
    """Call a function of one half, whose names these are, over a client."""
    owner, _, name = fixed.name.rpartition(".")
    if not owner:
        return _apply(names[name], client, directory)
    made = _make(names[owner], client, directory)
    called = _apply(getattr(made, name), client, directory)
    close = getattr(made, "aclose", getattr(made, "close", None))
    return _use_and_close(called, close) if close is not None and inspect.iscoroutine(called) else called


async def _use_and_close(called: Awaitable[Any], close: Callable[[], Awaitable[None]]) -> object:
    """Let an object close what it keeps, as whoever has it would."""
    try:
        return await called
    finally:
        with contextlib.suppress(AttributeError):  # nothing is kept yet
            await close()


def _make(kind: Any, client: Any, directory: Path) -> Any:
    return _apply(kind, client, directory) if "__init__" in vars(kind) else kind()


def _apply(function: Any, client: Any, directory: Path) -> Any:
    parameters = inspect.signature(function).parameters.values()
    given = {one.name: _value_of(one, client, directory) for one in parameters if one.default is one.empty}
    given |= {one.name: True for one in parameters if one.name == "stream"}
    positional = [given.pop(one.name) for one in parameters if one.kind is one.POSITIONAL_ONLY]
    return function(*positional, **given)


FIXED = tuple(_iter_fixed())
