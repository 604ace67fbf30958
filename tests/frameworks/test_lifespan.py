"""Lifespans that may be none at all."""

from __future__ import annotations

import pytest
from fixture_cases import run_tree

from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.settings import Settings

KETTLES = b"""import httpx


async def read_kettle(name: str) -> dict:
    async with httpx.AsyncClient(timeout=5.0) as client:
        return (await client.get(f"https://kettles.example/{name}")).json()
"""
MAIN = """from starlette.applications import Starlette
from starlette.routing import Route

from shop.kettles import read_kettle
from shop.lifespans import Lifespan


def choose_lifespan(
    *lifespans: Lifespan | None,
) -> RETURNED:
    return next((one for one in lifespans if one is not None), None)


async def show_kettle(request):
    return await read_kettle(request.path_params["name"])


app = Starlette(routes=[Route("/kettles/{name}", show_kettle)], lifespan=choose_lifespan())
"""


@pytest.mark.parametrize(
    ("returned", "reasons"),
    [("Lifespan | None", [RefusalReason.LIFESPAN_UNKNOWN]), ("Lifespan", [])],
)
def test_what_a_function_may_not_give_is_not_wrapped(returned: str, reasons: list[RefusalReason]) -> None:
    tree = {
        "shop/__init__.py": b"",
        "shop/lifespans.py": b"Lifespan = object\n",
        "shop/kettles.py": KETTLES,
        "shop/main.py": MAIN.replace("RETURNED", returned).encode(),
    }
    report = run_tree(tree, Settings(select=("HXF101",)))
    assert [d.code for d in report.diagnostics] == ["HXF101"]
    assert [d.refusal.reason for d in report.diagnostics if d.refusal is not None] == reasons
    assert bool(report.changes) == (not reasons)
