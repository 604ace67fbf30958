"""The one place where the writing wing reads its own results, with Python's own parser."""

from __future__ import annotations

import ast
import symtable
import warnings

from httpx_fixer.newer_syntax import respell
from httpx_fixer.source import SourceFile


def parse_tree(code: str) -> ast.Module:
    """Parse a module quietly. Raises `SyntaxError`, `ValueError` or `RecursionError`."""
    with warnings.catch_warnings():
        # What Python says of the user's invalid escapes is not for our standard error.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(code)
        except SyntaxError:
            newer = respell(code)
            if newer is None:
                raise
            return newer.parse()


def parse_symbols(code: str) -> symtable.SymbolTable:
    """Return the symbols of a module, quietly. Raises as `parse_tree` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return symtable.symtable(code, "<module>", "exec")
        except SyntaxError:
            newer = respell(code)
            if newer is None:
                raise
            return symtable.symtable(newer.text, "<module>", "exec")


def compile_module(source: SourceFile) -> None:
    """Compile a module, quietly, as the running Python does. Raises as `parse_tree` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(source.data, source.path, "exec", dont_inherit=True)
