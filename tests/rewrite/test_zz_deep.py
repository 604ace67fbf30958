"""Random programs through the writing wing; the syntax tree says what should have come out."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_fixer.fix import (
    AddArgument,
    AddParameter,
    AnchoredEdit,
    InsertStatements,
    RemoveStatement,
    ReplaceExpression,
    UnwrapWith,
    WrapRest,
    WrapStatement,
)
from httpx_fixer.rewrite.apply import apply_edits

from .anchoring import PATH, VARIANTS, Variant, anchor_of, count_comments, rewrite

NAMES = st.sampled_from(["a", "b", "client", "größe"])
COMMENTS = st.sampled_from(["", "", "  # c1", "  # ü"])
LINES = st.sampled_from(["", "", "\n", "# own\n", "\n# own\n\n"])
ARGUMENTS = st.sampled_from(["a", "1", "'#'", "k=1", "(x for x in b)", "f'{a!r} #'", "(1, 2)", "*b", "**b"])
BRACKETS = st.sampled_from(
    [
        "({})",
        "(\n    {},  # arg\n)",
        "(\n    {}  # arg\n    # foot\n)",
        "( {} )",
        "(  # open\n\n    {},\n)",
        "({},\n  1)",
    ]
)
CALLS = st.one_of(
    st.builds(lambda name, form, value: name + form.format(value), NAMES, BRACKETS, ARGUMENTS).filter(
        lambda code: not code.endswith("1)") or ("k=" not in code and "**" not in code)
    ),
    st.sampled_from(["a()", "a(x for x in b)", "a(\n    # none\n)", "a(b(1), c)"]),
)
SIMPLE = st.one_of(
    st.builds("{} = {}".format, NAMES, CALLS),
    CALLS,
    st.sampled_from(
        [
            "pass",
            'a = """\n  # text\n    b\n"""',
            "a = 1 + \\\n    2",
            "a = [\n  1,\n        2,\n]",
            "a; b(1); 'x'",
            "a;",
        ]
    ),
)
ITEMS = st.lists(st.builds("{} as {}".format, CALLS, NAMES), min_size=1, max_size=3)
HEADERS = st.one_of(
    st.sampled_from(["if a:", "for b in a:", "while a:", "def f(a, *b):", "class A:"]),
    st.builds(lambda items: f"with {', '.join(items)}:", ITEMS),
    st.builds(lambda items: "with (\n    # first\n    " + ",  # item\n    ".join(items) + "\n):", ITEMS),
)


def _build_body(parts: list[tuple[str, str, str]]) -> str:
    """Put statements below each other; those in one line get a comment behind them."""
    lines = []
    for above, code, comment in parts:
        behind = "" if code.endswith("\n") else f"{comment}\n"
        lines.append(above + code + behind)
    return "".join(lines)


def _build_block(header: str, comment: str, body: str, foot: str) -> str:
    return f"{header}{comment}\n" + textwrap.indent(body + foot, "    ", lambda line: bool(line.strip()))


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(st.tuples(LINES, inner, COMMENTS), min_size=1, max_size=4).map(_build_body)
    foot = st.sampled_from(["", "# foot\n", "\n# foot\n"])
    suites = st.builds("{} {}\n".format, HEADERS, st.sampled_from(["a(1)", "a(1); b = 2  # c", "pass"]))
    return st.one_of(st.builds(_build_block, HEADERS, COMMENTS, body, foot), suites)


STATEMENTS = st.recursive(SIMPLE, lambda inner: st.one_of(_blocks(inner), inner), max_leaves=6)
PROGRAMS = st.lists(st.tuples(LINES, STATEMENTS, COMMENTS), min_size=1, max_size=4).map(_build_body)


RUN = settings(max_examples=2500, deadline=None)
"""Enough to meet every form of statement; a deadline would fail on a busy machine."""

Put = Callable[[ast.stmt], list[ast.stmt]]
"""What stands in the place of a statement."""


def _statements(code: str) -> list[ast.stmt]:
    return ast.parse(code).body


class _AtStatement(ast.NodeTransformer):
    """Puts other statements in the place of one, `pass` where a block would be empty."""

    def __init__(self, target: ast.stmt, put: Put) -> None:
        self.target, self.put, self.done = target, put, False

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not self.done and isinstance(block, list) and self.target in block:
                self.done = True
                at = block.index(self.target)
                block[at : at + 1] = self.put(self.target)
                if not block and not isinstance(node, ast.Module):
                    block[:] = [ast.Pass()]
        return super().generic_visit(node)


def _check(
    source: str, kind: str, nth: int, edit: AnchoredEdit, put: Callable[[ast.stmt], list[ast.stmt]]
) -> None:
    """Compare with what the same change makes of the tree; all comments must be there."""
    tree = ast.parse(source)
    target = _find(tree, kind, nth)
    result = rewrite(source, edit)
    expected = ast.dump(_AtStatement(target, put).visit(tree))
    assert ast.dump(ast.parse(result)) == expected
    assert not count_comments(source) - count_comments(result)


def _find(tree: ast.Module, kind: str, nth: int) -> ast.stmt:
    nodes = [node for node in ast.walk(tree) if type(node).__name__ == kind and isinstance(node, ast.stmt)]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset, -(node.end_lineno or 0)))
    return nodes[nth]


def _count(source: str, kind: str) -> int:
    return sum(type(node).__name__ == kind for node in ast.walk(ast.parse(source)))


@RUN
@given(PROGRAMS, st.sampled_from(VARIANTS))
def test_no_edits_give_the_same_bytes(source: str, variant: Variant) -> None:
    data = variant(source).encode()
    assert apply_edits(PATH, data, []) == data


@RUN
@given(PROGRAMS, st.data())
def test_unwrapping_removes_an_item_and_nothing_else(source: str, data: st.DataObject) -> None:
    for nth in range(_count(source, "With")):
        target = _find(ast.parse(source), "With", nth)
        assert isinstance(target, ast.With)
        item = data.draw(st.integers(0, len(target.items) - 1))

        def put(statement: ast.stmt, item: int = item) -> list[ast.stmt]:
            assert isinstance(statement, ast.With)
            if len(statement.items) == 1:
                return statement.body
            del statement.items[item]
            return [statement]

        _check(source, "With", nth, UnwrapWith(anchor_of(source, "With", nth), item), put)


@RUN
@given(PROGRAMS, st.sampled_from(VARIANTS))
def test_unwrapping_all_leaves_no_with(source: str, variant: Variant) -> None:
    source = variant(source)
    edits = [
        UnwrapWith(anchor_of(source, "With", nth), item)
        for nth in range(_count(source, "With"))
        for item in range(len(_items(source, nth)))
    ]
    result = rewrite(source, *edits)
    assert not _count(result, "With")
    assert not count_comments(source) - count_comments(result)


def _items(source: str, nth: int) -> list[ast.withitem]:
    target = _find(ast.parse(source), "With", nth)
    assert isinstance(target, ast.With)
    return target.items


@RUN
@given(PROGRAMS, st.sampled_from(["Expr", "Assign", "If", "With", "FunctionDef"]), st.data())
def test_edits_of_one_statement(source: str, kind: str, data: st.DataObject) -> None:
    count = _count(source, kind)
    if not count:
        return
    nth = data.draw(st.integers(0, count - 1))
    anchor = anchor_of(source, kind, nth)
    new = "new(\n    1,\n)"
    _check(source, kind, nth, RemoveStatement(anchor), lambda _: [])
    _check(source, kind, nth, InsertStatements(anchor, "before", new), lambda node: [*_statements(new), node])
    _check(source, kind, nth, InsertStatements(anchor, "after", new), lambda node: [node, *_statements(new)])
    wrapper = _statements("with own():\n    pass")[0]
    assert isinstance(wrapper, ast.With)

    def wrap(node: ast.stmt) -> list[ast.stmt]:
        return [ast.With(items=wrapper.items, body=[node])]

    _check(source, kind, nth, WrapStatement(anchor, "with own():"), wrap)
    closing = _statements("try:\n    pass\nfinally:\n    close()")[0]
    assert isinstance(closing, ast.Try)

    def close(node: ast.stmt) -> list[ast.stmt]:
        return [ast.Try(body=[node], handlers=[], orelse=[], finalbody=closing.finalbody)]

    _check(source, kind, nth, WrapRest(anchor, anchor, "finally:\n    close()"), close)


@RUN
@given(PROGRAMS, st.sampled_from(VARIANTS), st.data())
def test_argument_is_added_to_any_call(source: str, variant: Variant, data: st.DataObject) -> None:
    source = variant(source)
    count = _count(source, "Call")
    if not count:
        return
    nth = data.draw(st.integers(0, count - 1))
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    ends = {node: (-(node.end_lineno or 0), -(node.end_col_offset or 0)) for node in calls}
    calls.sort(key=lambda node: (node.lineno, node.col_offset, ends[node]))
    keywords = calls[nth].keywords
    at = next((index for index, keyword in enumerate(keywords) if keyword.arg is None), len(keywords))
    keywords.insert(at, ast.keyword("timeout", ast.Constant(5.0)))
    result = rewrite(source, AddArgument(anchor_of(source, "Call", nth), "timeout", "5.0"))
    assert ast.dump(ast.parse(result)) == ast.dump(tree)
    assert not count_comments(source) - count_comments(result)


@RUN
@given(PROGRAMS, st.sampled_from(VARIANTS), st.data())
def test_parameter_is_added_to_any_function(source: str, variant: Variant, data: st.DataObject) -> None:
    source = variant(source)
    count = _count(source, "FunctionDef")
    if not count:
        return
    nth = data.draw(st.integers(0, count - 1))
    tree = ast.parse(source)
    target = _find(tree, "FunctionDef", nth)
    assert isinstance(target, ast.FunctionDef)
    target.args.kwonlyargs.append(ast.arg("client", ast.Name("T", ast.Load())))
    target.args.kw_defaults.append(None)
    result = rewrite(source, AddParameter(anchor_of(source, "FunctionDef", nth), "client", "T"))
    assert ast.dump(ast.parse(result)) == ast.dump(tree)


@RUN
@given(PROGRAMS, st.sampled_from(VARIANTS), st.data())
def test_call_is_replaced_and_its_comments_stay(source: str, variant: Variant, data: st.DataObject) -> None:
    source = variant(source)
    count = _count(source, "Call")
    if not count:
        return
    nth = data.draw(st.integers(0, count - 1))
    result = rewrite(source, ReplaceExpression(anchor_of(source, "Call", nth), "new"))
    ast.parse(result)
    assert not count_comments(source) - count_comments(result)
