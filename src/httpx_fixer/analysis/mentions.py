"""Where a module mentions names, by name."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import field

from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Mentions:
    """Nodes of one module by the name that they mention, in the order of the walk.

    `reads` holds `f` and `x.f`, `imports` the statements `from m import f`, `texts` strings without
    blanks that end in `.f` (`patch("pkg.mod.f")`).
    """

    reads: dict[str, list[ast.Name | ast.Attribute]] = field(default_factory=dict)
    imports: dict[str, list[ast.ImportFrom]] = field(default_factory=dict)
    texts: dict[str, list[ast.Constant]] = field(default_factory=dict)


def find_mentions(nodes: Iterable[ast.AST]) -> Mentions:
    """Find what some nodes mention."""
    found = Mentions()
    for node in nodes:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                found.reads.setdefault(node.id, []).append(node)
        elif isinstance(node, ast.Attribute):
            if isinstance(node.ctx, ast.Load):
                found.reads.setdefault(node.attr, []).append(node)
        elif isinstance(node, ast.Constant):
            text = node.value
            if isinstance(text, str) and "." in text and " " not in text:
                found.texts.setdefault(text.rpartition(".")[2], []).append(node)
        elif isinstance(node, ast.ImportFrom):
            for name in dict.fromkeys(alias.name for alias in node.names):
                found.imports.setdefault(name, []).append(node)
    return found
