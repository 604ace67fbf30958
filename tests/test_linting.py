"""Circles of imports, as the corpus counts them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from linting import find_circles

needs_ruff = pytest.mark.skipif(not importlib.util.find_spec("ruff"), reason="ruff is not installed")


def _write(tree: Path, **files: str) -> Path:
    for name, text in files.items():
        path = tree / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


@needs_ruff
def test_modules_that_import_one_another_are_a_circle(tmp_path: Path) -> None:
    tree = _write(tmp_path, shop="import prices\n", prices="from shop import app\n", other="import shop\n")
    assert find_circles(tree) == {frozenset({"shop.py", "prices.py"})}


@needs_ruff
def test_import_of_the_standard_library_closes_no_circle(tmp_path: Path) -> None:
    tree = _write(tmp_path, logging="import lines\n", lines="from logging import getLevelName\n")
    assert find_circles(tree) == set()
