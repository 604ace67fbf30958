"""Replacements, applied to the old text, give the new one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from httpx_fixer.report import FileChange, Replacement
from httpx_fixer.rewrite.replacements import list_replacements
from httpx_fixer.source import Position, SourceFile

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "ä\r", "\n"]), max_size=8).map("".join)
TEXTS = st.tuples(LINES, st.sampled_from(["", "a", "b"])).map("".join)


def _apply(text: str, replacements: tuple[Replacement, ...]) -> str:
    """Make the replacements from the last to the first, as an editor does."""
    lines = SourceFile("x.py", text.encode()).whole_lines
    for one in reversed(replacements):
        start, end = _offset(lines, one.start), _offset(lines, one.end)
        text = text[:start] + one.text + text[end:]
    return text


def _offset(lines: list[str], position: Position) -> int:
    return sum(map(len, lines[: position.line - 1])) + position.column


@given(TEXTS, TEXTS)
def test_replacements_give_the_new_text(before: str, after: str) -> None:
    change = FileChange("x.py", before.encode(), after.encode())
    assert _apply(before, list_replacements([change])) == after


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (b"a\nb\nc\n", b"a\nx\nc\n", [(Position(2, 0), Position(3, 0), "x\n")]),
        (b"a\nb\n", b"a\nx\nb\n", [(Position(2, 0), Position(2, 0), "x\n")]),
        (b"a\nb", b"a\nx", [(Position(2, 0), Position(2, 1), "x")]),
        (None, b"a\n", [(Position(1, 0), Position(1, 0), "a\n")]),
    ],
    ids=["changed", "inserted", "no last newline", "new file"],
)
def test_places(before: bytes | None, after: bytes, expected: list[tuple[Position, Position, str]]) -> None:
    found = list_replacements([FileChange("x.py", before, after)])
    assert [(one.start, one.end, one.text) for one in found] == expected
