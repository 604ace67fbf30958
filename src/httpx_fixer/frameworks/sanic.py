"""Sanic: listeners of each worker process open and close what all code borrows."""

from __future__ import annotations

from typing import ClassVar

from httpx_fixer.frameworks._web_application import WebFramework


class Sanic(WebFramework):
    """Sanic awaits `before_server_start` and `after_server_stop` listeners in each worker process.

    Never in the main process, which only starts workers; `main_process_start` would be the wrong
    place, since what is opened there does not survive. Listeners of the end run in reverse order, so
    that what is registered first closes last. Read and run in 25.12.1.
    https://sanic.dev/en/guide/basics/listeners.html
    """

    name: ClassVar[str] = "sanic"
    package: ClassVar[str] = "sanic"
    modules: ClassVar[frozenset[str]] = frozenset({"sanic"})
    classes: ClassVar[frozenset[str]] = frozenset({"sanic.Sanic", "sanic.app.Sanic"})
    statements: ClassVar[tuple[str, ...]] = (
        '{app}.register_listener(open_http_pools, "before_server_start")',
        '{app}.register_listener(close_http_pools, "after_server_stop")',
    )
