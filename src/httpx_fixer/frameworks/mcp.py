"""MCP servers: the server's lifespan owns, tools borrow."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._lifespan import (
    OwnLifespan,
    add_lifespan,
    extend_own,
    find_own_lifespan,
    is_wired,
    wrap_own,
)
from httpx_fixer.frameworks._process import ProcessFramework

_SERVERS = {
    "FastMCP": frozenset(
        {
            "fastmcp.FastMCP",
            "fastmcp.server.FastMCP",
            "fastmcp.server.server.FastMCP",
            "mcp.server.FastMCP",
            "mcp.server.fastmcp.FastMCP",
            "mcp.server.fastmcp.server.FastMCP",
        }
    ),
    "MCPServer": frozenset({"mcp.server.MCPServer", "mcp.server.mcpserver.MCPServer"}),
    "Server": frozenset(
        {"mcp.server.Server", "mcp.server.lowlevel.Server", "mcp.server.lowlevel.server.Server"}
    ),
}
_RUN = ("run", "run_async", "run_stdio_async", "run_http_async", "run_sse_async", "run_streamable_http_async")
_AS_APPLICATION = (
    "http_app",
    "sse_app",
    "streamable_http_app",
    "create_sse_app",
    "create_streamable_http_app",
)
_POSITIONAL = 3
"""Positional arguments that come before `lifespan` in all versions."""


class Mcp(ProcessFramework):
    """An MCP server enters its lifespan for as long as it runs; all tools run on one event loop.

    So it is in FastMCP 2.10 to 4, in `mcp` 2 and for stdio everywhere. Over HTTP `mcp` 1 enters it
    for each session, or for each request where it is stateless: then what is open at once shares
    connections, and they are closed with the last of these. A tool is found by who imports its code.
    A server that is a part of an ASGI application (`mcp.http_app()`) leaves owning to that, if it is
    known. Over HTTP a signal may cut fastmcp before the end of its lifespan. Run in fastmcp 2.10.6,
    2.14.7, 3.0.2, 3.4.10 and 4.1.2, and in mcp 1.9.4, 1.12.4, 1.30.0, 2.0.0 and 2.3.0, the low-level
    server included.
    https://gofastmcp.com/servers/lifespan
    """

    name: ClassVar[str] = "mcp"
    modules: ClassVar[frozenset[str]] = frozenset({"mcp", "fastmcp"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every server object, also one that an attribute holds or a function returns."""
        found: list[Lifecycle] = []
        for class_name, classes in _SERVERS.items():
            if not project.search.mentions(b"mcp"):
                break
            found += _asgi.find_applications(project, self.name, class_name, classes)
            found += [
                Lifecycle(self.name, Symbol(call.path, call.function), call)
                for call in project.calls_named(class_name)
                if call.bound is None and project.is_kind_of(call.symbol, classes)
            ]
        started = (replace(one, start=_start_of(project, one), has_state=False) for one in found)
        return tuple(sorted(started, key=lambda lifecycle: lifecycle.call.anchor))

    def starts(self, project: Project, lifecycle: Lifecycle) -> bool:
        """Answer whether the server runs by itself, and not only as a part of an ASGI application."""
        about = lifecycle.app.name.rpartition(".")[2]
        runs = project.calls_named(*_RUN, about=about)
        if any(project.origin_of(call.receiver) == lifecycle.app for call in runs):
            return True
        return not any(
            project.origin_of(call.receiver) == lifecycle.app
            or any(project.origin_of(argument.symbol) == lifecycle.app for argument in call.arguments)
            for call in project.calls_named(*_AS_APPLICATION, "StreamableHTTPSessionManager", about=about)
        )

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that make the server's lifespan enter ours."""
        if is_wired(project, ownership, lifecycle):
            return ()
        own = find_own_lifespan(project, lifecycle)
        if isinstance(own, Refusal):
            return own
        if own is not None:
            extend = extend_own if own.yields else wrap_own
            return extend(project, ownership, own)
        call = lifecycle.call
        taken = any(argument.name in {"*", "**"} for argument in call.arguments)
        positional = sum(argument.name == "" for argument in call.arguments)
        if taken or positional > _POSITIONAL or (call.symbol is not None and call.symbol.path):
            detail = f"the lifespan of `{lifecycle.app.name}` could not be extended safely"
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, call.line)
        return add_lifespan(project, ownership, lifecycle)


def _start_of(project: Project, lifecycle: Lifecycle) -> Start:
    own = find_own_lifespan(project, lifecycle)
    return Start.WRAPPED if isinstance(own, OwnLifespan) and not own.yields else Start.LIFESPAN
