"""Handlers that read the body of a failed response out of the exception that it raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.escapes import last_name
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_methods import ITERATORS, READERS


def iter_failure_readers(module: Module, function: FunctionNode) -> Iterator[int]:
    """Yield the lines of a module that may read the body of what failed in a function.

    Those in a handler of another function count if its `try` leads to this one, as far as the module
    tells; where another module uses the function, that is not known.
    """
    callers: set[str] | None = None
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(attr=method, value=ast.Attribute(attr="response", value=ast.Name())):
                if method not in READERS | ITERATORS:
                    continue
                callers = callers if callers is not None else _find_callers(module, function)
                if _may_catch(module, node, function, callers):
                    yield node.lineno


def _may_catch(module: Module, reader: ast.AST, function: FunctionNode, callers: set[str]) -> bool:
    trying = next((one for one in module.ancestors(reader) if isinstance(one, ast.Try)), None)
    is_handler = trying is not None and any(
        parent in trying.handlers
        for parent in module.ancestors(reader)
        if isinstance(parent, ast.ExceptHandler)
    )
    if trying is None or not is_handler or any(one is function for one in module.ancestors(reader)):
        return True
    if any(user is not module for user in module.iter_users(function.name)):
        return True
    return any(_calls(statement, callers) for statement in trying.body)


def _find_callers(module: Module, function: FunctionNode) -> set[str]:
    """Return the names of the functions of a module that call one, or another one that does."""
    names = {function.name}
    while True:
        more = names | {one.name for one in module.functions.values() if _calls(one, names)}
        if more == names:
            return names
        names = more


def _calls(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(inner, ast.Call) and last_name(inner.func) in names for inner in ast.walk(node))
