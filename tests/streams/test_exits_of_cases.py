"""Every function that a case fixes: its pool is full again after an exception at each statement."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from exit_runs import BoomError, Half, Outcome, run_async, run_sync
from fixture_cases import CASES, Case
from slow_upstream import SlowUpstream
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


def _sources(case: Case) -> tuple[str, str]:
    after = case.after.get("main.py", b"")
    return case.before["main.py"].decode(), after.decode()


def _functions(source: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
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
        before, after = map(_functions, _sources(case))
        for name, node in before.items():
            if name in after and ast.dump(node) != ast.dump(after[name]):
                yield Fixed(case, name)


@pytest.fixture(scope="module")
def upstream() -> Iterator[SlowUpstream]:
    with SlowUpstream() as server:
        yield server


async def _wait(*_: object, **__: object) -> str:
    await asyncio.sleep(0)
    return ""


async def _receive() -> dict[str, object]:
    return {"type": "http.request", "body": b"question", "more_body": False}


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
        return Request({**scope, "server": ("127.0.0.1", 80)}, _receive)
    return _wait if name == "pause" else _Stand()


def _call(fixed: Fixed, names: dict[str, Any], client: Any, directory: Path) -> Any:
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


FIXED = list(_iter_fixed())

BROKEN = ("AttributeError", "StreamClosed", "TypeError")
"""What a function ends in whose body is closed before it is read, or whose `stream` is never entered."""

SPARED = {
    "abandoned-iterator/example:iterate_lines": "only what it says that it returns changes",
    "stream-closed-early/sync-client:watch": "it has a client of its own; Django is started elsewhere",
    "unclosed-proxied-stream/generator-of-the-module:Relay._iterate": "it is given the response",
    "unclosed-proxied-stream/generator-of-the-module:iterate_chunks": "it is given the response",
    "unclosed-proxied-stream/generator-without-finally:stream_answer": "its client is that of an application",
    "unclosed-proxied-stream/sync-client:watch": "it has a client of its own; Django is started elsewhere",
    "unclosed-stream/client-of-the-request:fetch_logo": "the block of its own client closes what it leaves",
}
"""Functions whose old half is not seen to leave anything open here: {function: why}."""


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("fixed", FIXED, ids=repr)
def test_pool_is_full_again_after_every_exit(fixed: Fixed, upstream: SlowUpstream, tmp_path: Path) -> None:
    before, after = map(Half, _sources(fixed.case))
    node = _functions(before.source)[fixed.name]
    sync_clients = "AsyncClient" not in ast.unparse(node) and isinstance(node, ast.FunctionDef)
    run = run_sync if sync_clients else run_async

    def outcomes(half: Half) -> Iterator[Outcome]:
        for error in (BoomError, asyncio.CancelledError):
            at = 0
            while True:
                plan = half.plan(at, error)
                done = run(
                    half, lambda names, client: _call(fixed, names, client, tmp_path), upstream.url, plan
                )
                yield done
                if done.reached < at:
                    break
                at += 1

    old, new = outcomes(before), list(outcomes(after))
    first = next(old)
    is_broken = first.result in BROKEN
    assert new[0].result not in BROKEN
    assert is_broken or new[0].result == first.result
    assert [one.open for one in new] == [0] * len(new)
    fails = is_broken or first.at_once > 0 or any(one.at_once for one in old)
    assert fails is (repr(fixed) not in SPARED)
