"""Take an item out of a with statement, or a statement away from around its body."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import UnwrapWith
from httpx_fixer.rewrite.commas import Space, Spacing, narrow_spacing, read_spacing, write_spacing
from httpx_fixer.rewrite.lines import collect_comments, join_lines
from httpx_fixer.rewrite.passage import Passage, flatten, read_suite
from httpx_fixer.rewrite.snippets import Snippets
from httpx_fixer.rewrite.transformers.remove_statement import remove_statement

_LONGEST_ITEM = 60
"""Characters: with `async with`, the colon and four levels of indentation still a line of 88."""


def unwrap_with(
    edit: UnwrapWith, original: cst.With, updated: cst.With, snippets: Snippets
) -> cst.With | Passage:
    """Return the statement without the item, or its body where that was the only one left.

    Comments of the header stand on lines of their own above what follows. Of several edits of one
    statement the one with the largest `item` comes first.
    """
    if len(updated.items) > 1:
        return _remove_item(edit.item, updated)
    body = read_suite(updated.body)
    lines = join_lines((*updated.leading_lines, *_header_comments(updated)), body.leading_lines)
    if _is_pass(updated.body) and not _is_pass(original.body):
        # Other edits took every statement out of the body; what stands in for them goes too.
        return remove_statement(body.with_leading_lines(lines))
    unit = updated.body.indent if isinstance(updated.body, cst.IndentedBlock) else None
    return flatten(body.with_leading_lines(lines), unit or snippets.indent)


def unwrap_try(updated: cst.Try, clause: cst.Finally, snippets: Snippets) -> cst.Try | Passage:
    """Return the try statement without its `finally`, or its body where it has no other clause.

    Comments of the clause stand on lines of their own above what follows.
    """
    freed = collect_comments(clause)
    if updated.handlers:
        rest = updated.with_changes(finalbody=None)
        return rest.with_changes(leading_lines=(*updated.leading_lines, *freed))
    header = getattr(updated.body, "header", None)
    inner = collect_comments(header) if isinstance(header, cst.CSTNode) else ()
    body = read_suite(updated.body)
    lines = join_lines((*updated.leading_lines, *inner, *freed), body.leading_lines)
    unit = updated.body.indent if isinstance(updated.body, cst.IndentedBlock) else None
    return flatten(body.with_leading_lines(lines), unit or snippets.indent)


def _header_comments(statement: cst.With) -> tuple[cst.EmptyLine, ...]:
    parts = (statement.lpar, *statement.items, statement.rpar, getattr(statement.body, "header", None))
    return collect_comments(*(part for part in parts if isinstance(part, cst.CSTNode)))


def _is_pass(suite: cst.BaseSuite) -> bool:
    statements = read_suite(suite).statements
    return (
        len(statements) == 1
        and isinstance(statements[0], cst.SimpleStatementLine)
        and [type(small) for small in statements[0].body] == [cst.Pass]
    )


def _remove_item(at: int, statement: cst.With) -> cst.With:
    """Close the gap in the header; comments of the item go above the statement."""
    opening, closing = _brackets(statement)
    spacing, freed = narrow_spacing(read_spacing(statement.items, opening, closing), at)
    removed = statement.items[at]
    inner = collect_comments(removed.item, *([removed.asname] if removed.asname else []))
    items = [item for index, item in enumerate(statement.items) if index != at]
    statement = statement.with_changes(leading_lines=(*statement.leading_lines, *inner, *freed))
    return _lay_out(statement, items, spacing)


def _brackets(statement: cst.With) -> tuple[Space, Space]:
    """Return the white space that the header's parentheses own, none where it has none."""
    if isinstance(statement.lpar, cst.LeftParen) and isinstance(statement.rpar, cst.RightParen):
        return statement.lpar.whitespace_after, statement.rpar.whitespace_before
    return cst.SimpleWhitespace(""), cst.SimpleWhitespace("")


def _lay_out(statement: cst.With, items: list[cst.WithItem], spacing: Spacing) -> cst.With:
    if not isinstance(statement.lpar, cst.LeftParen) or not isinstance(statement.rpar, cst.RightParen):
        return statement.with_changes(items=write_spacing(items, spacing))
    if len(items) == 1 and not spacing.has_comment and _fits_one_line(items[0]):
        return statement.with_changes(
            items=[items[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)],
            lpar=cst.MaybeSentinel.DEFAULT,
            rpar=cst.MaybeSentinel.DEFAULT,
            whitespace_after_with=cst.SimpleWhitespace(" "),
        )
    bracket = cst.SimpleWhitespace("") if spacing.trailing_comma else spacing.gaps[-1]
    return statement.with_changes(
        items=write_spacing(items, spacing),
        lpar=statement.lpar.with_changes(whitespace_after=spacing.gaps[0]),
        rpar=statement.rpar.with_changes(whitespace_before=bracket),
    )


def _fits_one_line(item: cst.WithItem) -> bool:
    code = cst.Module([]).code_for_node(item.with_changes(comma=cst.MaybeSentinel.DEFAULT))
    return "\n" not in code and len(code) <= _LONGEST_ITEM
