"""Insert statements before or after one."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import InsertStatements
from httpx_fixer.rewrite.lines import (
    build_blank_lines,
    count_trailing_blanks,
    join_lines,
    split_blank_prefix,
    split_own_comments,
)
from httpx_fixer.rewrite.passage import Passage, Statement, join_passages
from httpx_fixer.rewrite.snippets import Snippets


def insert_statements(edit: InsertStatements, updated: Passage, snippets: Snippets) -> Passage:
    """Return the statement and the code as one passage.

    Comments directly above the statement stay with it, save where the code stands "above" them. A
    definition is set off from its neighbour by the blank lines that stand before it.
    """
    code = snippets.passage(edit.code)
    if edit.where == "after":
        return join_passages([updated, _set_off(code)])
    if not updated.statements:
        # The statement was removed: what stood above it now stands above the code.
        return code.with_leading_lines(join_lines(updated.after, code.leading_lines))
    if edit.where == "above":
        above = join_lines(updated.leading_lines, code.leading_lines)
        return join_passages([code.with_leading_lines(above), updated.with_leading_lines(())])
    upper, own = split_own_comments(updated.leading_lines)
    above = join_lines(upper, code.leading_lines)
    neighbours = (code.statements[-1], updated.statements[0])
    if not code.after and any(_is_definition(statement) for statement in neighbours):
        blanks = count_trailing_blanks(split_own_comments(above)[0])
        code = Passage(code.statements, build_blank_lines(blanks))
    return join_passages([code.with_leading_lines(above), updated.with_leading_lines(own)])


def _set_off(code: Passage) -> Passage:
    """Ask for as many blank lines below a definition as there are above it, or above the code."""
    last = code.statements[-1]
    if code.after or not _is_definition(last):
        return code
    blanks = (split_blank_prefix(lines)[0] for lines in (code.leading_lines, last.leading_lines))
    return Passage(code.statements, max(blanks, key=len))


def _is_definition(statement: Statement) -> bool:
    return isinstance(statement, cst.FunctionDef | cst.ClassDef)
