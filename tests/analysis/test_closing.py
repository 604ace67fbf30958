"""What counts as a close of a client that a file hands on."""

from __future__ import annotations

import pytest
from small_projects import build_project


@pytest.mark.parametrize(
    ("code", "is_closed"),
    [
        ("async def stop(x):\n    await x.aclose()", True),
        ("async def stop(x: httpx.AsyncClient):\n    await x.aclose()", True),
        ("async def stop(db: Session):\n    await db.aclose()", False),
        ("async def stop():\n    x = get_client()\n    await x.aclose()", True),
        ("async def stop():\n    x = (\n        get_client()\n    )\n    await x.aclose()", True),
        ("async def stop():\n    x = open_file()\n    await x.aclose()", False),
        ("async def stop():\n    async with open_file() as x:\n        await x.aclose()", False),
        ("async def stop():\n    for x in (get_client(), 1):\n        await x.aclose()", True),
        ("async def stop():\n    await get_client().aclose()", True),
        ("async def stop():\n    await elsewhere.x.aclose()", True),
        ("kept = [_client]\nasync def stop():\n    x = open_file()\n    await x.aclose()", True),
    ],
)
def test_client_that_is_handed_out_is_closed_by_what_may_hold_it(code: str, is_closed: bool) -> None:
    project = build_project(
        {
            "main.py": f"""
import httpx
from elsewhere import open_file

_client = None

def get_client():
    global _client
    if _client is None:
        _client = httpx.AsyncClient()
    return _client

{code}
"""
        }
    )
    (site,) = project.client_sites
    assert project.kept.is_closed(site) is is_closed


@pytest.mark.parametrize(
    ("base", "body", "is_closed"),
    [
        ("", "self.http = object()", False),
        ("(Prices)", "self.http = object()", True),
        ("", "self.url = ''", True),
    ],
)
def test_close_in_another_class_is_one_unless_that_has_such_an_attribute(
    base: str, body: str, is_closed: bool
) -> None:
    project = build_project(
        {
            "main.py": f"""
import httpx

class Prices:
    def __init__(self):
        self.http = httpx.AsyncClient()

class Stock{base}:
    def __init__(self):
        {body}

    async def stop(self):
        await self.http.aclose()
"""
        }
    )
    (site,) = project.client_sites
    assert project.kept.is_closed(site) is is_closed
