"""The text of a call with other arguments."""

from __future__ import annotations

import ast

import pytest
from small_projects import build_module

from httpx_fixer.analysis.call_text import rewrite_call
from httpx_fixer.analysis.facts import CallChange


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("C()", "D(v=1)"),
        ("C( )", "D(v=1)"),
        ("C(a, b=2)", "D(a, b=2, v=1)"),
        ("C(a, b=2,)", "D(a, b=2, v=1,)"),
        ("C(\n    a,\n    b=2,\n)", "D(\n    a,\n    b=2,\n    v=1,\n)"),
        ("C(\n    a, b=2\n)", "D(\n    a, b=2,\n    v=1\n)"),
        ("C(a,\n  b=2)", "D(a,\n  b=2, v=1)"),
        ('C(a="#")', 'D(a="#", v=1)'),
        ("C(\n    a,  # one\n)", "D(\n    a,  # one\n    v=1,\n)"),
        ("C(\n    a  # one\n)", "D(\n    a,  # one\n    v=1\n)"),
        ("C(a,  # one\n  b,\n  # two\n)", "D(a,  # one\n  b,\n  # two\n    v=1,\n)"),
        ("C(  # none\n)", "D(v=1)"),
        ("C(**options)", "D(**options, v=1)"),
    ],
)
def test_argument_is_put_behind_the_others(before: str, after: str) -> None:
    module = build_module(f"{before}\n")
    (call,) = (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    change = CallChange(last="v=1")
    assert rewrite_call(module, module.anchor(call), "D", change) == (module.anchor(call), after)
