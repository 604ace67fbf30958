"""Deep trees are read without a crash, and Python is left as it was found."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

from httpx_fixer import pipeline
from httpx_fixer.settings import Settings

SERVICE = """
import httpx
from fastapi import FastAPI

app = FastAPI()
part = "a"


@app.get("/")
async def show():
    async with httpx.AsyncClient(base_url={}) as client:
        return (await client.get("/")).text
"""


@pytest.mark.parametrize("terms", [50, 470, 2000])
def test_long_sum_as_an_argument_is_read_or_skipped(tmp_path: Path, terms: int) -> None:
    (tmp_path / "main.py").write_text(SERVICE.format(" + ".join(["part"] * terms)))
    report = pipeline.run(tmp_path, (tmp_path,), Settings(), with_changes=True)
    assert len(report.diagnostics) + len(report.skipped) == 1


def test_settings_of_the_interpreter_are_put_back(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SERVICE.format("part"))
    before = gc.isenabled(), sys.getrecursionlimit()
    pipeline.run(tmp_path, (tmp_path,), Settings(), with_changes=False)
    assert (gc.isenabled(), sys.getrecursionlimit()) == before
