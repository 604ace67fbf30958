"""Comments as text: what a tree does not address, and what may change without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TypeVar

from httpx_fixer.fix import AnchoredEdit, ImportEdit, ReplaceComment
from httpx_fixer.source import Anchor, Position, SourceFile

_Edit = TypeVar("_Edit", bound=AnchoredEdit | ImportEdit)


def edit_comments(path: str, data: bytes, edits: Sequence[ReplaceComment]) -> tuple[bytes, tuple[int, ...]]:
    """Return the file with parts of comments replaced, and the lines that are gone.

    What is left of a comment keeps its place. Blanks before a comment that is gone go, too, and so
    does the line, where the comment had it for itself.
    """
    if not edits:
        return data, ()
    source = SourceFile(path, data)
    lines = list(source.whole_lines)
    gone = []
    for edit in sorted(set(edits), reverse=True):
        index = edit.anchor.start.line - 1
        lines[index] = _edit_line(lines[index], edit)
        if not lines[index].strip():
            lines[index] = ""
            gone.append(index + 1)
    return "".join(lines).encode(source.encoding), tuple(sorted(gone))


def _edit_line(line: str, edit: ReplaceComment) -> str:
    text = line.rstrip("\r\n")
    before, after = text[: edit.anchor.start.column], text[edit.anchor.end.column :]
    if edit.code:
        return before + edit.code + after + line[len(text) :]
    whole = before + after.lstrip() if after.strip() else before.rstrip()
    return whole + line[len(text) :]


def shift_edit(edit: _Edit, gone: Sequence[int]) -> _Edit:
    """Return an edit of a file with the addresses that its nodes have once some lines are gone."""
    moved = {
        field.name: _shift(value, gone)
        for field in fields(edit)
        if isinstance(value := getattr(edit, field.name), Anchor)
    }
    if not gone or not moved:
        return edit
    return replace(edit, **moved)  # type: ignore[arg-type]  # the names are those of its fields


def _shift(anchor: Anchor, gone: Sequence[int]) -> Anchor:
    return replace(anchor, start=_shift_position(anchor.start, gone), end=_shift_position(anchor.end, gone))


def _shift_position(position: Position, gone: Sequence[int]) -> Position:
    return replace(position, line=position.line - sum(line < position.line for line in gone))
