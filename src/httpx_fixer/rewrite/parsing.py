"""The one place where the writing wing reads its own results, with Python's own parser."""

from __future__ import annotations

import ast
import symtable
import warnings


def parse_tree(code: str) -> ast.Module:
    """Parse a module quietly. Raises `SyntaxError`, `ValueError` or `RecursionError`."""
    with warnings.catch_warnings():
        # What Python says of the user's invalid escapes is not for our standard error.
        warnings.simplefilter("ignore")
        return ast.parse(code)


def parse_symbols(code: str) -> symtable.SymbolTable:
    """Return the symbols of a module, quietly. Raises as `parse_tree` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return symtable.symtable(code, "<module>", "exec")


def compile_module(data: bytes, path: str) -> None:
    """Compile the bytes of a module, quietly. Raises as `parse_tree` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(data, path, "exec", dont_inherit=True)
