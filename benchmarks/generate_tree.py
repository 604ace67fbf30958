"""Write a tree of Python files of which a few use httpx, for measuring."""

from __future__ import annotations

import sys
from pathlib import Path

PLAIN = '''"""Module {number} of the warehouse."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass
class Shelf{number}:
    """A shelf with what lies on it."""

    name: str
    items: list[str]

    def describe(self) -> str:
        """Say what lies here."""
        parts = [item.strip().lower() for item in self.items if item]
        return json.dumps({{"name": self.name, "items": parts, "count": len(parts)}})


def count_items(shelves: list[Shelf{number}]) -> dict[str, int]:
    """Count items by name."""
    counts: dict[str, int] = {{}}
    for shelf in shelves:
        for item in shelf.items:
            counts[item] = counts.get(item, 0) + 1
    return {{name: counts[name] for name in sorted(counts)}}
'''

OWNED = '''"""Upstream {number}."""

from __future__ import annotations

import httpx


async def fetch_stock_{number}(client: httpx.AsyncClient, sku: str) -> dict[str, int]:
    """Ask how many are left."""
    response = await client.get(f"https://stock.example/{{sku}}", timeout=10)
    response.raise_for_status()
    return response.json()
'''

PER_REQUEST = '''"""Upstream {number}."""

from __future__ import annotations

import httpx
from fastapi import APIRouter

router = APIRouter()


@router.get("/stock/{number}/{{sku}}")
async def read_stock_{number}(sku: str) -> dict[str, int]:
    async with httpx.AsyncClient(timeout=10) as client:
        response = await client.get(f"https://stock.example/{{sku}}")
    response.raise_for_status()
    return response.json()


async def fetch_price_{number}(sku: str) -> dict[str, int]:
    async with httpx.AsyncClient(timeout=10) as client:
        response = await client.get(f"https://price.example/{{sku}}")
    return response.json()
'''

MAIN = '''"""The application."""

from fastapi import FastAPI

{imports}

app = FastAPI()
{includes}
'''


def generate(root: Path, files: int, with_httpx: int, *, faulty: bool) -> None:
    """Write `files` modules in packages of 50; `with_httpx` of them import httpx, faulty ones per request."""
    package = root / "warehouse"
    template = PER_REQUEST if faulty else OWNED
    every = files // with_httpx
    imports: list[str] = []
    includes: list[str] = []
    for number in range(files):
        directory = package / f"area_{number // 50}"
        directory.mkdir(parents=True, exist_ok=True)
        for init in (package / "__init__.py", directory / "__init__.py"):
            init.touch()
        is_user = number % every == 0 and number // every < with_httpx
        text = template if is_user else PLAIN
        (directory / f"module_{number}.py").write_text(text.format(number=number))
        if is_user and faulty:
            imports.append(f"from warehouse.area_{number // 50} import module_{number}")
            includes.append(f"app.include_router(module_{number}.router)")
    (package / "main.py").write_text(MAIN.format(imports="\n".join(imports), includes="\n".join(includes)))
    (root / "pyproject.toml").write_text('[project]\nname = "warehouse"\nversion = "1"\n')


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), faulty="--faulty" in sys.argv)
