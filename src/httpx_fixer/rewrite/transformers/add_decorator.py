"""Add a decorator to a function."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import AddDecorator
from httpx_fixer.rewrite.snippets import Snippets


def add_decorator(edit: AddDecorator, updated: cst.FunctionDef, snippets: Snippets) -> cst.FunctionDef:
    """Return the function with the decorator below those that are there.

    Comments between the last decorator and `def` stay right above `def`.
    """
    decorator = cst.Decorator(snippets.expression(edit.code))
    return updated.with_changes(decorators=(*updated.decorators, decorator))
