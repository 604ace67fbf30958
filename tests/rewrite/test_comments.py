"""Parts of comments, replaced."""

from __future__ import annotations

import pytest

from httpx_fixer.fix import AddArgument, ReplaceComment
from httpx_fixer.rewrite.comments import edit_comments, shift_edit
from httpx_fixer.source import Anchor, Position


def _anchor(line: int, start: int, end: int) -> Anchor:
    return Anchor("x.py", "Comment", Position(line, start), Position(line, end))


@pytest.mark.parametrize(
    ("text", "part", "code", "after"),
    [
        ("x = 1  # a\n", "# a", "", "x = 1\n"),
        ("x = 1  # a  # b\r\n", "# a  ", "", "x = 1  # b\r\n"),
        ("x = 1  # b  # a", "# a", "", "x = 1  # b"),
        ("x = 1  # a[b, c]\n", "b, c", "c", "x = 1  # a[c]\n"),
        ("    # a\ny\n", "# a", "", "y\n"),
        ("é = 1  # a\n", "# a", "", "é = 1\n"),
    ],
)
def test_comment_is_replaced(text: str, part: str, code: str, after: str) -> None:
    at = text.index(part)
    edit = ReplaceComment(_anchor(1, at, at + len(part)), code)
    assert edit_comments("x.py", text.encode(), [edit])[0] == after.encode()


def test_encoding_is_kept() -> None:
    data = b"\xef\xbb\xbfx = 1  # a\n"
    assert edit_comments("x.py", data, [ReplaceComment(_anchor(1, 7, 10), "")])[0] == b"\xef\xbb\xbfx = 1\n"


def test_edits_below_a_line_that_is_gone_move_up() -> None:
    text = b"# a\nf()\n# a\ng()\n"
    edits = [ReplaceComment(_anchor(line, 0, 3), "") for line in (1, 3)]
    data, gone = edit_comments("x.py", text, edits)
    assert (data, gone) == (b"f()\ng()\n", (1, 3))
    call = AddArgument(Anchor("x.py", "Call", Position(4, 0), Position(4, 3)), "timeout", "5")
    assert shift_edit(call, gone).anchor == Anchor("x.py", "Call", Position(2, 0), Position(2, 3))
    assert shift_edit(call, ()) is call
