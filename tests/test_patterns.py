"""Patterns that wait with being compiled behave as others do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from httpx_fixer import patterns
from httpx_fixer.patterns import compile_later

SOURCE = Path(patterns.__file__).parent


def test_pattern_answers_as_a_compiled_one() -> None:
    late, early = compile_later(rb"^b(.)", re.MULTILINE), re.compile(rb"^b(.)", re.MULTILINE)
    for data in (b"a\nbc", b"ab"):
        assert late.findall(data) == early.findall(data)
        assert bool(late.search(data)) == bool(early.search(data))
        assert late.sub(rb"\1", data) == early.sub(rb"\1", data)
    assert (late.pattern, late.flags) == (early.pattern, early.flags)


def test_wrong_pattern_is_told_when_it_is_used() -> None:
    pattern = compile_later("(")
    with pytest.raises(re.error):
        pattern.search("")


def test_patterns_of_all_modules_can_be_compiled() -> None:
    """What is written wrong must not wait for its first use to be noticed; and none is compiled early."""
    sources: list[str | bytes] = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        inside = {id(node) for function in functions for node in ast.walk(function)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called != "re.compile" or id(node) in inside, (path, node.lineno)
                if called == "compile_later" and isinstance(node.args[0], ast.Constant):
                    source = node.args[0].value
                    assert isinstance(source, str | bytes)
                    sources.append(source)
    assert len(sources) > 100
    for source in sources:
        re.compile(source)
