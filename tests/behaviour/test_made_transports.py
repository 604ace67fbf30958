"""Pools over transports that the project makes itself, served for real before and after."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fixture_cases import write_tree

from .frameworks.two_requests import run_program
from .served_cases import find_case
from .service import serve
from .upstream import Upstream

_UNSTARTED = """\
import asyncio
from harbor.berths import read_berth

for number in (1, 2):
    asyncio.run(read_berth(number))
"""
_PATHS = ("/berth?number=1", "/pilot?name=Ada", "/quay?number=2") * 3


@pytest.mark.parametrize(("side", "connections"), [("before", 9), ("after", 3)])
def test_one_transport_a_pool(side: str, connections: int, upstream: Upstream, tmp_path: Path) -> None:
    case = find_case("client-per-request/transport-of-the-project")
    write_tree(case.before if side == "before" else case.after, tmp_path)
    served = "harbor.main:app"
    with serve(tmp_path, served, {"HARBOR_URL": upstream.url}) as service:
        with httpx.Client(base_url=service.url, trust_env=False) as browser:
            assert [browser.get(path).status_code for path in _PATHS] == [200] * len(_PATHS)
        assert service.stop() == 0
        assert "ResourceWarning" not in service.said.read_text()
    assert upstream.connections == connections
    assert upstream.wait_until_idle()


def test_without_a_lifespan_each_client_has_a_transport_alone(upstream: Upstream, tmp_path: Path) -> None:
    case = find_case("client-per-request/transport-of-the-project")
    write_tree(case.after, tmp_path)
    run_program(tmp_path, upstream, _UNSTARTED, HARBOR_URL=upstream.url)
    assert upstream.connections == 2
    assert upstream.wait_until_idle()
