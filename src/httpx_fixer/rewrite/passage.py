"""Runs of statements on their way from one block to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar, cast

import libcst as cst

from httpx_fixer.patterns import compile_later
from httpx_fixer.rewrite.lines import Lines, has_comment, join_lines, split_blank_prefix, strip_blank_lines
from httpx_fixer.values import dataclass

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement

NodeT = TypeVar("NodeT", bound=cst.CSTNode)

_CONTINUATION = compile_later(r"(\\(?:\r\n?|\n))([ \t]*)")


@dataclass(frozen=True, slots=True)
class Passage:
    """Statements that follow one another, and the blank and comment lines below the last of them."""

    statements: tuple[Statement, ...]
    after: Lines = ()

    @property
    def leading_lines(self) -> Lines:
        """The lines above the first statement; where there is none, all lines."""
        return tuple(self.statements[0].leading_lines) if self.statements else self.after

    def with_leading_lines(self, lines: Sequence[cst.EmptyLine]) -> Passage:
        """Return the passage with other lines above its first statement, or instead of all lines."""
        if not self.statements:
            return Passage((), tuple(lines))
        first = self.statements[0].with_changes(leading_lines=tuple(lines))
        return Passage((first, *self.statements[1:]), self.after)


def join_passages(passages: Iterable[Passage]) -> Passage:
    """Make one passage of several; what follows one stands above the next.

    Where statements were removed, the larger of the two runs of blank lines that meet stays; at the
    top it is the run above the removed statement.
    """
    statements: list[Statement] = []
    pending: Lines = ()
    emptied = False
    for passage in passages:
        if not passage.statements:
            emptied = True
            pending = join_lines(pending, passage.after)
            continue
        lines = passage.leading_lines
        if emptied and not statements and not has_comment(pending):
            lines = split_blank_prefix(lines)[1]
        below = passage.with_leading_lines(join_lines(pending, lines)) if pending or emptied else passage
        statements.extend(below.statements)
        pending = passage.after
    return Passage(tuple(statements), pending)


def build_block(passage: Passage, model: cst.BaseSuite | None = None) -> cst.IndentedBlock:
    """Put a passage into an indented block; `pass` where it is empty.

    `model` lends its header (the comment behind the colon) and its indentation where it is a block.
    """
    block = model if isinstance(model, cst.IndentedBlock) else cst.IndentedBlock(body=())
    after = strip_blank_lines(passage.after)
    if passage.statements:
        return block.with_changes(body=passage.statements, footer=after)
    stand_in = cst.SimpleStatementLine([cst.Pass()], leading_lines=after)
    return block.with_changes(body=(stand_in,), footer=())


def read_suite(suite: cst.BaseSuite) -> Passage:
    """Return the statements of a suite, without the comment behind its colon."""
    if isinstance(suite, cst.IndentedBlock):
        return Passage(tuple(cast("Sequence[Statement]", suite.body)), tuple(suite.footer))
    assert isinstance(suite, cst.SimpleStatementSuite)
    line = cst.SimpleStatementLine(suite.body, trailing_whitespace=suite.trailing_whitespace)
    return Passage((line,))


def detach(passage: Passage) -> Passage:
    """Make the blank lines of a passage fit for any level of indentation."""
    return _shift(passage, lambda space: space)


def deepen(passage: Passage, unit: str) -> Passage:
    """Prepare a passage for a block that is indented by `unit` more."""
    return _shift(passage, lambda space: unit + space if space else space)


def flatten(passage: Passage, unit: str) -> Passage:
    """Prepare a passage for a block that is indented by `unit` less."""
    return _shift(passage, lambda space: space.removeprefix(unit))


def _shift(passage: Passage, move: Callable[[str], str]) -> Passage:
    shift = _Shift(move)
    statements = tuple(shift.moved(statement) for statement in passage.statements)
    return Passage(statements, tuple(shift.moved(line) for line in passage.after))


class _Shift(cst.CSTTransformer):
    """Moves what libcst does not indent by itself: lines that a backslash continues.

    Continuation lines in brackets count from the block's indentation, string literals are data.
    """

    def __init__(self, move: Callable[[str], str]) -> None:
        super().__init__()
        self.move = move

    def moved(self, node: NodeT) -> NodeT:
        return cast("NodeT", node.visit(self))

    def on_visit(self, node: cst.CSTNode) -> bool:
        # White space in `f"{x = }"` is part of the value.
        return not isinstance(node, cst.FormattedString | cst.TemplatedString)

    def on_leave(  # type: ignore[override]  # never removes or flattens
        self,
        original_node: cst.CSTNode,  # noqa: ARG002 - libcst's signature
        updated_node: cst.CSTNode,
    ) -> cst.CSTNode:
        if isinstance(updated_node, cst.SimpleWhitespace) and "\\" in updated_node.value:
            value = _CONTINUATION.sub(lambda match: match[1] + self.move(match[2]), updated_node.value)
            return updated_node.with_changes(value=value)
        if isinstance(updated_node, cst.EmptyLine) and updated_node.comment is None:
            # At the module's level a blank line says "indented by nothing"; deeper that would be blanks.
            has_blanks = bool(updated_node.whitespace.value)
            return updated_node.with_changes(indent=updated_node.indent and has_blanks)
        return updated_node
