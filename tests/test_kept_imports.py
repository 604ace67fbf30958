"""Imports that a module keeps for others: who takes them, and whether a linter is told."""

from __future__ import annotations

import pytest
from fixture_cases import apply_changes, run_tree

from httpx_fixer.settings import Settings

TIDES = b"""\
import httpx
from httpx import AsyncClient


async def fetch_tide(harbour):
    transport = httpx.AsyncHTTPTransport(retries=2)
    async with AsyncClient(transport=transport, timeout=5.0) as client:
        return await client.get(f"https://tides.example/{harbour}")
"""
MAIN = b"""\
from fastapi import FastAPI

from quay.tides import fetch_tide

app = FastAPI()


@app.get("/tides/{harbour}")
async def show_tide(harbour: str):
    return (await fetch_tide(harbour)).json()
"""


def _first_line(path: str, other: str, **files: str) -> str:
    """Return the first line of the module after a fix, where another file says something."""
    tree = {"quay/__init__.py": b"", "quay/tides.py": TIDES, "quay/main.py": MAIN, path: other.encode()}
    tree |= {f"{name}.toml": text.encode() for name, text in files.items()}
    result = apply_changes(tree, run_tree(tree, Settings(injection="borrow")).changes)
    assert b"retrying_client" in result["quay/tides.py"]
    return result["quay/tides.py"].decode().split("\n")[0]


@pytest.mark.parametrize(
    "text",
    [
        "patch('quay.tides.httpx.AsyncClient.get')",
        "monkeypatch.setattr('quay.tides.httpx.AsyncClient.get', fake)",
        "from quay import tides\nmonkeypatch.setattr(tides.httpx.AsyncClient, 'get', fake)",
        "from quay import tides as module\nmodule.httpx.AsyncClient.get = fake",
        "import quay.tides as module\nmonkeypatch.setattr(module, 'httpx', fake)",
        "from quay.tides import (\n    fetch_tide,\n    httpx,\n)",
        "from quay.tides import fetch_tide, \\\n    httpx",
        "MODULE = 'quay.tides'\npatch(f'{MODULE}.httpx.AsyncClient.get')",
        "MODULE = 'quay.tides'\npatch(MODULE + '.httpx.AsyncClient.get')",
        "import_module('quay.tides').httpx.AsyncClient.get = fake",
    ],
)
def test_tests_that_take_a_name_keep_its_import(text: str) -> None:
    line = _first_line("tests/test_tides.py", text)
    assert line == "import httpx  # noqa: F401 - tests reach it here"


@pytest.mark.parametrize(
    "text",
    [
        "import httpx\nfrom quay.tides import fetch_tide",
        "import quay.tides\nimport httpx",
        "from quay.tides import *\nfetch_tide()",
        "from quay import tides\nhttpx.get(tides.URL)",
        "patch('httpx.AsyncClient.get')\npatch('quay.tides.fetch_tide')",
    ],
)
def test_tests_that_have_httpx_of_their_own_keep_nothing(text: str) -> None:
    line = _first_line("tests/test_tides.py", text)
    assert line == "from quay.http_client import retrying_client"


def test_other_modules_keep_an_import() -> None:
    line = _first_line("quay/errors.py", "from quay.tides import httpx\n")
    assert line == "import httpx  # noqa: F401 - other modules take it from here"


def test_linter_that_does_not_look_is_told_nothing() -> None:
    settings = '[tool.ruff.lint]\nselect = ["E", "RUF100"]\n'
    line = _first_line("tests/test_tides.py", "patch('quay.tides.httpx.AsyncClient.get')", pyproject=settings)
    assert line == "import httpx"


@pytest.mark.parametrize(
    "text",
    [
        "import quay.tides as module\nmonkeypatch.setattr(module, 'AsyncClient', Fake)",
        "MODULE = 'quay.tides'\npatch(f'{MODULE}.AsyncClient', Fake)",
        "MODULE = 'quay.tides'\npatch(MODULE + '.AsyncClient', Fake)",
    ],
)
def test_class_that_tests_put_in_place_is_still_what_is_built(text: str) -> None:
    tree = {"quay/__init__.py": b"", "quay/tides.py": TIDES, "quay/main.py": MAIN}
    tree["tests/test_tides.py"] = text.encode()
    result = apply_changes(tree, run_tree(tree, Settings(injection="borrow")).changes)
    assert b"retrying_client(AsyncClient, " in result["quay/tides.py"]
