"""What the probes of the generated module work with."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from .upstream import Upstream

T = TypeVar("T")


@dataclass(frozen=True)
class Lab:
    """A generated module (`owner`) over a library, and an upstream to send requests to."""

    library: ModuleType
    owner: ModuleType
    upstream: Upstream
    directory: Path

    @property
    def url(self) -> str:
        return self.upstream.url

    def fresh(self, **options: Any) -> Any:
        """Build an `AsyncClient` as before the rewrite, save that its TLS context is at hand."""
        return self.library.AsyncClient(**{"verify": self.owner._ssl_context(), **options})

    def fresh_sync(self, **options: Any) -> Any:
        return self.library.Client(**{"verify": self.owner._ssl_context(), **options})

    def lifespan(self) -> AbstractAsyncContextManager[None]:
        """Return the lifespan of an application that takes no notice of it."""
        lifespan: Callable[[object], AbstractAsyncContextManager[None]] = self.owner.http_lifespan
        return lifespan(object())

    async def fetch(self, path: str = "/echo", **options: Any) -> int:
        """Send a request through a borrowed client, as a helper does, and return the status."""
        async with self.owner.http_client(**options) as client:
            return int((await client.get(f"{self.url}{path}")).status_code)

    def fetch_sync(self, path: str = "/echo", **options: Any) -> int:
        with self.owner.sync_http_client(**options) as client:
            return int(client.get(f"{self.url}{path}").status_code)

    def run(self, work: Callable[[], Awaitable[T]], *, seconds: float = 8.0) -> T:
        """Run a coroutine on a loop on which the lifespan runs."""

        async def within() -> T:
            async with self.lifespan():
                return await work()

        return run(within, seconds=seconds)

    def run_program(self, code: str, *arguments: str) -> str:
        """Run a program next to the module, and hold it to say no warning, of an open socket or another."""
        program = self.directory / "program.py"
        program.write_text(code)
        environment = {**os.environ, "PYTHONWARNINGS": "", "PYTHONPATH": str(self.directory)}
        command = [sys.executable, "-W", "error", str(program), self.url, *arguments]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=15
        )
        assert (done.returncode, done.stderr) == (0, ""), f"{done.returncode}: {done.stderr}"
        return done.stdout


def run(work: Callable[[], Awaitable[T]], *, seconds: float = 8.0) -> T:
    """Run a coroutine on a loop of its own, and fail where it takes longer."""

    async def bounded() -> T:
        async with asyncio.timeout(seconds):
            return await work()

    return asyncio.run(bounded())
