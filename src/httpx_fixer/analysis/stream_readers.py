"""What those use of a kept response who read it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_facts import KeptPart, Replacement

_PARTS = {"content": "", "headers": "", "json": "()", "status_code": "", "text": ""}
"""What may be kept of a response: `{attribute: what calls it}`."""

Read = tuple[Module, ast.expr]
"""An expression whose value is the kept response, and its module."""


def find_part(module: Module, kept: ast.expr, reads: Iterable[Read]) -> KeptPart | None:
    """Return the one part of a response that all its readers use, None where they differ or are not seen.

    `kept` is the expression in `module` whose value is kept.
    """
    uses = [_find_use(home, read) for home, read in reads]
    parts = {part for part, _ in (use for use in uses if use is not None)}
    if not uses or None in uses or len(parts) != 1:
        return None
    (part,) = parts
    code = module.code(kept)
    shown = f"({code})" if isinstance(kept, ast.Await) else code
    readers = tuple(replacement for _, replacement in (use for use in uses if use is not None))
    return KeptPart(part, (Replacement(module.anchor(kept), f"{shown}{part}"), *readers))


def _find_use(module: Module, read: ast.expr) -> tuple[str, Replacement] | None:
    """Return `.json()` for a read in `fetch(...).json()`, and what takes the place of that."""
    attribute = module.table.parents[read]
    if not isinstance(attribute, ast.Attribute) or attribute.attr not in _PARTS:
        return None
    outer: ast.expr = attribute
    call = _PARTS[attribute.attr]
    if call:
        match module.table.parents[attribute]:
            case ast.Call(func=function, args=[], keywords=[]) as called if function is attribute:
                outer = called
            case _:
                return None
    return f".{attribute.attr}{call}", Replacement(module.anchor(outer), module.code(read))


def iter_results(module: Module, function: FunctionNode) -> Iterator[Read]:
    """Yield the results of the calls of a function, as far as its users are known."""
    for user in module.iter_users(function.name):
        for call in user.calls_of((function.name,)):
            found = user.find_function(call.func)
            if found is not None and found[1] is function:
                parent = user.table.parents[call]
                yield user, parent if isinstance(parent, ast.Await) else call


def iter_global_reads(module: Module, name: str) -> Iterator[Read]:
    """Yield the reads of a global of a module, those that only compare it aside."""
    for node in _iter_names(module, name):
        if not isinstance(module.table.parents[node], ast.Compare):
            yield module, node


def iter_item_reads(module: Module, name: str) -> Iterator[Read]:
    """Yield the reads of the items of a global container, and the container where it is used otherwise."""
    for node in _iter_names(module, name):
        match module.table.parents[node]:
            case ast.Subscript(ctx=ast.Load()) as item:
                yield module, item
            case ast.Subscript() | ast.Compare():
                pass
            case _:
                yield module, node


def _iter_names(module: Module, name: str) -> Iterator[ast.Name]:
    for node in module.table.parents:
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node
