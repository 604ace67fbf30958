"""Quart: what is registered before and after serving opens and closes what all code borrows."""

from __future__ import annotations

from typing import ClassVar

from httpx_fixer.frameworks._web_application import WebFramework


class Quart(WebFramework):
    """Quart awaits `before_serving` functions when a server starts and `after_serving` ones when it stops.

    They run once per server process, on the loop that serves; under `test_client()` alone they do
    not run, and code has clients of its own as before. Read and run in 0.22.0, under hypercorn.
    https://quart.palletsprojects.com/en/latest/how_to_guides/startup_shutdown.html
    """

    name: ClassVar[str] = "quart"
    package: ClassVar[str] = "quart"
    modules: ClassVar[frozenset[str]] = frozenset({"quart"})
    classes: ClassVar[frozenset[str]] = frozenset({"quart.Quart", "quart.app.Quart"})
    statements: ClassVar[tuple[str, ...]] = (
        "{app}.before_serving(open_http_pools)",
        "{app}.after_serving(close_http_pools)",
    )
