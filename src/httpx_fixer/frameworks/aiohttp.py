"""The web server of aiohttp: signals of the application open and close what all code in it borrows."""

from __future__ import annotations

from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.frameworks._base import Lifecycle
from httpx_fixer.frameworks._web_application import WebFramework


class AioHTTP(WebFramework):
    """aiohttp sends `on_startup` before a server listens and `on_cleanup` after its connections are closed.

    Both are sent once per `AppRunner`, on the loop that serves, and an application that is added to
    another one gets them too; only the outer one is wired. A web server beside other work of a
    process shares its connections with that work, if it is on the same loop. Cleanup runs on
    SIGTERM and SIGINT under `web.run_app`. Read and run in 3.14.5.
    https://docs.aiohttp.org/en/stable/web_advanced.html#signals
    """

    name: ClassVar[str] = "aiohttp"
    package: ClassVar[str] = "aiohttp"
    modules: ClassVar[frozenset[str]] = frozenset({"aiohttp"})
    classes: ClassVar[frozenset[str]] = frozenset({"aiohttp.web.Application", "aiohttp.web_app.Application"})
    statements: ClassVar[tuple[str, ...]] = (
        "{app}.on_startup.append(open_http_pools)",
        "{app}.on_cleanup.append(close_http_pools)",
    )

    def starts(self, project: Project, lifecycle: Lifecycle) -> bool:
        """Answer whether the application is not a part of another one."""
        for call in project.calls_named("add_subapp", "add_domain"):
            given = call.argument("subapp", 1)
            made = None if given is None or given.factory is None else project.returned_by(given.factory)
            if given is not None and lifecycle.app in {project.origin_of(given.symbol), made}:
                return False
        return True
