"""Handlers of cases, served for real or driven by hand, over pools of two connections."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import io
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import uvicorn
from exit_runs import Upstream, build_clients
from fixed_functions import Fixed, call_function
from halves import Half, module_of
from rerouting import Rerouting

GRACE_TURNS = 20
"""It takes a server a moment to see who went away, and its response one more to be cancelled."""
_MOUNTED = {"read_file": "/files/x", "read_log": "/logs/x"}
"""The paths of handlers that only their application can call."""
_RESPONDING = frozenset({"django", "flask", "litestar", "quart"})
"""Frameworks whose responses cannot send themselves."""
Message = MutableMapping[str, Any]


@dataclass(frozen=True)
class App:
    """Serves one half of a handler, whatever is asked for; of `modules` while they are imported."""

    fixed: Fixed
    modules: Any
    around: Any

    @cached_property
    def is_wsgi(self) -> bool:
        """Whether the framework is a synchronous one."""
        return self._framework == "flask" or self.fixed.case.name == "sync-client"

    @cached_property
    def _framework(self) -> str:
        return str(self.fixed.case.name).removeprefix("in-")

    @cached_property
    def _mounted(self) -> Any:
        """The application of the case, None where the handler is called without it."""
        if self._framework not in _RESPONDING:
            return None
        if self._framework == "django":
            importlib.import_module("django.urls").clear_url_caches()
        return self.modules[module_of(self.fixed.path)].app

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if self._mounted is not None:
            path = _MOUNTED[self.fixed.name]
            await self._mounted({**scope, "path": path, "raw_path": path.encode()}, receive, send)
            return
        response = await call_function(self.fixed, self.modules, self.around)
        await response(scope, receive, send)

    def answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer as an application of WSGI."""
        if self._mounted is not None:
            return self._mounted({**environ, "PATH_INFO": _MOUNTED[self.fixed.name]}, start_response)
        settings = importlib.import_module("django.conf").settings
        if not settings.configured:
            settings.configure(ROOT_URLCONF="files.app", ALLOWED_HOSTS=["*"], SECRET_KEY="for tests")
        response = call_function(self.fixed, self.modules, self.around)
        start_response(f"{response.status_code} OK", list(response.items()))
        return response


def serve(
    fixed: Fixed,
    half: Half,
    upstream: Upstream,
    directory: Path,
    rounds: Sequence[Callable[[int], Awaitable[object]]],
) -> tuple[list[object], int]:
    """Return what came of some rounds against a server, and how many connections are lost then."""

    async def run(app: App) -> list[object]:
        async with _serve_wsgi(app) if app.is_wsgi else _serve_asgi(app) as port:
            return [await use(port) for use in rounds]

    return _run(fixed, half, upstream, directory, run)


def drive(
    fixed: Fixed,
    half: Half,
    upstream: Upstream,
    directory: Path,
    rounds: Sequence[contextlib.AbstractContextManager[None]],
) -> tuple[list[object], int]:
    """Let `send` fail after the first part of the body, as a server of ASGI 2.4 does, in each round."""

    async def run(app: App) -> list[object]:
        results = []
        for around in rounds:
            with around:
                results.append(await _drive_once(app))
        return results

    return _run(fixed, half, upstream, directory, run)


def _run(
    fixed: Fixed,
    half: Half,
    upstream: Upstream,
    directory: Path,
    use: Callable[[App], Awaitable[list[object]]],
) -> tuple[list[object], int]:
    """Run a handler's rounds; what is under way then may end before the lost connections are counted."""

    async def run() -> tuple[list[object], int]:
        around = build_clients(directory)
        with (
            Rerouting(upstream.url, upstream.path, read_s=upstream.read_s) as routes,
            half.imported() as found,
        ):
            results = await use(App(fixed, found, around))
            gc.collect()  # generators that were left are closed by the loop
            for _ in range(GRACE_TURNS):
                if not routes.count_open():
                    break
                await asyncio.sleep(0.02)
            lost = routes.count_open()
            await routes.close_all()
            return results, lost

    return asyncio.run(run())


@contextlib.asynccontextmanager
async def _serve_asgi(app: App) -> AsyncIterator[int]:
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            await serving


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so it is called there
        del format, args

    def get_stderr(self) -> Any:
        return io.StringIO()


@contextlib.asynccontextmanager
async def _serve_wsgi(app: App) -> AsyncIterator[int]:
    server = make_server("127.0.0.1", 0, app.answer, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


async def _drive_once(app: App) -> object:
    kinds: list[str] = []
    asked: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not asked:
            await asyncio.sleep(5)
            raise AssertionError
        return asked.pop()

    async def send(message: Message) -> None:
        kinds.append(message["type"])
        if kinds.count("http.response.body") > 1:
            raise OSError

    scope: Message = {
        "type": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "scheme": "http",
        "http_version": "1.1",
        "method": "GET",
        "headers": [(b"host", b"x")],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 9),
        "asgi": {"version": "3.0", "spec_version": "2.4"},
    }
    try:
        await app(scope, receive, send)
    except (Exception, BaseExceptionGroup) as error:
        if (
            kinds.count("http.response.body") < 2
        ):  # else it is what `send` has raised, in one wrapping or other
            return type(error).__name__
    await asyncio.sleep(0.05)  # the generator is collected, and closed by the loop
    return kinds[:2]
