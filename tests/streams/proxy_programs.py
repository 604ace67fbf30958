"""Handlers that pass a streamed body through, and leave it open on some way out."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

HEADER = """
import httpx
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, StreamingResponse

async def relay_lines(response):
    async for line in response.aiter_lines():
        yield line + "\\n"

"""


@dataclass(frozen=True)
class Proxy:
    """A function `handle(client: httpx.AsyncClient, url, step)` that returns a response.

    `step()` raises where it is told to; `leaks` names the ways out by which the old one empties the pool.
    """

    name: str
    code: str
    leaks: frozenset[str] = frozenset({"exception"})

    @property
    def source(self) -> str:
        return HEADER + textwrap.dedent(self.code)


PROXIES = (
    Proxy(
        "background",
        """
        async def handle(client: httpx.AsyncClient, url, step):
            upstream = await client.send(client.build_request("GET", url), stream=True)
            step()
            return StreamingResponse(upstream.aiter_raw(), background=BackgroundTask(upstream.aclose))
        """,
    ),
    Proxy(
        "plain-iterator",
        """
        async def handle(client: httpx.AsyncClient, url, step):
            upstream = await client.send(client.build_request("GET", url), stream=True)
            headers = {"x-kind": upstream.headers["x-kind"]}
            step()
            answer = StreamingResponse(upstream.aiter_bytes(), headers=headers)
            answer.headers["x-more"] = "1"
            return answer
        """,
    ),
    Proxy(
        "nested-generator",
        """
        async def handle(client: httpx.AsyncClient, url, step):
            upstream = await client.send(client.build_request("GET", url), stream=True)
            step()
            async def pass_on():
                async for line in upstream.aiter_lines():
                    yield line.upper()
            return StreamingResponse(pass_on())
        """,
    ),
    Proxy(
        "generator-of-the-module",
        """
        async def handle(client: httpx.AsyncClient, url, step):
            upstream = await client.send(client.build_request("GET", url), stream=True)
            step()
            return StreamingResponse(relay_lines(upstream), status_code=upstream.status_code)
        """,
    ),
    Proxy(
        "answer-of-another-kind",
        """
        async def handle(client: httpx.AsyncClient, url, step):
            upstream = await client.send(client.build_request("GET", url), stream=True)
            step()
            if upstream.headers["x-kind"] == "endless":
                return JSONResponse({"kind": upstream.headers["x-kind"]})
            return StreamingResponse(upstream.aiter_raw())
        """,
        leaks=frozenset({"exception", "disconnect"}),
    ),
)

BROKEN = (
    Proxy(
        "iterator",
        """
        async def handle(client: httpx.AsyncClient, url, step):
            async with client.stream("GET", url, follow_redirects=True) as upstream:
                step()
                return StreamingResponse(upstream.aiter_raw())
        """,
    ),
    Proxy(
        "nested-generator",
        """
        async def handle(client: httpx.AsyncClient, url, step):
            async with client.stream("GET", url) as upstream:
                async def pass_on():
                    async for chunk in upstream.aiter_bytes():
                        yield chunk
                step()
                if upstream.headers["x-kind"] == "endless":
                    return JSONResponse({"kind": "endless"})
                return StreamingResponse(pass_on(), headers={"x-kind": upstream.headers["x-kind"]})
        """,
    ),
)
"""Handlers whose block closes the body before it is sent."""
