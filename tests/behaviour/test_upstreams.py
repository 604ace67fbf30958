"""Upstreams with numbers of their own: how long a borrowed client waits, and for how many connections."""

from __future__ import annotations

import asyncio
import importlib
import time
from pathlib import Path

import pytest

from .generated import literal, load, pool, render
from .upstream import Upstream


@pytest.mark.parametrize("alone", [True, False])
def test_each_upstream_has_its_own_numbers(
    library: str, upstream: Upstream, tmp_path: Path, alone: bool
) -> None:
    numbers = (
        literal("limits", f"{library}.Limits(max_connections=1)"),
        literal("timeout", f"{library}.Timeout(5, read=0.2)"),
    )
    pools = (pool(library, "AsyncClient"), pool(library, "AsyncClient", "billing", *numbers))
    owner = load(render(pools=pools), tmp_path, f"owner_{library}_{alone}")

    async def run() -> None:
        async with owner.http_client() as client:
            assert client.timeout.read == 30
            await client.get(f"{upstream.url}/slow/0.4")
        async with owner.billing_client() as client:
            assert client.timeout.read == 0.2
            with pytest.raises(importlib.import_module(library).ReadTimeout):
                await client.get(f"{upstream.url}/slow/0.4")
        async with owner.billing_client(timeout=3) as client:
            assert client.timeout.read == 3
            started = time.monotonic()
            await asyncio.gather(*(client.get(f"{upstream.url}/slow/0.1") for _ in range(3)))
            assert time.monotonic() - started > 0.29

    async def run_in_application() -> None:
        async with owner.http_lifespan(None):
            await run()

    asyncio.run(run() if alone else run_in_application())
