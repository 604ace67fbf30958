"""Edits that change which statements a block has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import permutations
from typing import assert_never, cast

import libcst as cst

from httpx_fixer.fix import (
    AnchoredEdit,
    InsertStatements,
    RemoveStatement,
    UnwrapWith,
    WrapRest,
    WrapStatement,
)
from httpx_fixer.rewrite.lines import Lines, has_comment
from httpx_fixer.rewrite.passage import Passage, Statement, join_passages
from httpx_fixer.rewrite.snippets import Snippets
from httpx_fixer.rewrite.transformers.insert_statements import insert_statements
from httpx_fixer.rewrite.transformers.remove_statement import remove_statement
from httpx_fixer.rewrite.transformers.unwrap_with import unwrap_try, unwrap_with
from httpx_fixer.rewrite.transformers.wrap_rest import wrap_rest
from httpx_fixer.rewrite.transformers.wrap_statement import wrap_statement
from httpx_fixer.values import dataclass

_Rest = tuple[WrapRest, cst.CSTNode]

StatementEdit = UnwrapWith | WrapStatement | InsertStatements | RemoveStatement


class EditsClash(Exception):  # noqa: N818 - says what happened, as all our words do
    """Two edits of one file contradict each other. This is our own mistake, never the user's."""


@dataclass(frozen=True, slots=True)
class BlockEdits:
    """The edits of statements of one file, by node of the original tree.

    `single` is {statement: edits}, `rests` {first statement: [(edit, last statement)]}, `addressed`
    all statements that an edit names. `made` collects what was done.
    """

    snippets: Snippets
    single: dict[cst.CSTNode, list[StatementEdit]] = field(default_factory=lambda: defaultdict(list))
    rests: dict[cst.CSTNode, list[_Rest]] = field(default_factory=lambda: defaultdict(list))
    addressed: set[cst.CSTNode] = field(default_factory=set)
    made: set[AnchoredEdit] = field(default_factory=set)

    def add(self, edit: StatementEdit, statement: cst.CSTNode) -> None:
        """Note an edit of one statement."""
        self.single[statement].append(edit)
        self.addressed.add(statement)

    def add_rest(self, edit: WrapRest, first: cst.CSTNode, last: cst.CSTNode) -> None:
        """Note an edit of the statements from `first` to `last`."""
        self.rests[first].append((edit, last))
        self.addressed.update((first, last))


@dataclass(slots=True)
class _Slot:
    """A statement of the original block, and what has become of it."""

    key: cst.CSTNode
    passage: Passage


def rewrite_block(
    edits: BlockEdits, original: Sequence[cst.CSTNode], updated: Sequence[cst.CSTNode], footer: Lines = ()
) -> Passage | None:
    """Make the edits of the statements of one block; None where there is none.

    `original` and `updated` are the block's statements before and after the edits inside of them,
    which neither add nor remove any. `footer` holds the lines at the block's foot.
    """
    slots = list(_iter_slots(edits.addressed, original, updated))
    keys = [slot.key for slot in slots]
    if edits.addressed.isdisjoint(keys):
        return None
    for slot in slots:
        slot.passage = _edit_statement(edits, slot)
    spans = _find_spans(edits, keys)
    if has_comment(footer) and any(span.last == len(slots) - 1 for span in spans):
        # A comment at the foot of the block speaks about the statements that now stand in `try`.
        slots[-1].passage = join_passages([slots[-1].passage, Passage((), footer)])
        footer = ()
    for span in spans:
        taken = slots[span.first : span.last + 1]
        passage = join_passages(slot.passage for slot in taken)
        for slot in taken:
            slot.passage = Passage(())
        taken[0].passage = wrap_rest(span.edit, passage, edits.snippets)
        edits.made.add(span.edit)
    return join_passages([*(slot.passage for slot in slots), Passage((), footer)])


@dataclass(frozen=True, slots=True)
class _Span:
    first: int
    last: int
    edit: WrapRest


def _find_spans(edits: BlockEdits, keys: Sequence[cst.CSTNode]) -> list[_Span]:
    """Return what goes into `try`, inner spans before those around them."""
    spans = [
        _Span(at, keys.index(last), edit)
        for at, key in enumerate(keys)
        for edit, last in edits.rests.get(key, ())
        if last in keys
    ]
    for one, other in permutations(spans, 2):
        if one.first < other.first <= one.last < other.last:
            raise EditsClash(f"{one.edit} and {other.edit} overlap")
    return sorted(spans, key=lambda span: span.last - span.first)


def _iter_slots(
    addressed: set[cst.CSTNode], original: Sequence[cst.CSTNode], updated: Sequence[cst.CSTNode]
) -> Iterator[_Slot]:
    """Pair the statements; a line of statements joined by `;` is split where an edit names one of them."""
    for before, after in zip(original, updated, strict=True):
        if not isinstance(before, cst.SimpleStatementLine):
            yield _Slot(before, Passage((cast("Statement", after),)))
        elif len(before.body) == 1 or addressed.isdisjoint(before.body):
            yield _Slot(before.body[0], Passage((cast("Statement", after),)))
        else:
            yield from _split_line(before, cast("cst.SimpleStatementLine", after))


def _split_line(before: cst.SimpleStatementLine, after: cst.SimpleStatementLine) -> Iterator[_Slot]:
    last = len(before.body) - 1
    end = after.trailing_whitespace
    if isinstance(semicolon := after.body[-1].semicolon, cst.Semicolon):
        # `a; b;  # c`: the blanks before the comment belong to the semicolon.
        end = end.with_changes(whitespace=semicolon.whitespace_after)
    for at, (key, small) in enumerate(zip(before.body, after.body, strict=True)):
        line = cst.SimpleStatementLine(
            [small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)],
            leading_lines=after.leading_lines if at == 0 else (),
            trailing_whitespace=end if at == last else cst.TrailingWhitespace(),
        )
        yield _Slot(key, Passage((line,)))


def _edit_statement(edits: BlockEdits, slot: _Slot) -> Passage:
    passage = slot.passage
    turns = _in_turn(edits.single.get(slot.key, ()))
    is_below_code = any(isinstance(edit, InsertStatements) and edit.where == "above" for edit in turns)
    for edit in turns:
        match edit:
            case UnwrapWith():
                upper = len(passage.leading_lines)
                passage = _unwrap(edit, slot.key, passage, edits.snippets)
                if is_below_code and not has_comment(passage.leading_lines[upper:]):
                    # The blank lines at the top of the block are not those of what now stands above it.
                    passage = passage.with_leading_lines(passage.leading_lines[:upper])
            case RemoveStatement():
                passage = remove_statement(passage, is_moved=edit.is_moved)
            case WrapStatement():
                passage = wrap_statement(edit, passage, edits.snippets)
            case InsertStatements():
                passage = insert_statements(edit, passage, edits.snippets)
            case _:
                assert_never(edit)
        edits.made.add(edit)
    return passage


def _in_turn(edits: Sequence[StatementEdit]) -> list[StatementEdit]:
    """Order the edits of one statement from the inside to the outside.

    Of several insertions the first one comes out on top, above the statement as below it.
    """
    unwraps = [edit for edit in edits if isinstance(edit, UnwrapWith)]
    before = [edit for edit in edits if isinstance(edit, InsertStatements) and edit.where != "after"]
    return [
        *sorted(unwraps, key=lambda edit: -edit.item),
        *(edit for edit in edits if isinstance(edit, RemoveStatement)),
        *(edit for edit in edits if isinstance(edit, WrapStatement)),
        *reversed(before),
        *(edit for edit in edits if isinstance(edit, InsertStatements) and edit.where == "after"),
    ]


def _unwrap(edit: UnwrapWith, original: cst.CSTNode, passage: Passage, snippets: Snippets) -> Passage:
    statement = passage.statements[0]
    if isinstance(original, cst.Try) and isinstance(statement, cst.Try) and statement.finalbody is not None:
        rest = unwrap_try(statement, statement.finalbody, snippets)
        return rest if isinstance(rest, Passage) else Passage((rest,))
    if not isinstance(original, cst.With) or not isinstance(statement, cst.With):
        raise EditsClash(f"{edit}: not a with statement")
    if edit.item >= len(original.items):
        raise EditsClash(f"{edit}: the statement has no such item")
    result = unwrap_with(edit, original, statement, snippets)
    return result if isinstance(result, Passage) else Passage((result,))
