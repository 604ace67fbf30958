"""What stands where in the project's files."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.call_text import find_argument
from httpx_fixer.analysis.module_imports import find_docstring
from httpx_fixer.analysis.store import FileStore
from httpx_fixer.source import Anchor, SourceFile


class Texts:
    """Questions about places and lines, of which no tree leaves."""

    def __init__(self, store: FileStore) -> None:
        self._store = store

    def docstring(self, path: str) -> tuple[Anchor, str] | None:
        """Return the string that a module begins with, as (address, text)."""
        module = self._store.module(path)
        return None if module is None else find_docstring(module)

    def lines_of(self, path: str) -> list[str]:
        """Return the lines of a file, none where its bytes are no text."""
        try:
            return list(SourceFile(path, self._store.data(path)).lines)
        except (SyntaxError, UnicodeError):
            return []

    def argument_anchor(self, call: Anchor, name: str) -> Anchor | None:
        """Return the address of the value of a keyword argument of a call."""
        module = self._store.module(call.path)
        return None if module is None else find_argument(module, call, name)

    def is_in_handler(self, anchor: Anchor) -> bool:
        """Answer whether the call at a place is in an `except` block."""
        module = self._store.module(anchor.path)
        call = None if module is None else module.call_at(anchor)
        if module is None or call is None:
            return False
        return any(isinstance(node, ast.ExceptHandler) for node in module.ancestors(call))

    def function_at(self, anchor: Anchor) -> str:
        """Return the qualified name of the innermost function around a place, "" for none."""
        module = self._store.module(anchor.path)
        functions = {} if module is None else module.functions
        line = anchor.start.line
        around = [
            (node.lineno, name)
            for name, node in functions.items()
            if node.lineno <= line <= (node.end_lineno or 0)
        ]
        return max(around)[1] if around else ""
