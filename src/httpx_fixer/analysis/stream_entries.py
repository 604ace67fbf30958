"""Calls of `x.stream(...)` that no `with` statement enters."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_blocks import is_stream_call
from httpx_fixer.analysis.stream_clients import ClientKind, find_client_kind
from httpx_fixer.analysis.stream_facts import EntryPair, StreamEntry
from httpx_fixer.analysis.stream_methods import last_name

_ENTERING = frozenset({"__aenter__", "__enter__"})
_LEAVING = frozenset({"__aexit__", "__exit__"})


def iter_stream_entries(module: Module) -> Iterator[StreamEntry]:
    """Yield each `stream` of an httpx client that is never entered, or not surely left, in source order."""
    for call in module.calls:
        if is_stream_call(module, call):
            yield from _judge(module, call)


def _judge(module: Module, call: ast.Call) -> Iterator[StreamEntry]:
    match module.table.parents[call]:
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            yield from _judge_kept(module, call, target)
        case ast.Attribute(attr=name) if name in _ENTERING:
            yield _entry(module, call, is_entered=True)
        case ast.Expr() | ast.For() | ast.AsyncFor() | ast.Await() | ast.Attribute() | ast.comprehension():
            if _is_surely_httpx(module, call):
                yield _entry(module, call, is_entered=False)


def _is_surely_httpx(module: Module, call: ast.Call) -> bool:
    """Answer whether the receiver is more than called like a client."""
    symbol = module.local_symbol(call.func)
    return isinstance(symbol, str) or find_client_kind(module, call) in {ClientKind.ASYNC, ClientKind.SYNC}


def _judge_kept(module: Module, call: ast.Call, target: ast.expr) -> Iterator[StreamEntry]:
    uses = _find_uses(module, target)
    if uses is None:
        return
    methods = [parent for use in uses if isinstance(parent := module.table.parents[use], ast.Attribute)]
    if len(methods) < len(uses):
        return  # Somebody else enters it, or leaves it.
    enters = [method for method in methods if method.attr in _ENTERING]
    leaves = [method for method in methods if method.attr in _LEAVING]
    if not enters:
        if _is_surely_httpx(module, call):
            yield _entry(module, call, is_entered=False)
    elif isinstance(target, ast.Name):
        if not any(_is_in_finally(module, leave) for leave in leaves):
            pair = _find_pair(module, target, enters, leaves)
            yield _entry(module, call, is_entered=True, is_left=bool(leaves), pair=pair)
    elif not leaves:
        yield _entry(module, call, is_entered=True)


def _find_uses(module: Module, target: ast.expr) -> list[ast.expr] | None:
    """Return the reads of a variable of the function, or of an attribute of `self`, None for others."""
    match target:
        case ast.Name(id=name):
            scope = module.function_scope(target)
            home = module.table.enclosing(target).find(name)
            if scope is None or home is not scope or len(home.bindings[name]) > 1:
                return None
            names = [n for n in ast.walk(scope.node) if isinstance(n, ast.Name) and n.id == name]
            if any(module.function_scope(node) is not scope for node in names):
                return None
            return [node for node in names if node is not target]
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            owner = next((n for n in module.ancestors(target) if isinstance(n, ast.ClassDef)), target)
            return [
                node
                for node in ast.walk(owner)
                if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load)
            ]
    return None


def _is_in_finally(module: Module, node: ast.AST) -> bool:
    for parent in module.ancestors(node):
        if isinstance(parent, FunctionNode):
            return False
        if isinstance(parent, ast.Try) and any(
            inner is node for statement in parent.finalbody for inner in ast.walk(statement)
        ):
            return True
    return False


def _find_pair(
    module: Module, target: ast.Name, enters: list[ast.Attribute], leaves: list[ast.Attribute]
) -> EntryPair | None:
    """Return the two statements of one block that enter and leave, with others between them."""
    if len(enters) != 1 or len(leaves) != 1:
        return None
    enter, leave = module.statement_of(enters[0]), module.statement_of(leaves[0])
    response = _find_response(enter, enters[0])
    block = getattr(module.table.parents[enter], "body", [])
    order = {id(statement): index for index, statement in enumerate(block) if isinstance(block, list)}
    at, end = order.get(id(enter), -1), order.get(id(leave), -1)
    if response is None or not _is_plain_leave(leave, leaves[0]) or not 0 <= at < end - 1:
        return None
    scope = module.function_scope(target)
    late = [
        node
        for node in ast.walk(scope.node if scope is not None else target)
        if isinstance(node, ast.Name) and node.id == response and node.lineno > (leave.end_lineno or 0)
    ]
    if late:
        return None
    return EntryPair(
        target.id,
        response,
        module.anchor(enter),
        module.anchor(leave),
        module.anchor(block[at + 1]),
        module.anchor(block[end - 1]),
        last_name(enters[0]) == "__aenter__",
    )


def _find_response(statement: ast.stmt, enter: ast.Attribute) -> str | None:
    """Return the name in `<name> = await cm.__aenter__()`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Await(value=ast.Call(func=function))):
            return name if function is enter and enter.attr == "__aenter__" else None
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=function)):
            return name if function is enter and enter.attr == "__enter__" else None
    return None


def _is_plain_leave(statement: ast.stmt, leave: ast.Attribute) -> bool:
    """Answer whether a statement is `await cm.__aexit__(None, None, None)` and nothing else."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call) or call.func is not leave or call.keywords:
        return False
    return all(isinstance(argument, ast.Constant) and argument.value is None for argument in call.args)


def _entry(
    module: Module,
    call: ast.Call,
    *,
    is_entered: bool,
    is_left: bool = False,
    pair: EntryPair | None = None,
) -> StreamEntry:
    return StreamEntry(module.path, module.anchor(call), ast.unparse(call.func), is_entered, is_left, pair)
