"""A service of one application, whose fixes share an owner."""

from __future__ import annotations

from pathlib import Path

from harness import Tool

SHOP = {
    "shop/__init__.py": "",
    "shop/main.py": """\
from fastapi import FastAPI

from shop import orders

app = FastAPI()
app.include_router(orders.router)
""",
    "shop/orders.py": """\
import httpx
from fastapi import APIRouter

from shop.prices import fetch_price

router = APIRouter()


@router.get("/orders/{number}")
async def read_order(number: int) -> dict[str, object]:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"https://orders.example.org/{number}")
    return {"order": response.json(), "price": await fetch_price(number)}
""",
    "shop/prices.py": """\
import httpx


async def fetch_price(number: int) -> float:
    async with httpx.AsyncClient(timeout=3) as client:
        response = await client.get(f"https://prices.example.org/{number}")
    return float(response.text)
""",
}


def make_shop(directory: Path) -> Tool:
    """Make a service of one application, with one site in a handler and one in another module."""
    for path, text in SHOP.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    tool = Tool(directory)
    tool.commit()
    return tool
