"""Tables of arguments (`httpx.get(url, **options)`) of which all keys are known."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.module import Module


def find_unpacked_keys(module: Module, call: ast.Call) -> frozenset[str] | None:
    """Return the names of the arguments that a call is given by `**`, None where not all are known."""
    found: set[str] = set()
    for keyword in call.keywords:
        keys = frozenset[str]() if keyword.arg is not None else _find_keys(module, keyword.value)
        if keys is None:
            return None
        found |= keys
    return None if any(isinstance(value, ast.Starred) for value in call.args) else frozenset(found)


def _find_keys(module: Module, value: ast.expr) -> frozenset[str] | None:
    """Return the keys that a table may have which a function makes for its calls and hands nowhere else."""
    if isinstance(value, ast.Dict):
        return _keys_of(value)
    scope = module.function_scope(value)
    if not isinstance(value, ast.Name) or scope is None or value.id in scope.elsewhere:
        return None
    bindings = scope.bindings.get(value.id, [])
    made = bindings[0].value if len(bindings) == 1 else None
    keys = _keys_of(made) if isinstance(made, ast.Dict) else None
    if keys is None:
        return None
    found = set(keys)
    for node in module.mentions.reads.get(value.id, ()):
        if not isinstance(node, ast.Name) or module.table.enclosing(node).find(node.id) is not scope:
            continue
        match module.table.parents[node]:
            case ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str(key))):
                found.add(key)
            case ast.keyword(arg=None):
                continue
            case _:
                return None
    return frozenset(found)


def _keys_of(table: ast.Dict) -> frozenset[str] | None:
    keys = [key.value if isinstance(key, ast.Constant) else None for key in table.keys]
    known = frozenset(key for key in keys if isinstance(key, str))
    return known if all(isinstance(key, str) for key in keys) else None
