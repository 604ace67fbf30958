"""Cases in other words: what is reported, fixed and refused must not depend on the layout."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from fixture_cases import SOUND_CASES, Case, Tree, apply_changes, result_of, run_case

from httpx_fixer.report import Report

from .promises import TRIES, keep_promises

EACH = 1 if TRIES else 8
"""Every so many-th case is tried; all of them where random programs are asked for, too."""

RARELY = 1 if TRIES else 20
"""The same for names, which other cases have already."""

OWNERS = frozenset({"http_client.py", "http_tls.py"})
"""Modules that an earlier run wrote, which a later one writes anew: what the user puts there stops it."""

OWNER = b"class _NoStore(DefaultCookiePolicy):"
"""What such a part of another module begins with."""


def comment_everything(text: str) -> str:
    """Put a comment above each statement, and one behind it."""
    lines = text.split("\n")
    starts = {line: column for line, column, _ in _iter_statements(text)}
    ends = {end for _, _, end in _iter_statements(text)}
    new = []
    for number, line in enumerate(lines, start=1):
        if number in starts and not line.lstrip().startswith(
            ("from __future__", "@", "else", "elif", "except", "finally")
        ):
            new.append(f"{line[: starts[number]]}# above {number}")
        is_open = number in ends and line.strip() and "#" not in line and not line.rstrip().endswith("\\")
        new.append(f"{line}  # behind {number}" if is_open else line)
    return "\n".join(new)


def split_brackets(text: str) -> str:
    """Begin a new line behind each comma in brackets."""
    cuts = []
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == "," and depth:
                cuts.append(token.end)
    lines = text.split("\n")
    for row, column in reversed(cuts):
        line = lines[row - 1]
        if line[column:].strip() and not line[column:].strip().startswith("#"):
            lines[row - 1] = f"{line[:column]}\n{' ' * 8}{line[column:].lstrip()}"
    return "\n".join(lines)


def add_brackets(text: str) -> str:
    """Put what is assigned and returned into brackets that go over several lines."""
    lines = text.encode().split(b"\n")
    values = [
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assign | ast.Return) and isinstance(node.value, ast.Await | ast.Call)
    ]
    places = [
        place
        for value in values
        for place in (
            (value.lineno, value.col_offset, b"(\n        "),
            (value.end_lineno or 0, value.end_col_offset or 0, b"\n    )"),
        )
    ]
    for row, column, mark in sorted(places, reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + mark + line[column:]
    return b"\n".join(lines).decode()


def alias_import(text: str) -> str:
    """Import the package under another name, where nothing but the import and `httpx.` names it."""
    if not re.search(r"(?m)^import httpx$", text):
        return text
    other = re.sub(r"(?m)^(\s*)import httpx$", r"\1import httpx as hx", text)
    changed = re.sub(r"(?<![\w.\"'/])httpx\.(?=[A-Za-z])", "hx.", other)
    return changed if changed.count("httpx") == changed.count("import httpx as hx") else text


def rename_client(text: str) -> str:
    """Give another name to each `with ... as client`, and to its uses, in files where that is all it is."""
    found = [
        token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.string == "client"
    ]
    lines = text.split("\n")
    if " as client:" not in text or re.search(r"[.\"'{]client\b|\bclient\s*[=:](?!$)|as client$", text, re.M):
        return text
    if re.search(r"def \w+\([^)]*\bclient\b", text):
        return text
    for token in reversed(found):
        (row, column), (_, end) = token.start, token.end
        lines[row - 1] = f"{lines[row - 1][:column]}upstream{lines[row - 1][end:]}"
    return "\n".join(lines)


def wrap_in_if(text: str) -> str:
    """Put the blocks of clients that stand in a function itself into `if True:`."""
    return _wrap_blocks(text, "if True:", "")


def wrap_in_try(text: str) -> str:
    """Put them into `try:`."""
    return _wrap_blocks(text, "try:", "finally:\n    pass")


def _wrap_blocks(text: str, header: str, footer: str) -> str:
    if "\t" in text:
        return text
    lines = text.split("\n")
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, _FUNCTION))
    blocks = [
        one
        for function in functions
        for one in function.body
        if isinstance(one, ast.With | ast.AsyncWith) and "Client(" in ast.unparse(one.items[0])
    ]
    for block in sorted(blocks, key=lambda one: -one.lineno):
        start, end, indent = block.lineno - 1, block.end_lineno or 0, " " * block.col_offset
        inner = lines[start:end]
        if '"""' in "".join(inner):
            continue
        lines[start:end] = [
            f"{indent}{header}",
            *(f"    {line}" if line.strip() else line for line in inner),
            *(f"{indent}{line}" for line in footer.split("\n") if footer),
        ]
    return "\n".join(lines)


_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


class _Unwrapped(ast.NodeTransformer):
    """Takes the blocks away again."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return node.body if isinstance(node.test, ast.Constant) and node.test.value is True else node

    def visit_Try(self, node: ast.Try) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        is_ours = not node.handlers and [type(one) for one in node.finalbody] == [ast.Pass]
        return node.body if is_ours else node


def _iter_statements(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield (first line, column, last line) of each logical line."""
    start: tuple[int, int] | None = None
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            assert start is not None
            yield start[0], start[1], token.start[0]
            start = None
        elif start is None and token.type not in {
            tokenize.NL,
            tokenize.COMMENT,
            tokenize.INDENT,
            tokenize.DEDENT,
            tokenize.ENDMARKER,
        }:
            start = token.start


Mutation = Callable[[str], str]

LAYOUTS: dict[Mutation, bytes] = {comment_everything: b"", split_brackets: b""}
SPELLINGS: dict[Mutation, bytes] = {
    alias_import: b"import httpx\n",
    rename_client: b" as client:",
    add_brackets: b"await",
    wrap_in_if: b"with httpx.",
    wrap_in_try: b"with httpx.",
}


def _pick(mutations: dict[Mutation, bytes], each: int) -> list[tuple[Mutation, Case]]:
    """Pick every so many-th of the cases that hold what a mutation is about, others for each mutation."""
    picked = []
    for at, (mutate, about) in enumerate(mutations.items()):
        concerned = [case for case in SOUND_CASES if any(about in data for data in case.before.values())]
        picked += [(mutate, case) for case in concerned[at::each]]
    return picked


def _mutate(tree: Tree, mutate: Mutation) -> Tree:
    return {
        path: mutate(data.decode()).encode()
        if path.endswith(".py")
        and path.rpartition("/")[2] not in OWNERS
        and _is_plain(data)
        and OWNER not in data
        else data
        for path, data in tree.items()
    }


@pytest.mark.parametrize(("mutate", "case"), _pick(LAYOUTS, EACH))
def test_layout_does_not_change_the_outcome(case: Case, mutate: Mutation) -> None:
    tree = _mutate(case.before, mutate)
    assert _gist(keep_promises(tree, case.settings)) == _gist(run_case(case))


@pytest.mark.parametrize(("mutate", "case"), _pick(SPELLINGS, RARELY))
def test_names_and_brackets_come_out_as_they_went_in(case: Case, mutate: Mutation) -> None:
    """The result is what it was, mutated alike: the same program under the other name."""
    tree = _mutate(case.before, mutate)
    report = keep_promises(tree, case.settings)
    assert _gist(report) == _gist(run_case(case))
    found, expected = apply_changes(tree, report.changes), result_of(case)
    assert found.keys() == expected.keys()
    for path in (path for path in case.before if path.endswith(".py")):
        assert _shape(found[path]) == _shape(expected[path]), path


def _shape(data: bytes) -> str:
    """Return a program without its layout, the names that mutations give taken back.

    An owner that comes to stand in the module says `import httpx` for itself, beside an alias.
    """
    shape = (
        ast.dump(_Unwrapped().visit(ast.parse(data)))
        .replace("'upstream'", "'client'")
        .replace("'hx'", "'httpx'")
    )
    return re.sub(r"Import\(names=\[alias\(name='httpx'(?:, asname='httpx')?\)\]\), ", "", shape)


def _is_plain(data: bytes) -> bool:
    return b"\r" not in data and data.isascii() and b"httpx-fixer:" not in data and b"noqa" not in data


def _gist(report: Report) -> Counter[tuple[str, str, str]]:
    return Counter(
        (d.code, d.anchor.path, "" if d.refusal is None else d.refusal.reason.name)
        for d in report.diagnostics
    )
