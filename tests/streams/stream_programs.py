"""Functions that send and leave the response open on some way out."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A function `consume(client, url, step)`; `step(n)` raises in place of the n-th statement.

    `leaks` says that the old function empties the pool. CPython closes an iterator that nobody holds
    by its reference count, so some old functions do not, as long as they run there. `opens` is the
    number of responses that one call opens.
    """

    name: str
    code: str
    path: str = "endless"
    leaks: bool = True
    opens: int = 1

    @property
    def source(self) -> str:
        return "import asyncio\nimport httpx\n\n" + textwrap.dedent(self.code)


ASYNC_PROGRAMS = (
    Program(
        "early-return",
        """
        async def consume(client: httpx.AsyncClient, url, step):
            response = await client.send(client.build_request("GET", url), stream=True)
            if response.headers["x-kind"] == "endless":
                return response.status_code
            return await response.aread()
        """,
    ),
    Program(
        "break",
        """
        async def consume(client: httpx.AsyncClient, url, step):
            response = await client.send(client.build_request("GET", url), stream=True)
            size = 0
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > 20:
                    break
            return size
        """,
        leaks=False,
    ),
    Program(
        "full-read",
        """
        async def consume(client: httpx.AsyncClient, url, step):
            response = await client.send(client.build_request("GET", url), stream=True)
            step(0)
            chunks = []
            async for chunk in response.aiter_bytes():
                chunks.append(chunk)
            return b"".join(chunks)
        """,
        path="slow",
        leaks=False,
    ),
    Program(
        "broken-body",
        """
        async def consume(client: httpx.AsyncClient, url, step):
            response = await client.send(client.build_request("GET", url), stream=True)
            text = ""
            async for part in response.aiter_text():
                text += part
            return text
        """,
        path="broken",
        leaks=False,
    ),
    Program(
        "timeout-before-the-read",
        """
        async def consume(client: httpx.AsyncClient, url, step):
            response = await client.send(client.build_request("GET", url), stream=True)
            await asyncio.wait_for(asyncio.sleep(5), 0.01)
            return await response.aread()
        """,
    ),
    Program(
        "rounds",
        """
        async def consume(client: httpx.AsyncClient, url, step):
            seen = []
            for _ in range(2):
                response = await client.send(client.build_request("GET", url), stream=True)
                if response.headers["x-kind"] == "endless":
                    continue
                seen.append(await response.aread())
            return seen
        """,
        opens=2,
    ),
    Program(
        "existing-try",
        """
        async def consume(client: httpx.AsyncClient, url, step):
            response = await client.send(client.build_request("GET", url), stream=True)
            try:
                response.raise_for_status()
                return int(response.headers["x-kind"])
            except ValueError:
                return 0
        """,
    ),
    Program(
        "two-responses",
        """
        async def consume(client: httpx.AsyncClient, url, step):
            first = await client.send(client.build_request("GET", url), stream=True)
            second = await client.send(client.build_request("GET", url), stream=True)
            return first.headers["x-kind"] == second.headers["x-kind"]
        """,
        opens=2,
    ),
    Program(
        "never-used",
        """
        async def consume(client: httpx.AsyncClient, url, step):
            response = await client.send(client.build_request("GET", url), stream=True)
        """,
        path="slow",
    ),
)

SYNC_PROGRAMS = (
    Program(
        "early-return",
        """
        def consume(client: httpx.Client, url, step):
            response = client.send(client.build_request("GET", url), stream=True)
            if response.headers["x-kind"] == "endless":
                return response.status_code
            return response.read()
        """,
    ),
    Program(
        "full-read",
        """
        def consume(client: httpx.Client, url, step):
            response = client.send(client.build_request("GET", url), stream=True)
            response.raise_for_status()
            return list(response.iter_lines())
        """,
        path="slow",
        leaks=False,
    ),
    Program(
        "exception",
        """
        def consume(client: httpx.Client, url, step):
            response = client.send(client.build_request("GET", url), stream=True)
            size = int(response.headers["x-size"])
            return size, response.read()
        """,
        path="slow",
    ),
)

STEPS = Program(
    "steps",
    """
    async def consume(client: httpx.AsyncClient, url, step):
        response = await client.send(client.build_request("GET", url), stream=True)
        step(0)
        kind = response.headers["x-kind"]
        step(1)
        if kind == "slow":
            step(2)
        lines = []
        async for line in response.aiter_lines():
            step(3)
            lines.append(line)
        step(4)
        return lines
    """,
    path="slow",
)
