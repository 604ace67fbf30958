"""White space between the items of comma-separated lists: arguments, parameters, imported names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import libcst as cst

from httpx_fixer.rewrite.lines import Lines, collect_comments, has_comment
from httpx_fixer.values import dataclass

Space = cst.BaseParenthesizableWhitespace
ItemT = TypeVar("ItemT", bound=cst.CSTNode)

_ONE = cst.SimpleWhitespace(" ")
_NONE = cst.SimpleWhitespace("")
_LONE = 2
"""The gaps of a list of one item: its author had no column to end with a comma or without one."""
_LINE_END = cst.TrailingWhitespace()
_SPACE_BEHIND = {
    cst.Arg: "whitespace_after_arg",
    cst.Param: "whitespace_after_param",
    cst.ParamSlash: "whitespace_after",
}


@dataclass(frozen=True, slots=True)
class Spacing:
    """The white space of a list of n items.

    `gaps` has n + 1 members: before the first item, behind each comma, after the last item (behind
    its comma, where `trailing_comma`). An empty list has one.
    """

    gaps: tuple[Space, ...]
    trailing_comma: bool = False

    @property
    def has_line_break(self) -> bool:
        """Whether the list stands on more than one line."""
        return any(isinstance(gap, cst.ParenthesizedWhitespace) for gap in self.gaps)

    @property
    def has_comment(self) -> bool:
        """Whether a comment stands between the items."""
        return bool(collect_comments(*self.gaps))


def read_spacing(items: Sequence[cst.CSTNode], opening: Space, closing: Space = _NONE) -> Spacing:
    """Read the white space of a list off its items; `closing` is what the bracket behind them owns."""
    gaps: list[Space] = [opening]
    trailing_comma = False
    for item in items:
        comma = getattr(item, "comma", None)
        behind = getattr(item, _SPACE_BEHIND.get(type(item), ""), _NONE)
        trailing_comma = isinstance(comma, cst.Comma)
        after_comma = comma.whitespace_after if isinstance(comma, cst.Comma) else _NONE
        gaps.append(behind if after_comma.empty else after_comma)
    if items and not closing.empty:
        gaps[-1] = closing
    return Spacing(tuple(gaps), trailing_comma)


def write_spacing(items: Sequence[ItemT], spacing: Spacing) -> tuple[ItemT, ...]:
    """Write the white space of a list into its items.

    The last gap goes behind the trailing comma; without one, into the item if it has a place for it
    (an imported name has none: there the bracket owns it).
    """
    result: list[ItemT] = []
    for at, item in enumerate(items):
        gap = spacing.gaps[at + 1]
        comma: cst.Comma | cst.MaybeSentinel = cst.MaybeSentinel.DEFAULT
        if at < len(items) - 1 or spacing.trailing_comma:
            old = getattr(item, "comma", None)
            before = old.whitespace_before if isinstance(old, cst.Comma) else _NONE
            comma, gap = cst.Comma(whitespace_before=before, whitespace_after=gap), _NONE
        behind = _SPACE_BEHIND.get(type(item))
        result.append(item.with_changes(comma=comma, **({behind: gap} if behind else {})))
    return tuple(result)


def widen_spacing(spacing: Spacing, at: int, count: int, indent: str) -> Spacing:
    """Make room for `count` items before item `at`.

    Where the neighbour stands on a line of its own the new items do too; a comment behind the
    neighbour stays on its line. `indent` is one level, for a list that was empty over several lines.
    What makes a column of one item ends it with a comma, as formatters do.
    """
    gaps = spacing.gaps
    if len(gaps) == 1:
        return _fill(gaps[0], count, indent)
    last = len(gaps) - 1
    model = gaps[min(at, last - 1)]
    before, after = _split_closing(gaps[last], model) if at == last else _split(gaps[at])
    between = [_break_as(model)] * (count - 1)
    is_first_of_column = len(gaps) == _LONE and at == last and _is_column(gaps)
    comma = spacing.trailing_comma or is_first_of_column
    return Spacing((*gaps[:at], before, *between, after, *gaps[at + 1 :]), comma)


def _is_column(gaps: tuple[Space, ...]) -> bool:
    """Answer whether each item stands on lines of its own, and the closing bracket below them."""
    return all(isinstance(gap, cst.ParenthesizedWhitespace) for gap in gaps)


def narrow_spacing(spacing: Spacing, at: int) -> tuple[Spacing, Lines]:
    """Close the gap that item `at` leaves; also return the comments that belonged to that item.

    Those above it and behind it belong to it; those behind its neighbours stay.
    """
    before, after = spacing.gaps[at], spacing.gaps[at + 1]
    kept = _merge_closing(before, after) if at == len(spacing.gaps) - 2 else _merge(before, after)
    narrowed = Spacing((*spacing.gaps[:at], kept, *spacing.gaps[at + 2 :]), spacing.trailing_comma)
    left = [line.comment.value for line in collect_comments(kept) if line.comment]
    freed = []
    for line in collect_comments(before, after):
        if line.comment and line.comment.value in left:
            left.remove(line.comment.value)
        else:
            freed.append(line)
    return narrowed, tuple(freed)


def leave_comments(spacing: Spacing, at: int, comments: Lines, model: Space) -> tuple[Spacing, Lines]:
    """Put comments on lines of their own into gap `at`; return them instead where it is on one line.

    They are indented as what follows `model`.
    """
    gap = spacing.gaps[at]
    if not isinstance(gap, cst.ParenthesizedWhitespace) or not isinstance(model, cst.ParenthesizedWhitespace):
        return spacing, comments
    lines = [line.with_changes(indent=model.indent, whitespace=model.last_line) for line in comments]
    gap = gap.with_changes(empty_lines=(*lines, *gap.empty_lines))
    return Spacing((*spacing.gaps[:at], gap, *spacing.gaps[at + 1 :]), spacing.trailing_comma), ()


def _fill(opening: Space, count: int, indent: str) -> Spacing:
    if not isinstance(opening, cst.ParenthesizedWhitespace):
        return Spacing((_NONE, *[_ONE] * (count - 1), _NONE))
    above = [line.whitespace for line in opening.empty_lines if line.comment]
    inner = above[-1] if above else cst.SimpleWhitespace(opening.last_line.value + indent)
    first = opening.with_changes(last_line=inner)
    between = [_break_as(first)] * (count - 1)
    return Spacing((first, *between, _break_as(opening)), trailing_comma=True)


def _split(gap: Space) -> tuple[Space, Space]:
    """Split the gap before the item that new ones push away."""
    if not isinstance(gap, cst.ParenthesizedWhitespace):
        return gap, _ONE
    return gap.with_changes(empty_lines=()), gap.with_changes(first_line=_LINE_END)


def _split_closing(closing: Space, model: Space) -> tuple[Space, Space]:
    """Split the gap after the last item, which new ones follow as `model` goes before it."""
    if not isinstance(model, cst.ParenthesizedWhitespace):
        return _ONE, closing
    if not isinstance(closing, cst.ParenthesizedWhitespace):
        return _break_as(model), closing
    before = model.with_changes(first_line=closing.first_line, empty_lines=())
    return before, closing.with_changes(first_line=_LINE_END)


def _merge(before: Space, after: Space) -> Space:
    lines = after.empty_lines if isinstance(after, cst.ParenthesizedWhitespace) else ()
    if isinstance(before, cst.ParenthesizedWhitespace):
        return before.with_changes(empty_lines=lines)
    return after.with_changes(first_line=_LINE_END) if has_comment(lines) else before


def _merge_closing(before: Space, after: Space) -> Space:
    if not isinstance(after, cst.ParenthesizedWhitespace):
        return after
    first_line = before.first_line if isinstance(before, cst.ParenthesizedWhitespace) else _LINE_END
    return after.with_changes(first_line=first_line)


def _break_as(model: Space) -> Space:
    """Return a bare line break with the indentation of `model`, or one blank."""
    if isinstance(model, cst.ParenthesizedWhitespace):
        return model.with_changes(first_line=_LINE_END, empty_lines=())
    return _ONE
