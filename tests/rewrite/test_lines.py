from __future__ import annotations

import libcst as cst
import pytest

from httpx_fixer.rewrite.lines import (
    Lines,
    collect_comments,
    count_trailing_blanks,
    join_lines,
    split_blank_prefix,
    split_own_comments,
    strip_blank_lines,
)


def _lines(text: str) -> Lines:
    """Build one line a character: `.` is blank, everything else a comment."""
    return tuple(cst.EmptyLine(comment=None if each == "." else cst.Comment(f"#{each}")) for each in text)


def _text(lines: Lines) -> str:
    return "".join(line.comment.value[1:] if line.comment else "." for line in lines)


@pytest.mark.parametrize(
    ("upper", "lower", "joined"),
    [
        ("a.", "..b", "a..b"),
        ("a..", ".b", "a..b"),
        ("a", ".b", "a.b"),
        ("a.", "b", "a.b"),
        ("..", ".", ".."),
        ("", "..", ".."),
    ],
)
def test_blank_lines_that_meet_are_not_added_up(upper: str, lower: str, joined: str) -> None:
    assert _text(join_lines(_lines(upper), _lines(lower))) == joined


@pytest.mark.parametrize(
    ("text", "blanks", "rest"), [("..a.b", "..", "a.b"), ("a.", "", "a."), ("..", "..", "")]
)
def test_blank_prefix(text: str, blanks: str, rest: str) -> None:
    assert tuple(map(_text, split_blank_prefix(_lines(text)))) == (blanks, rest)


@pytest.mark.parametrize(
    ("text", "upper", "own"), [("a..bc", "a..", "bc"), ("ab", "", "ab"), ("a.", "a.", "")]
)
def test_own_comments(text: str, upper: str, own: str) -> None:
    assert tuple(map(_text, split_own_comments(_lines(text)))) == (upper, own)


@pytest.mark.parametrize(("text", "count"), [("a..", 2), ("..", 2), ("a", 0), ("", 0)])
def test_trailing_blanks(text: str, count: int) -> None:
    assert count_trailing_blanks(_lines(text)) == count
    assert _text(strip_blank_lines(_lines(text))) == text[: len(text) - count]


def test_comments_are_collected_in_the_order_of_the_source() -> None:
    module = cst.parse_module("# a\nf(  # b\n    1,  # c\n    # d\n)  # e\n# f\n")
    assert _text(collect_comments(module)) == " a b c d e f"
