"""Generators that hold a stream open, and are left before their end."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import TypeGuard

from httpx_fixer.analysis.escapes import last_name
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_facts import AbandonedGenerator
from httpx_fixer.analysis.stream_freezing import names_in
from httpx_fixer.analysis.stream_generators import GeneratorCall, find_generator_type, yields_in
from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.values import dataclass

_STEPPING = frozenset({"__anext__", "__next__", "asend", "athrow", "send", "throw"})
_CLOSING = frozenset({"aclosing", "closing"})
_NAMES = ("items", "pieces", "generator")
_Loop = ast.For | ast.AsyncFor


@dataclass(frozen=True, slots=True)
class _Span:
    """The statements of one block that use a generator, and the line where it is left."""

    statement: ast.stmt
    first: ast.stmt
    last: ast.stmt
    leave: int
    kept: str = ""
    obstacle: Obstacle | None = None


def iter_abandoned(calls: Iterable[GeneratorCall]) -> Iterator[AbandonedGenerator]:
    """Yield what is to be said about calls of generators, in their order.

    A generator that is left, or closed early, leaves in turn the one whose items it passes on.
    """
    known = list(calls)
    left = {one.generator for one in known if _is_closed_early(one)}
    while True:
        judged = [(one, _judge(one, left)) for one in known]
        more = left | {one.generator for one, found in judged if found is not None}
        if more == left:
            break
        left = more
    yield from (found for _, found in judged if found is not None)


def _is_closed_early(called: GeneratorCall) -> bool:
    parent = called.module.table.parents[called.call]
    return isinstance(parent, ast.Call) and last_name(parent.func) in _CLOSING


def _judge(called: GeneratorCall, left: Set[FunctionNode]) -> AbandonedGenerator | None:
    """Return what is to be said about a call of a generator, None where it is not seen to be left.

    A sync one that nothing holds is closed at once when its loop is left (CPython counts references).
    """
    module, call = called.module, called.call
    scope = module.function_scope(call)
    if scope is None or not isinstance(scope.node, FunctionNode):
        return None
    match module.table.parents[call]:
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            span = _judge_kept(module, call, target)
        case ast.AsyncFor(iter=iterated) as loop if iterated is call:
            leave = find_leave(loop)
            if not leave and scope.node in left and yields_in(loop.body):
                leave = loop.lineno
            span = _Span(loop, loop, loop, leave) if leave else None
        case ast.Call(func=ast.Name(id="anext")) | ast.Attribute(attr="__anext__") as taken:
            span = _judge_step(module, taken)
        case _:
            return None
    return None if span is None else _freeze(called, span, scope.node)


def find_leave(loop: _Loop) -> int:
    """Return the line of the first `break`, `return` or `raise` that leaves a loop, 0 for none.

    What a `try` of the loop may catch does not count.
    """
    lines = list(_iter_leaves(loop.body, is_own=True, is_caught=False))
    return min(lines, default=0)


def _iter_leaves(statements: Sequence[ast.stmt], *, is_own: bool, is_caught: bool) -> Iterator[int]:
    for node in statements:
        match node:
            case ast.Return():
                yield node.lineno
            case ast.Break() if is_own:
                yield node.lineno
            case ast.Raise() if not is_caught:
                yield node.lineno
            case ast.For() | ast.AsyncFor() | ast.While():
                yield from _iter_leaves(node.body, is_own=False, is_caught=is_caught)
                yield from _iter_leaves(node.orelse, is_own=is_own, is_caught=is_caught)
            case ast.Try() | ast.TryStar():
                caught = is_caught or bool(node.handlers)
                yield from _iter_leaves(node.body, is_own=is_own, is_caught=caught)
                handled = [statement for handler in node.handlers for statement in handler.body]
                others = [*handled, *node.orelse, *node.finalbody]
                yield from _iter_leaves(others, is_own=is_own, is_caught=is_caught)
            case ast.If():
                yield from _iter_leaves([*node.body, *node.orelse], is_own=is_own, is_caught=is_caught)
            case ast.With() | ast.AsyncWith():
                yield from _iter_leaves(node.body, is_own=is_own, is_caught=is_caught)
            case ast.Match():
                inner = [statement for case in node.cases for statement in case.body]
                yield from _iter_leaves(inner, is_own=is_own, is_caught=is_caught)


def _judge_step(module: Module, taken: ast.AST) -> _Span | None:
    """Judge `await anext(f())`: the generator is dropped after its first item."""
    if isinstance(taken, ast.Attribute):
        taken = module.table.parents[taken]
    if isinstance(module.table.parents[taken], ast.Await):
        taken = module.table.parents[taken]
    statement = module.statement_of(taken)
    is_whole = isinstance(module.table.parents[taken], ast.Expr | ast.Return | ast.Assign | ast.AnnAssign)
    obstacle = None
    if not is_whole:
        detail = "the item is part of a larger expression"
        obstacle = Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, statement.lineno)
    return _Span(statement, statement, statement, statement.lineno, "", obstacle)


def _judge_kept(module: Module, call: ast.Call, target: ast.expr) -> _Span | None:
    statement = module.statement_of(call)
    match target:
        case ast.Name():
            return _judge_variable(module, statement, target)
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            owner = next(
                (node for node in module.ancestors(target) if isinstance(node, ast.ClassDef)), target
            )
            leave = _find_kept_leave(module, [n for n in ast.walk(owner) if _reads_attribute(n, name)])
            detail = f"`self.{name}` holds it, and nothing closes that"
            obstacle = Obstacle(RefusalReason.ESCAPES, detail, statement.lineno)
            kept = f"self.{name}"
            return _Span(statement, statement, statement, leave, kept, obstacle) if leave else None
    return None


def _judge_variable(module: Module, statement: ast.stmt, target: ast.Name) -> _Span | None:
    name = target.id
    scope = module.function_scope(target)
    if scope is None or module.table.enclosing(target).find(name) is not scope:
        return None
    found = (node for node in ast.walk(scope.node) if isinstance(node, ast.Name) and node.id == name)
    names = [node for node in found if module.table.enclosing(node).find(name) is scope]
    reads = [node for node in names if isinstance(node.ctx, ast.Load)]
    leave = _find_kept_leave(module, reads)
    if not leave or any(module.function_scope(node) is not scope for node in names):
        return None
    block = module.block_of(statement)
    at = next(index for index, one in enumerate(block) if one is statement)
    below = {node: index for index, one in enumerate(block) if index > at for node in ast.walk(one)}
    if len(scope.bindings[name]) > 1 or any(read not in below for read in reads):
        detail = f"`{name}` is assigned again, or used outside of the block that makes it"
        obstacle = Obstacle(RefusalReason.REBOUND, detail, statement.lineno)
        return _Span(statement, statement, statement, leave, name, obstacle)
    return _Span(statement, block[at + 1], block[max(below[read] for read in reads)], leave, name)


def _reads_attribute(node: ast.AST, name: str) -> TypeGuard[ast.Attribute]:
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=attribute, ctx=ast.Load()):
            return attribute == name
    return False


def _find_kept_leave(module: Module, reads: Sequence[ast.expr]) -> int:
    """Return the line where a kept generator is left, 0 where it is not.

    One that something closes, or that is handed on, is not seen to be left.
    """
    leaves: list[int] = []
    for read in reads:
        parent = module.table.parents[read]
        match parent:
            case ast.For() | ast.AsyncFor():
                leaves.append(find_leave(parent))
            case ast.Call(func=ast.Name(id="anext" | "next")):
                leaves.append(parent.lineno)
            case ast.Attribute(attr=name) if name in _STEPPING:
                leaves.append(parent.lineno)
            case ast.comprehension() | ast.Compare():
                pass
            case _:
                return 0
    return min((leave for leave in leaves if leave), default=0)


def _freeze(called: GeneratorCall, span: _Span, function: FunctionNode) -> AbandonedGenerator:
    module, call = called.module, called.call
    return AbandonedGenerator(
        module.path,
        module.anchor(call),
        ast.unparse(call.func),
        span.kept,
        span.leave,
        called.is_async,
        module.code(call).replace("\n" + " " * span.statement.col_offset, "\n"),
        span.kept or _find_name(module, called.generator.name, function),
        isinstance(span.statement, ast.Assign),
        module.anchor(span.statement),
        module.anchor(span.first),
        module.anchor(span.last),
        find_generator_type(called.home, called.generator),
        span.obstacle,
    )


def _find_name(module: Module, generator: str, function: FunctionNode) -> str:
    """Return what a generator may be called in a function: `lines` for `iterate_lines`.

    "" where no name is free.
    """
    last = generator.strip("_").rpartition("_")[2]
    wanted = (last, *_NAMES) if last.endswith("s") and last != generator else _NAMES
    taken = names_in(function) | frozenset(module.table.module.bindings)
    return next((name for name in wanted if name not in taken), "")
