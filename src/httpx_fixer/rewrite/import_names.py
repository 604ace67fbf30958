"""The names of one import statement."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from httpx_fixer.rewrite.commas import Spacing, read_spacing, write_spacing
from httpx_fixer.rewrite.import_order import ImportStatement, member_key

_NONE = cst.SimpleWhitespace("")


def bound_name(alias: cst.ImportAlias) -> str:
    """Return the name that an import binds."""
    return alias.evaluated_alias or alias.evaluated_name.partition(".")[0]


def list_names(statement: ImportStatement) -> list[cst.ImportAlias]:
    """Return the names of a statement, none for `*`."""
    return [] if isinstance(statement.names, cst.ImportStar) else list(statement.names)


def read_names(statement: ImportStatement) -> Spacing:
    """Read the white space of a statement's names."""
    names = list_names(statement)
    if isinstance(statement, cst.ImportFrom) and statement.lpar and statement.rpar:
        return read_spacing(names, statement.lpar.whitespace_after, statement.rpar.whitespace_before)
    return read_spacing(names, _NONE)


def write_names(
    statement: ImportStatement, names: Sequence[cst.ImportAlias], spacing: Spacing
) -> ImportStatement:
    """Return the statement with other names and their white space; its brackets are kept."""
    statement = statement.with_changes(names=write_spacing(names, spacing))
    if isinstance(statement, cst.ImportFrom) and statement.lpar and statement.rpar:
        end = _NONE if spacing.trailing_comma else spacing.gaps[-1]
        return statement.with_changes(
            lpar=statement.lpar.with_changes(whitespace_after=spacing.gaps[0]),
            rpar=statement.rpar.with_changes(whitespace_before=end),
        )
    return statement


def write_one_a_line(
    statement: cst.ImportFrom, names: Sequence[cst.ImportAlias], indent: str
) -> ImportStatement:
    """Return the statement with its names in brackets, each on a line of its own."""
    inner = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indent))
    outer = cst.ParenthesizedWhitespace(indent=True)
    spacing = Spacing((*[inner] * len(names), outer), trailing_comma=True)
    statement = statement.with_changes(lpar=cst.LeftParen(), rpar=cst.RightParen())
    return write_names(statement, names, spacing)


def find_rank(names: Sequence[cst.ImportAlias], new: cst.ImportAlias) -> int:
    """Return the place of a new name: by order if the names are in order, else the end."""
    keys = [member_key(name) for name in names]
    if keys != sorted(keys):
        return len(names)
    return sum(key <= member_key(new) for key in keys)
