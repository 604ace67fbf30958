"""Functions inside of a function that read one of its variables."""

from __future__ import annotations

import ast
from collections.abc import Callable

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode


def find_capturer(module: Module, function: FunctionNode | None, node: ast.AST) -> ast.AST | None:
    """Return the outermost function or class inside of `function` that a node stands in, None for none."""
    found: ast.AST | None = None
    for parent in module.ancestors(node):
        if function is None or parent is function:
            return found
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            found = parent
    return None


def find_only_reader(
    module: Module, function: FunctionNode, target: ast.Name, is_harmless: Callable[[ast.Name], bool]
) -> FunctionNode | None:
    """Return the nested function that alone reads a variable, harmless reads of the outer one aside."""
    home = module.table.enclosing(target).find(target.id)
    if home is None or len(home.bindings[target.id]) != 1:
        return None
    reads = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id == target.id and node is not target
    ]
    readers = {node: find_capturer(module, function, node) for node in reads}
    inner = {reader for reader in readers.values() if reader is not None}
    found = inner.pop() if len(inner) == 1 else None
    if not isinstance(found, FunctionNode):
        return None
    outer = (node for node, reader in readers.items() if reader is None)
    return found if all(is_harmless(node) for node in outer) else None
