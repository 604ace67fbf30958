"""Python's own test sources: read without a crash, and written back byte for byte."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.parsing import parse
from httpx_fixer.interpreter import set_for_trees
from httpx_fixer.rewrite.apply import apply_edits
from httpx_fixer.source import Skip, SourceFile

from .promises import TRIES

LIBRARY = Path(sysconfig.get_path("stdlib"))
SOURCES = [
    path
    for path in sorted([*LIBRARY.glob("test/*.py"), *LIBRARY.glob("*.py")])
    if TRIES or path.stat().st_size < 20_000
][:: 1 if TRIES else 40]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_source_of_the_standard_library(path: Path) -> None:
    data = path.read_bytes()
    with set_for_trees():
        parsed = parse(SourceFile("a.py", data))
        if isinstance(parsed, Skip):
            return
        module = Module(SourceFile("a.py", data), parsed.tree, is_test=False)
        for call in module.calls:
            assert module.statement_of(call)
            module.local_symbol(call.func)
            module.code(call)
        result = apply_edits("a.py", data, [])
    assert isinstance(result, Skip) or result == data
