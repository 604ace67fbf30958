"""Calls of `x.stream(...)` that no `with` statement enters."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_blocks import is_stream_call
from httpx_fixer.analysis.stream_clients import ClientKind, find_client_kind
from httpx_fixer.analysis.stream_entry_flow import judge_entry, refuse_entry
from httpx_fixer.analysis.stream_facts import StreamEntry
from httpx_fixer.analysis.stream_unentered import find_missing_block
from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.values import dataclass

_ENTERING = frozenset({"__aenter__", "__enter__"})
_LEAVING = frozenset({"__aexit__", "__exit__"})


def iter_stream_entries(module: Module) -> Iterator[StreamEntry]:
    """Yield each `stream` of an httpx client that is never entered, or not surely left, in source order."""
    for call in module.calls:
        if is_stream_call(module, call):
            yield from _judge(module, call)


@dataclass(frozen=True, slots=True)
class _Manager:
    """What is done with a context manager by hand; `is_plain` says that it is nothing else."""

    enters: tuple[ast.Call, ...]
    exits: tuple[ast.Call, ...]
    is_plain: bool


def _judge(module: Module, call: ast.Call) -> Iterator[StreamEntry]:
    parent = module.table.parents[call]
    match parent:
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
            yield from _judge_kept(module, call, target)
        case ast.Attribute(attr=name) if name in _ENTERING:
            enter = module.table.parents[parent]
            if isinstance(enter, ast.Call):
                yield from judge_entry(module, call, enter, (enter,), ())
        case ast.Expr() | ast.For() | ast.AsyncFor() | ast.Await() | ast.Attribute() | ast.comprehension():
            yield from _judge_unentered(module, call)


def _judge_kept(module: Module, call: ast.Call, target: ast.expr) -> Iterator[StreamEntry]:
    uses = _find_uses(module, target)
    manager = None if uses is None else _read_uses(module, uses)
    if manager is None:
        return  # Somebody else enters it, or leaves it.
    if not manager.enters:
        yield from _judge_unentered(module, call)
    elif isinstance(target, ast.Name) and manager.is_plain:
        for enter in manager.enters:
            if _find_made(module, target, enter) is call:
                yield from judge_entry(module, call, enter, manager.enters, manager.exits)
    elif not isinstance(target, ast.Name) and not manager.exits:
        obstacle = Obstacle(RefusalReason.STREAM_LEFT_OPEN, "nothing exits it", call.lineno)
        yield refuse_entry(module, call, obstacle)


def _judge_unentered(module: Module, call: ast.Call) -> Iterator[StreamEntry]:
    """Yield an entry where the receiver is more than called like a client."""
    symbol = module.local_symbol(call.func)
    kind = find_client_kind(module, call)
    if not isinstance(symbol, str) and kind not in {ClientKind.ASYNC, ClientKind.SYNC}:
        return
    block = find_missing_block(module, call, is_async=kind is ClientKind.ASYNC)
    detail = "no request is sent; nothing says what it is for"
    obstacle = Obstacle(RefusalReason.REPORT_ONLY, detail, call.lineno)
    reason = None if block is not None else obstacle
    yield StreamEntry(module.path, module.anchor(call), ast.unparse(call.func), False, reason, block)


def _find_uses(module: Module, target: ast.expr) -> list[ast.expr] | None:
    """Return the reads of a variable of the function, or of an attribute of `self`, None for others."""
    match target:
        case ast.Name(id=name):
            scope = module.function_scope(target)
            if scope is None or module.table.enclosing(target).find(name) is not scope:
                return None
            names = [n for n in ast.walk(scope.node) if isinstance(n, ast.Name) and n.id == name]
            stores = [node for node in names if not isinstance(node.ctx, ast.Load)]
            if len(stores) < len(scope.bindings[name]) or any(
                module.function_scope(node) is not scope for node in names
            ):
                return None
            if not all(_makes_manager(module, module.table.parents[store]) for store in stores):
                return None
            return [node for node in names if isinstance(node.ctx, ast.Load)]
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            owner = next((n for n in module.ancestors(target) if isinstance(n, ast.ClassDef)), target)
            return [
                node
                for node in ast.walk(owner)
                if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load)
            ]
    return None


def _makes_manager(module: Module, binder: ast.AST) -> bool:
    match binder:
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.NamedExpr(value=value):
            value = value.value if isinstance(value, ast.Await) else value
            is_none = isinstance(value, ast.Constant) and value.value is None
            return is_none or (isinstance(value, ast.Call) and is_stream_call(module, value))
    return False


def _read_uses(module: Module, uses: list[ast.expr]) -> _Manager | None:
    """Return what is done with a context manager, None where it is handed on."""
    enters: list[ast.Call] = []
    exits: list[ast.Call] = []
    is_plain = True
    for use in uses:
        parent = module.table.parents[use]
        call = module.table.parents[parent]
        match parent:
            case ast.Attribute(attr=name) if name in _ENTERING | _LEAVING:
                if not isinstance(call, ast.Call) or call.func is not parent:
                    return None  # `stack.push_async_exit(manager.__aexit__)`
                (enters if name in _ENTERING else exits).append(call)
            case ast.Attribute():
                is_plain = False
            case ast.Compare() | ast.If() | ast.BoolOp() | ast.UnaryOp():
                pass
            case _:
                return None
    return _Manager(tuple(enters), tuple(exits), is_plain)


def _find_made(module: Module, target: ast.Name, enter: ast.Call) -> ast.Call | None:
    """Return the last `stream` above an enter that is bound to its variable."""
    scope = module.function_scope(target)
    made: ast.Call | None = None
    for node in ast.walk(scope.node) if scope is not None else ():
        if isinstance(node, ast.Name) and node.id == target.id and not isinstance(node.ctx, ast.Load):
            binder = module.table.parents[node]
            value = getattr(binder, "value", None)
            is_above = (node.lineno, node.col_offset) <= (enter.lineno, enter.col_offset)
            if isinstance(value, ast.Call) and is_above and (made is None or made.lineno < value.lineno):
                made = value
    return made
