"""An MCP server in a process of its own, over its standard streams and over HTTP."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from mcp.types import TextContent

from ..upstream import Received, Reply, Upstream, as_json
from .programs import Program, build_halves, start

TIMES = 3
CASE = "client-per-request/mcp-server"
BEFORE = 3 * TIMES
"""Connections of a session before: two for a forecast, one for warnings."""


def _answer(_: Received) -> Reply:
    return as_json({"text": "rain"})


async def _call_tools(client: Client[Any], names: Sequence[str] = ("forecast", "warnings")) -> None:
    async with asyncio.timeout(20), client:
        for _ in range(TIMES):
            for tool in names:
                arguments = {"city": "Bath"} if tool == "forecast" else {"country": "GB"}
                (content,) = (await client.call_tool(tool, arguments)).content
                assert isinstance(content, TextContent)
                assert content.text == "rain"


def _run_on_streams(
    program: Program, upstream: Upstream, names: Sequence[str] = ("forecast", "warnings")
) -> None:
    said = program.directory / "said"
    transport = StdioTransport(
        sys.executable,
        ["-m", "weather.server"],
        env=program.environment(WEATHER_URL=upstream.url),
        cwd=str(program.directory),
        log_file=said,
        keep_alive=False,
    )
    asyncio.run(_call_tools(Client(transport), names))
    assert upstream.wait_until_idle()
    assert "unclosed" not in said.read_text()


def test_tools_share_connections_until_the_streams_are_closed(tmp_path: Path) -> None:
    before, after = build_halves(CASE, tmp_path)
    with Upstream(_answer) as upstream:
        _run_on_streams(before, upstream)
        assert upstream.connections == BEFORE
        upstream.forget()
        _run_on_streams(after, upstream)
        assert upstream.connections == 2
    assert before.pools() == (BEFORE, BEFORE)
    assert after.pools() == (2, 2)


@pytest.mark.parametrize("case", ["mcp-server-of-the-sdk", "mcp-low-level-handlers"])
def test_tools_of_the_sdk_share_connections_until_the_streams_are_closed(case: str, tmp_path: Path) -> None:
    halves = build_halves(f"client-per-request/{case}", tmp_path)
    for program, connections in zip(halves, (TIMES, 1), strict=True):
        with Upstream(_answer) as upstream:
            _run_on_streams(program, upstream, ["forecast"])
            assert upstream.connections == connections
        assert program.pools() == (connections, connections)


def test_tools_share_connections_over_all_sessions_of_a_server(tmp_path: Path, unused_tcp_port: int) -> None:
    _, after = build_halves(CASE, tmp_path)
    address = ("127.0.0.1", unused_tcp_port)
    environment = {"FASTMCP_PORT": str(unused_tcp_port)}
    with Upstream(_answer) as upstream:
        environment["WEATHER_URL"] = upstream.url
        with start(after, ["-m", "weather.server", "http"], **environment) as process:
            assert upstream.wait_until(lambda: _is_listening(address), seconds=20)
            for _ in range(2):
                asyncio.run(_call_tools(Client(f"http://127.0.0.1:{unused_tcp_port}/mcp")))
            process.send_signal(signal.SIGINT)
            process.wait(15)
        assert len(upstream.requests) == 2 * BEFORE
        assert upstream.connections == 2
        assert upstream.wait_until_idle()
    # A signal cuts fastmcp before its lifespan has ended; what is not closed by then ends with the process.
    assert after.pools()[0] == 2


def _is_listening(address: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0
