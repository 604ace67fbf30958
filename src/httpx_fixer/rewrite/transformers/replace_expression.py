"""Put another expression in place of one."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import ReplaceExpression
from httpx_fixer.rewrite.snippets import Snippets


def replace_expression(
    edit: ReplaceExpression, original: cst.BaseExpression, updated: cst.BaseExpression, snippets: Snippets
) -> cst.BaseExpression:
    """Return the edit's expression in the parentheses that stand around `updated`.

    Those of a tuple or a generator expression are its own and go. The code brings the parentheses
    that its place needs.
    """
    code = snippets.expression(edit.code)
    own = 1 if isinstance(original, cst.Tuple | cst.GeneratorExp) and original.lpar else 0
    outer = len(updated.lpar) - own
    return code.with_changes(lpar=(*updated.lpar[:outer], *code.lpar), rpar=(*code.rpar, *updated.rpar[own:]))
