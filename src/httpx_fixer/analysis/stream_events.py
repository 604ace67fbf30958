"""Blocks of httpx-sse that close a response before the events are read that were taken out of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_bodies import is_responder
from httpx_fixer.analysis.stream_facts import StreamBlock
from httpx_fixer.analysis.stream_freezing import is_typed
from httpx_fixer.diagnostic import RefusalReason

_CONNECTORS = frozenset({"httpx_sse.aconnect_sse", "httpx_sse.connect_sse"})


def iter_event_blocks(module: Module) -> Iterator[StreamBlock]:
    """Yield each `with aconnect_sse(...)` whose events a framework sends after its end, in source order."""
    for call in module.calls:
        item = module.table.parents[call]
        if module.local_symbol(call.func) not in _CONNECTORS or not isinstance(item, ast.withitem):
            continue
        statement = module.table.parents[item]
        scope = module.function_scope(call)
        if scope is None or not isinstance(scope.node, FunctionNode):
            continue
        if not isinstance(statement, ast.With | ast.AsyncWith) or not isinstance(
            item.optional_vars, ast.Name
        ):
            continue
        line = _find_sent(module, scope.node, statement, item.optional_vars.id)
        if line:
            yield _build_block(module, call, statement, item.optional_vars.id, line)


def _find_sent(module: Module, function: FunctionNode, block: ast.With | ast.AsyncWith, name: str) -> int:
    """Return the line of a `return` in a block that gives the events to a framework, 0 for none."""
    inside = {node for statement in block.body for node in ast.walk(statement)}
    readers = {name}
    readers |= {
        node.name for node in inside if isinstance(node, FunctionNode) and _mentions(node, frozenset({name}))
    }
    for node in own_nodes(function):
        if isinstance(node, ast.Return) and node in inside and isinstance(node.value, ast.Call):
            arguments = [*node.value.args[:1], *(keyword.value for keyword in node.value.keywords)]
            is_sent = any(_is_reader(argument, frozenset(readers)) for argument in arguments)
            if is_sent and is_responder(module, node.value.func):
                return node.lineno
    return 0


def _is_reader(argument: ast.expr, readers: frozenset[str]) -> bool:
    """Answer whether an argument is an iterator, which runs when it is sent, over what a name has."""
    return isinstance(argument, ast.Call | ast.GeneratorExp) and _mentions(argument, readers)


def _mentions(node: ast.AST, names: frozenset[str]) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))


def _build_block(
    module: Module, call: ast.Call, statement: ast.With | ast.AsyncWith, name: str, line: int
) -> StreamBlock:
    function = ast.unparse(call.func)
    detail = f"`{function}` closes the response at the end of its block: enter it in what is sent"
    return StreamBlock(
        module.path,
        module.anchor(call),
        module.anchor(statement),
        f"{function}(...)",
        name,
        isinstance(statement, ast.AsyncWith),
        "",
        (Obstacle(RefusalReason.CLOSED_EARLY, detail, line),),
        None,
        (),
        is_typed(module, call),
    )
