"""What a function does with the result of a `send`, before any name comes in."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.stream_marks import Binder
from httpx_fixer.analysis.stream_methods import READERS, last_name

_TASK_MAKERS = frozenset(
    {"as_completed", "create_task", "ensure_future", "gather", "run", "start_soon", "wait"}
)
_ENTERING = frozenset({"enter_async_context", "enter_context"})


def find_stream_argument(call: ast.Call) -> ast.expr | None:
    """Return the `stream` argument, None where there is none or where it is plainly false."""
    for keyword in call.keywords:
        if keyword.arg == "stream":
            is_false = isinstance(keyword.value, ast.Constant) and not keyword.value.value
            return None if is_false else keyword.value
    return None


@dataclass(frozen=True, slots=True)
class Result:
    """What a function does with the result of a send: the outermost node that is the response.

    `binder` and `name` are set where it is given to one plain name.
    """

    node: ast.expr
    parent: ast.AST
    is_awaited: bool
    binder: Binder | None
    name: ast.Name | None


def follow_result(module: Module, call: ast.Call) -> Result:
    node: ast.expr = call
    is_awaited = False
    parent = module.table.parents[call]
    while True:
        match parent:
            case ast.Await():
                is_awaited = True
            case ast.Call(func=function, args=[first, *_]) if (
                first is node and last_name(function) == "wait_for"
            ):
                pass
            case _:
                break
        assert isinstance(parent, ast.expr)
        node, parent = parent, module.table.parents[parent]
    match parent:
        case ast.Assign(targets=[ast.Name() as name]) | ast.AnnAssign(target=ast.Name() as name):
            return Result(node, parent, is_awaited, parent, name)
        case ast.NamedExpr(target=ast.Name() as name, value=value) if value is node:
            return Result(node, parent, is_awaited, parent, name)
    return Result(node, parent, is_awaited, None, None)


def is_consumed_at_once(module: Module, result: Result, *, is_async: bool) -> bool:
    """Answer whether the response is read, or handed to a context manager, in the same expression."""
    parents = module.table.parents
    match result.parent:
        case ast.Attribute(attr=method) as attribute if method in READERS:
            call = parents[attribute]
            is_awaited = isinstance(call, ast.Call) and isinstance(parents[call], ast.Await)
            return isinstance(call, ast.Call) and is_awaited == is_async
        case ast.Call(func=function) as call:
            entering = parents[call]
            is_pushed = isinstance(entering, ast.Call) and last_name(entering.func) in _ENTERING
            is_entered = is_pushed or isinstance(entering, ast.withitem)
            return is_entered and last_name(function) == ("aclosing" if is_async else "closing")
    return False


def is_in_task(module: Module, result: Result) -> bool:
    """Answer whether the call makes a coroutine that is given to a task."""
    parent = result.parent
    if isinstance(parent, ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp | ast.Starred):
        parent = module.table.parents[parent]
    return isinstance(parent, ast.Call) and last_name(parent.func) in _TASK_MAKERS
