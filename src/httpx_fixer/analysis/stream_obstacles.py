"""What stands in the way of closing a streamed response, in words."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_cover import Cover
from httpx_fixer.analysis.stream_failures import iter_failure_readers
from httpx_fixer.analysis.stream_flow import CoverKind
from httpx_fixer.analysis.stream_marks import LIVE, Notes, Web
from httpx_fixer.analysis.stream_results import Result, is_in_task
from httpx_fixer.analysis.stream_uses import iter_escapes
from httpx_fixer.diagnostic import RefusalReason


def iter_binding_obstacles(result: Result) -> Iterator[Obstacle]:
    """Yield an obstacle where a name holds the response but no statement can follow its binding."""
    if result.is_async and not result.is_awaited:
        detail = "the coroutine is not awaited where it is made"
        yield Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, result.call.lineno)
    elif isinstance(result.binder, ast.NamedExpr):
        detail = "the response is bound by `:=` inside of a larger statement"
        yield Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, result.call.lineno)


def describe_binding(module: Module, result: Result) -> Obstacle:
    """Say why there is no local name to close the response by."""
    unsupported = _describe_unsupported(module, result)
    if unsupported:
        return Obstacle(RefusalReason.UNSUPPORTED_BINDING, unsupported, result.call.lineno)
    escape = _describe_escape(result)
    if escape:
        return Obstacle(RefusalReason.ESCAPES, escape, result.call.lineno)
    detail = "the response is part of a larger expression"
    return Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, result.call.lineno)


def _describe_unsupported(module: Module, result: Result) -> str:
    if is_in_task(module, result.parent):
        return "the response is the result of a task: it has no name where another task fails"
    if result.is_async and not result.is_awaited and not isinstance(result.parent, ast.Return | ast.Lambda):
        return "the coroutine is not awaited where it is made"
    if isinstance(result.parent, ast.Expr):
        return "the response is bound to no name"
    if isinstance(result.parent, ast.Attribute):
        return "the response is bound to no name and used in the same expression"
    if isinstance(result.parent, ast.Tuple):
        return "what stands behind the response in a tuple may raise before it has a name"
    return ""


def _describe_escape(result: Result) -> str:
    if result.name is not None:
        return f"the response is kept in the global `{result.name.id}`"
    match result.parent:
        case ast.Return() | ast.Lambda():
            return "the response is returned"
        case ast.Yield():
            return "the response is yielded"
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            is_kept = isinstance(target, ast.Attribute | ast.Subscript)
            return f"the response is kept in `{ast.unparse(target)}`" if is_kept else ""
        case ast.Call(func=function):
            return f"the response is passed to `{ast.unparse(function)}`"
        case ast.keyword():
            return "the response is passed on"
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return "the responses are collected"
    return ""


def iter_escape_obstacles(module: Module, web: Web, notes: Notes, send: int) -> Iterator[Obstacle]:
    """Yield an obstacle for each use by which the open response leaves the function's hands."""
    for node, how in iter_escapes(module, web):
        state = notes.uses.get(node)
        is_captured = state is None and "captured" in how
        if is_captured or any((held, send) in (state or ()) for held in LIVE):
            yield Obstacle(RefusalReason.ESCAPES, f"`{web.name}` {how}", node.lineno)


def iter_failure_obstacles(module: Module, cover: Cover) -> Iterator[Obstacle]:
    """Yield an obstacle for each handler outside of the cover that reads the body of a failed response."""
    trial = cover.trial
    if trial.kind is CoverKind.BELOW or not _may_fail(module, cover):
        return
    for line in iter_failure_readers(module, cover.web.function):
        if not trial.first.lineno <= line <= (trial.last.end_lineno or line):
            detail = f"`raise_for_status()` hands `{cover.web.name}` to the handler that reads its body"
            yield Obstacle(RefusalReason.ESCAPES, detail, line)


def _may_fail(module: Module, cover: Cover) -> bool:
    """Answer whether `raise_for_status()` is called of the open response.

    It hands the response to whoever catches `HTTPStatusError`; to close it before would break
    `await error.response.aread()`.
    """
    for node, state in cover.notes.uses.items():
        parent = module.table.parents[node]
        is_asked = isinstance(parent, ast.Attribute) and parent.attr == "raise_for_status"
        if is_asked and any((held, cover.send) in state for held in LIVE):
            return True
    return False


def describe_rebinding(web: Web, notes: Notes, send: int) -> Obstacle:
    """Say why no close holds on every path without coming too early for some use."""
    if send in notes.lost:
        detail = f"`{web.name}` is assigned again while its response may be open"
        return Obstacle(RefusalReason.REBOUND, detail, notes.lost[send])
    live = [node.lineno for node, state in notes.uses.items() if any((held, send) in state for held in LIVE)]
    if web.handed and any((held, send) in notes.ends for held in LIVE):
        detail = f"`{web.name}` is handed on by some paths and left open by others"
        return Obstacle(RefusalReason.ESCAPES, detail, min(statement.lineno for statement in web.handed))
    detail = (
        f"`{web.name}` is used where it may hold something else, or after a block that may raise at its end"
    )
    return Obstacle(RefusalReason.REBOUND, detail, max([web.sends[send].call.lineno, *live]))
