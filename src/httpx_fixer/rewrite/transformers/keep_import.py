"""Say of an import that it is there for others."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import DropImport
from httpx_fixer.rewrite.import_names import bound_name, list_names
from httpx_fixer.rewrite.passage import Statement
from httpx_fixer.rewrite.silences import is_told, tell


def keep_import(edit: DropImport, module: cst.Module) -> cst.Module:
    """Return the module with a comment at the module-level imports of the name: nothing here reads it.

    `import x as x` says so already. The comment stands on the first line of a statement in brackets:
    flake8 looks for it there, and ruff there, too.
    """
    return module.with_changes(body=[_keep_in(edit, statement) for statement in module.body])


def _keep_in(edit: DropImport, statement: Statement) -> Statement:
    if not isinstance(statement, cst.SimpleStatementLine) or is_told(statement):
        return statement
    small = next((one for one in statement.body if _binds(one, edit.bound)), None)
    if small is None:
        return statement
    opening = small.lpar.whitespace_after if isinstance(small, cst.ImportFrom) and small.lpar else None
    if isinstance(opening, cst.ParenthesizedWhitespace):
        first = _comment(opening.first_line, edit.kept_for)
        return statement.with_deep_changes(opening, first_line=first)
    end = _comment(statement.trailing_whitespace, edit.kept_for)
    return statement.with_changes(trailing_whitespace=end)


def _comment(end: cst.TrailingWhitespace, reason: str) -> cst.TrailingWhitespace:
    gap = end.whitespace if end.comment else cst.SimpleWhitespace("  ")
    return end.with_changes(comment=tell(end.comment, reason), whitespace=gap)


def _binds(small: cst.BaseSmallStatement, bound: str) -> bool:
    if not isinstance(small, cst.Import | cst.ImportFrom):
        return False
    names = list_names(small)
    return any(bound_name(one) == bound and one.evaluated_alias != one.evaluated_name for one in names)
