"""Cases of `tests/fixtures` that are served for real: both halves, in front of one upstream."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fixture_cases import FIXTURES, Case, Tree, result_of, write_tree
from starlette.testclient import TestClient

from .upstream import Received, Reply, Upstream, as_json

ROUNDS = 3


@dataclass(frozen=True)
class Probe:
    """A case, where its application is, what is sent, and how many connections that takes on either side.

    `application` is `module:name`, "" for none. What is sent is `GET /path`, `WS /path`,
    `POST /path {"json": 1}` or, in a thread as a worker or a scheduler would, `CALL module:function
    argument`; `{upstream}` stands for the address of the upstream there, and `proxies` names a list of
    the application's module that is to hold it, "" for none.
    """

    case: str
    application: str
    sends: tuple[str, ...]
    before: int
    after: int
    proxies: str = ""


@dataclass(frozen=True)
class Outcome:
    """What one half did: its answers, what reached the upstream over how many connections, what is open."""

    answers: tuple[tuple[int, str], ...]
    wire: tuple[tuple[str, str, tuple[tuple[str, str], ...], bytes], ...]
    connections: int
    is_idle: bool

    @property
    def failed(self) -> int:
        """How many answers are errors of the service."""
        return sum(status >= 500 for status, _ in self.answers)


def find_case(name: str) -> Case:
    """Return the case `<rule>/<name>`."""
    return Case(FIXTURES / name)


def serve_halves(probe: Probe, place: Path) -> tuple[Outcome, Outcome]:
    """Serve a case before and after, send the same to each some times, and return what came of both."""
    case = Case(FIXTURES / probe.case)
    before = _serve(case.before, place / "before", probe, is_before=True)
    return before, _serve(result_of(case), place / "after", probe, is_before=False)


def _serve(tree: Tree, place: Path, probe: Probe, *, is_before: bool) -> Outcome:
    code = {path: data for path, data in tree.items() if not path.startswith("tests/")}
    with Upstream(_answer) as upstream, _rerouted(upstream), importable(code, place):
        application = load(probe.application) if probe.application else None
        if probe.proxies:
            setattr(sys.modules[probe.application.partition(":")[0]], probe.proxies, [upstream.url])
        sends = [send.replace("{upstream}", upstream.url) for send in probe.sends]
        answers = tuple(
            (status, said.replace(upstream.url, "")) for status, said in _send_all(application, sends)
        )
        is_idle = upstream.wait_until(lambda: not upstream.open, seconds=0.0 if is_before else 0.5)
        wire = tuple(sorted(_describe(request, upstream.url) for request in upstream.requests))
        return Outcome(answers, wire, upstream.connections, is_idle)


def _answer(request: Received) -> Reply:
    """Say what came; orders come in a list."""
    said = {"title": "Emma", "target": request.target, "headers": request.headers}
    return as_json([said] if request.path.startswith("/orders.") else said)


def load(found: str) -> Any:
    """Return the object of `module:name`, or what it makes for `module:name()`."""
    module, _, name = found.partition(":")
    loaded = getattr(importlib.import_module(module), name.removesuffix("()"))
    return loaded() if name.endswith("()") else loaded


def _send_all(app: Any, sends: Sequence[str]) -> Iterator[tuple[int, str]]:
    wanted = list(sends) * ROUNDS
    if app is None:
        yield from (_call(send) for send in wanted)
        return
    with TestClient(app, raise_server_exceptions=False, headers={"X-Token": "a"}) as browser:
        for send in wanted:
            yield _call(send) if send.startswith("CALL ") else _send(browser, send)


def _send(browser: TestClient, send: str) -> tuple[int, str]:
    method, path, *body = send.split(" ", 2)
    if method == "WS":
        with browser.websocket_connect(path) as socket:
            return 101, json.dumps(socket.receive(), sort_keys=True)
    response = browser.request(method, path, json=json.loads(body[0]) if body else None)
    return response.status_code, response.text


def _call(send: str) -> tuple[int, str]:
    _, function, *arguments = send.split(" ")
    with ThreadPoolExecutor(1) as threads:
        return 0, repr(threads.submit(load(function), *arguments).result())


def _describe(request: Received, url: str) -> tuple[str, str, tuple[tuple[str, str], ...], bytes]:
    return request.method, request.target.removeprefix(url), request.headers, request.body


@contextmanager
def importable(tree: Tree, place: Path) -> Iterator[None]:
    """Make the modules of a tree importable, and forget them afterwards."""
    write_tree(tree, place)
    tops = {path.split("/")[0].removesuffix(".py") for path in tree}
    assert not tops & sys.modules.keys(), tops & sys.modules.keys()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(place))
        try:
            yield
        finally:
            for name in [name for name in sys.modules if name.split(".")[0] in tops]:
                del sys.modules[name]


@contextmanager
def _rerouted(upstream: Upstream) -> Iterator[None]:
    """Send every request to the upstream, with its host as the first part of the path.

    What is replaced is the way from a transport of httpx to the network, below all that is looked at.
    """
    handle, handle_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def reroute(request: httpx.Request) -> httpx.Request:
        if request.url.host != "127.0.0.1":
            path = b"/" + request.url.raw_host + request.url.raw_path
            request.url = httpx.URL(upstream.url).copy_with(raw_path=path)
        return request

    def send(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return handle(self, reroute(request))

    async def send_async(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await handle_async(self, reroute(request))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", send)
        patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", send_async)
        yield
