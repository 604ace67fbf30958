"""Add a keyword argument to a call."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import AddArgument
from httpx_fixer.rewrite.commas import read_spacing, widen_spacing, write_spacing
from httpx_fixer.rewrite.snippets import Snippets


def add_argument(edit: AddArgument, updated: cst.Call, snippets: Snippets) -> cst.Call:
    """Return the call with the argument after its arguments and before any `**kwargs`.

    The layout of the call is kept: one argument a line, trailing comma, comments.
    """
    args = [_parenthesize_generator(arg) for arg in updated.args]
    at = next((index for index, arg in enumerate(args) if arg.star == "**"), len(args))
    spacing = widen_spacing(read_spacing(args, updated.whitespace_before_args), at, 1, snippets.indent)
    no_space = cst.SimpleWhitespace("")
    equal = cst.AssignEqual(whitespace_before=no_space, whitespace_after=no_space)
    args.insert(at, cst.Arg(snippets.expression(edit.code), keyword=cst.Name(edit.name), equal=equal))
    return updated.with_changes(args=write_spacing(args, spacing), whitespace_before_args=spacing.gaps[0])


def _parenthesize_generator(arg: cst.Arg) -> cst.Arg:
    """`f(x for x in y)`: a generator expression that is not alone needs parentheses of its own."""
    if isinstance(arg.value, cst.GeneratorExp) and not arg.value.lpar:
        value = arg.value.with_changes(lpar=(cst.LeftParen(),), rpar=(cst.RightParen(),))
        return arg.with_changes(value=value)
    return arg
