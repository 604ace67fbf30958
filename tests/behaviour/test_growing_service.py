"""A service that grows between runs of the tool, as under a job that fixes what comes in."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fixture_cases import Tree, apply_changes, run_tree, write_tree

from httpx_fixer.settings import Settings

from .service import serve
from .upstream import Received, Reply, Upstream, as_json

SERVICE: dict[str, str] = {
    "shop/__init__.py": "",
    "shop/upstream.py": 'import os\n\nURL = os.environ["UPSTREAM"]\n',
    "shop/main.py": """\
from fastapi import FastAPI

from shop import prices

app = FastAPI(title="Shop")
app.include_router(prices.router)


@app.get("/health")
async def read_health() -> dict:
    return {}
""",
    "shop/prices.py": """\
import httpx
from fastapi import APIRouter

from shop.upstream import URL

router = APIRouter(prefix="/prices")


@router.get("/{sku}")
async def read_price(sku: str) -> dict:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{URL}/prices/{sku}")
    return response.json()
""",
}
STOCK = """\
import httpx
from fastapi import APIRouter

from shop.upstream import URL

router = APIRouter(prefix="/stock")


class Shelf:
    async def count(self, sku: str) -> dict:
        async with httpx.AsyncClient(headers={"X-Shelf": "1"}) as client:
            response = await client.get(f"{URL}/stock/{sku}")
        return response.json()


@router.get("/{sku}")
async def read_stock(sku: str) -> dict:
    return await Shelf().count(sku)
"""
MAIL = """\
import httpx
from fastapi import APIRouter

from shop.upstream import URL

router = APIRouter(prefix="/mail")


@router.get("/{sku}")
def send_mail(sku: str) -> dict:
    response = httpx.get(f"{URL}/mail/{sku}")
    return response.json()
"""
ROUNDS = [("stock", STOCK), ("mail", MAIL)]


def _fix(tree: Tree) -> Tree:
    """Run the tool until it is done: a second run must change nothing and report nothing."""
    report = run_tree(tree, Settings())
    assert [d.refusal for d in report.diagnostics if d.refusal is not None] == []
    result = apply_changes(tree, report.changes)
    assert run_tree(result, Settings()).diagnostics == ()
    return result


def _add(tree: Tree, name: str, text: str) -> Tree:
    main = tree["shop/main.py"].decode().replace("from shop import ", f"from shop import {name}, ", 1)
    included = f"app.include_router({name}.router)\n"
    main = main.replace("app.include_router(prices", f"{included}app.include_router(prices")
    return {**tree, f"shop/{name}.py": text.encode(), "shop/main.py": main.encode()}


def _grow() -> Tree:
    tree = _fix({path: text.encode() for path, text in SERVICE.items()})
    for name, text in ROUNDS:
        tree = _fix(_add(tree, name, text))
    return tree


@pytest.fixture(scope="module")
def grown() -> Tree:
    return _grow()


def test_application_is_wired_once(grown: Tree) -> None:
    main = grown["shop/main.py"].decode()
    assert main.count("lifespan=http_lifespan") == 1
    assert main.count("import http_lifespan") == 1


def test_grown_service_shares_its_connections(grown: Tree, tmp_path: Path) -> None:
    """Thirty requests through three kinds of site, one connection each; nothing is left open."""

    def answer(request: Received) -> Reply:
        return as_json({"path": request.path})

    write_tree(grown, tmp_path)
    with (
        Upstream(answer) as upstream,
        serve(tmp_path, "shop.main:app", {"UPSTREAM": upstream.url}) as service,
        httpx.Client(base_url=service.url, trust_env=False) as visitor,
    ):
        for number in range(10):
            for name in ("prices", "stock", "mail"):
                assert visitor.get(f"/{name}/{number}").json()["path"] == f"/{name}/{number}"
        assert upstream.connections == 3
        service.stop()
        assert "ResourceWarning" not in service.said.read_text()
