"""The code of an expression, as it is written where it moves to."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.module import Module


def has_long_text(value: ast.expr) -> bool:
    """Answer whether a string runs over several lines, which cannot be indented otherwise."""
    texts = (node for node in ast.walk(value) if isinstance(node, ast.JoinedStr | ast.Constant))
    return any(text.lineno != text.end_lineno for text in texts)


def write_dedented(module: Module, value: ast.expr) -> str:
    """Return the code of an expression, its lines indented as if its first one were at the margin."""
    line = module.source.lines[value.lineno - 1]
    margin = line[: len(line) - len(line.lstrip())]
    return module.code(value).replace(f"\n{margin}", "\n")
