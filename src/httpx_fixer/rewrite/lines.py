"""Blank lines and comment lines between statements."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

Lines = tuple[cst.EmptyLine, ...]


def build_blank_lines(count: int) -> Lines:
    """Return `count` blank lines without trailing white space."""
    return tuple(cst.EmptyLine(indent=False) for _ in range(count))


def build_comment_line(comment: cst.Comment) -> cst.EmptyLine:
    """Put a comment on a line of its own, indented as the statement that it will stand above."""
    return cst.EmptyLine(comment=cst.Comment(comment.value))


def collect_comments(*nodes: cst.CSTNode) -> Lines:
    """Return every comment in the nodes, in source order, each on a line of its own."""
    collector = _CommentCollector()
    for node in nodes:
        node.visit(collector)
    return tuple(build_comment_line(comment) for comment in collector.comments)


def has_comment(lines: Sequence[cst.EmptyLine]) -> bool:
    """Answer whether one of the lines holds a comment."""
    return any(line.comment is not None for line in lines)


def split_blank_prefix(lines: Sequence[cst.EmptyLine]) -> tuple[Lines, Lines]:
    """Split into the blank lines at the top and the rest."""
    count = next((at for at, line in enumerate(lines) if line.comment is not None), len(lines))
    return tuple(lines[:count]), tuple(lines[count:])


def split_own_comments(lines: Sequence[cst.EmptyLine]) -> tuple[Lines, Lines]:
    """Split off the comments that stand directly above the statement, below the last blank line."""
    blanks = [at for at, line in enumerate(lines) if line.comment is None]
    count = blanks[-1] + 1 if blanks else 0
    return tuple(lines[:count]), tuple(lines[count:])


def count_trailing_blanks(lines: Sequence[cst.EmptyLine]) -> int:
    """Count the blank lines at the end."""
    return next((at for at, line in enumerate(reversed(lines)) if line.comment is not None), len(lines))


def join_lines(upper: Sequence[cst.EmptyLine], lower: Sequence[cst.EmptyLine]) -> Lines:
    """Put two runs of lines below each other; blank lines that meet at the seam are not added up."""
    blanks, _ = split_blank_prefix(lower)
    surplus = min(count_trailing_blanks(upper), len(blanks))
    return (*upper, *lower[surplus:])


def strip_blank_lines(lines: Lines) -> Lines:
    """Drop the blank lines at the end."""
    return lines[: len(lines) - count_trailing_blanks(lines)]


class _CommentCollector(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.comments: list[cst.Comment] = []

    def visit_Comment(self, node: cst.Comment) -> None:  # noqa: N802 - libcst dispatches on this name
        self.comments.append(node)
