from __future__ import annotations

import ast
from dataclasses import replace

import libcst as cst
import pytest

from httpx_fixer.rewrite.anchors import AnchorLost, Located, locate_anchors
from httpx_fixer.source import Anchor, Position, SourceFile

from .anchoring import PATH, anchor_of, with_crlf, with_tabs

SOURCE = '''\
"""Docstring, ü."""
import asyncio, os
from typing import (
    Any,  # ü
)

@decorator(a)
@other
async def fetch(a: int, *args: "ü", b=(1, 2), **kw) -> "Any":
    """Täxt."""
    ü = "ä€😀"; x, y = (1, 2), [3]; del x
    async with (a as b, (c) as d): pass
    async with httpx.AsyncClient(
        timeout=5,  # ü
    ) as client, lock:
        return (await client.get((((url))), headers={"a": -1, **kw}))
    for i in range(3):
        if i: continue
        elif not i and a or b: break
        else: yield (i,)
    while True: await f(u for u in us if u)
    try:
        z = [1 + 2 * 3, *args][0:1, ::2], {1}, {a: b for a in c}, (d for d in e)
        assert a < b <= c, "no"
    except (ValueError, KeyError) as error:
        raise RuntimeError("ä" "ö" f"{a!r:>{w}}") from error
    finally:
        ...
    q: int = lambda a, b=1: a if b else None; global g; g += 1
    return (yield from a) or (k := "x"
        "y") and a.b.c[d]. e

class A(B, metaclass=C):
	def f(self): return self.a \\
		.b(
			1)

match a:
    case [1, x] if x: pass
'''


def _every_anchor(data: bytes) -> list[Anchor]:
    """Return the anchors of all statements and expressions but those that libcst has no node for."""
    file, tree = SourceFile(PATH, data), ast.parse(data)
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    skipped = {id(part) for node in strings for part in ast.walk(node) if part is not node}
    slices = [node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
    skipped |= {id(node) for node in slices if isinstance(node, ast.Tuple)}
    anchors = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.expr | ast.stmt)
            and not isinstance(node, ast.Slice)
            and id(node) not in skipped
        ):
            start = file.position(node.lineno, node.col_offset)
            end = file.position(node.end_lineno or 0, node.end_col_offset or 0)
            anchors.append(Anchor(PATH, type(node).__name__, start, end))
    return anchors


def _locate(data: bytes, *anchors: Anchor) -> Located:
    module = cst.parse_module(data)
    return locate_anchors(module, [module.code_for_node(statement) for statement in module.body], anchors)


@pytest.mark.parametrize(
    "data",
    [
        SOURCE.encode(),
        with_crlf(SOURCE).encode(),
        with_tabs(SOURCE).encode(),
        SOURCE.encode("utf-8-sig"),
        SOURCE.replace("\n", "\r").encode(),
        SOURCE.removesuffix("\n").encode(),
        b"# coding: latin-1\n" + SOURCE.replace("€😀", "ß").encode("latin-1"),
    ],
    ids=["lf", "crlf", "tabs", "bom", "cr", "no-final-newline", "latin-1"],
)
def test_every_node_of_ast_is_found(data: bytes) -> None:
    anchors = _every_anchor(data)
    assert len(anchors) > 150
    assert set(_locate(data, *anchors).nodes) == set(anchors)


@pytest.mark.parametrize(
    ("source", "kind", "nth", "code"),
    [
        ("a = ((1, 2))", "Tuple", 0, "((1, 2))"),
        ("f(x for x in y)", "GeneratorExp", 0, "x for x in y"),
        ("f( (x for x in y) )", "GeneratorExp", 0, "(x for x in y)"),
        ('"ä", f("€")', "Call", 0, 'f("€")'),
        ("a; b; c", "Expr", 1, "b; "),
        ("a and b and c", "BoolOp", 0, "a and b and c"),
        ("a + b + c", "BinOp", 1, "a + b"),
        ("if a: pass\nelif b: pass", "If", 1, "if b: pass\n"),
        ("True", "Constant", 0, "True"),
        ("'a' 'b'", "Constant", 0, "'a' 'b'"),
        ("f'a' 'b'", "JoinedStr", 0, "f'a' 'b'"),
    ],
)
def test_anchor_leads_to_its_node(source: str, kind: str, nth: int, code: str) -> None:
    anchor = anchor_of(source, kind, nth)
    assert cst.Module([]).code_for_node(_locate(source.encode(), anchor).nodes[anchor]) == code


def test_decorators_are_outside_of_a_function() -> None:
    source = "@a(1)\nasync def f(): ...\n"
    anchor = anchor_of(source, "AsyncFunctionDef")
    assert anchor.start == Position(2, 0)
    assert isinstance(_locate(source.encode(), anchor).nodes[anchor], cst.FunctionDef)


def test_statements_around_an_anchor_are_touched_and_no_others() -> None:
    source = "def f():\n    a()\n    if b:\n        c()\n\n\nd()\n"
    located = _locate(source.encode(), anchor_of(source, "Call", 1))
    assert {type(node).__name__ for node in located.touched} == {"FunctionDef", "If", "SimpleStatementLine"}
    assert len(located.touched) == 3


def test_function_is_touched_by_an_anchor_in_a_decorator() -> None:
    source = "@a()\ndef f():\n    pass\n"
    assert len(_locate(source.encode(), anchor_of(source, "Call")).touched) == 1


@pytest.mark.parametrize("change", [{"kind": "Name"}, {"kind": "Nonsense"}, {"end": Position(1, 2)}])
def test_anchor_of_another_file_is_lost(change: dict[str, str]) -> None:
    anchor = replace(anchor_of("f(a)", "Call"), **change)  # type: ignore[arg-type]  # any field
    with pytest.raises(AnchorLost, match=r"no \w+ from 1:0"):
        _locate(b"f(a)", anchor)
