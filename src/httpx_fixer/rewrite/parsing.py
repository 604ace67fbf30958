"""The one place where the writing wing reads its own results, with Python's own parser."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from httpx_fixer.newer_python import is_compiled_by_newer
from httpx_fixer.respelling import respell

_Read = TypeVar("_Read")


def parse_tree(code: str) -> ast.Module:
    """Parse a module quietly. Raises `SyntaxError`, `ValueError` or `RecursionError`.

    What is written for a newer Python than the running one is read as that would spell it, here and below.
    """
    return _read(code, ast.parse)


def parse_symbols(code: str) -> symtable.SymbolTable:
    """Return the symbols of a module, quietly. Raises as `parse_tree` does."""
    return _read(code, lambda text: symtable.symtable(text, "<module>", "exec"))


def compile_module(data: bytes, path: str) -> None:
    """Compile the bytes of a module, quietly. Raises as `parse_tree` does.

    What is written for a newer Python is compiled by one of the path.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, path, "exec", dont_inherit=True)
        except SyntaxError:
            if not is_compiled_by_newer(data):
                raise


def _read(code: str, reader: Callable[[str], _Read]) -> _Read:
    with warnings.catch_warnings():
        # What Python says of the user's invalid escapes is not for our standard error.
        warnings.simplefilter("ignore")
        try:
            return reader(code)
        except SyntaxError:
            older = _spell_older(code)
            if older is None:
                raise
            return reader(older)


@lru_cache(maxsize=4)
def _spell_older(code: str) -> str | None:
    """Return a module for a newer Python as the running one spells it; None where it cannot."""
    respelt = respell(code)
    return None if respelt is None else respelt.text
