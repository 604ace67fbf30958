"""The `with` statement that is missing around a `stream` which is used as if it were a response."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.moved_code import write_dedented
from httpx_fixer.analysis.stream_cover import find_cover
from httpx_fixer.analysis.stream_facts import EntryBlock, Replacement
from httpx_fixer.analysis.stream_flow import CoverKind, walk_function
from httpx_fixer.analysis.stream_freezing import names_in
from httpx_fixer.analysis.stream_marks import Web
from httpx_fixer.analysis.stream_methods import ITERATORS
from httpx_fixer.analysis.stream_obstacles import iter_escape_obstacles
from httpx_fixer.analysis.stream_results import Opener, build_web, follow_result

_NAMES = ("response", "upstream", "streamed")
_OF_READ_BODY = frozenset({"content", "json", "text"})
"""What a streamed response has only when it was read."""


def find_missing_block(module: Module, call: ast.Call, *, is_async: bool) -> EntryBlock | None:
    """Return the `with` statement that the code was written as if it had, None where that is not clear."""
    scope = module.function_scope(call)
    if scope is None or (is_async and not isinstance(scope.node, ast.AsyncFunctionDef)):
        return None
    prefix = "async with" if is_async else "with"
    header = f"{prefix} {write_dedented(module, call)} as "
    return _find_loop(module, call, header, is_async=is_async) or _find_uses(
        module, call, header, is_async=is_async
    )


def _find_loop(module: Module, call: ast.Call, header: str, *, is_async: bool) -> EntryBlock | None:
    """Return a `with` around a loop over `client.stream(...).iter_lines()`."""
    method = module.table.parents[call]
    iterated = module.table.parents[method]
    loop = module.table.parents[iterated]
    scope = module.function_scope(call)
    if not isinstance(method, ast.Attribute) or method.attr not in ITERATORS or scope is None:
        return None
    if not isinstance(loop, ast.AsyncFor if is_async else ast.For) or loop.iter is not iterated:
        return None
    taken = names_in(scope.node) | frozenset(module.table.module.bindings)  # type: ignore[arg-type]  # of a function
    name = next((name for name in _NAMES if name not in taken), "")
    if not name:
        return None
    anchor = module.anchor(loop)
    replaced = Replacement(module.anchor(call), name)
    return EntryBlock(f"{header}{name}:", (), anchor, anchor, replaced)


def _find_uses(module: Module, call: ast.Call, header: str, *, is_async: bool) -> EntryBlock | None:
    """Return a `with` around the statements that use `r` of `r = client.stream(...)`."""
    result = follow_result(module, call, {call: Opener(is_async)})
    web = build_web(module, result)
    statement = module.statement_of(call)
    if web is None or len(web.sends) > 1 or not isinstance(statement, ast.Assign):
        return None
    notes = walk_function(web)
    if web.handed or any(iter_escape_obstacles(module, web, notes, 0)) or _reads_unread_body(module, web):
        return None
    cover = find_cover(module, web, notes, 0)
    block = module.block_of(statement)
    below = block[block.index(statement) + 1 :]
    if cover is None or cover.trial.kind is not CoverKind.WRAP or below[:1] != [cover.trial.first]:
        return None
    return EntryBlock(
        f"{header}{web.name}:",
        (module.anchor(statement),),
        module.anchor(cover.trial.first),
        module.anchor(cover.trial.last),
        None,
    )


def _reads_unread_body(module: Module, web: Web) -> bool:
    parents = (module.table.parents[node] for node in web.nodes)
    return any(isinstance(parent, ast.Attribute) and parent.attr in _OF_READ_BODY for parent in parents)
