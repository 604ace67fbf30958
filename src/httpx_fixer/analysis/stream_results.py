"""What a function does with the result of a `send`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import field

from httpx_fixer.analysis.escapes import last_name
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_follows import complete_web
from httpx_fixer.analysis.stream_marks import Binder, Send, Web
from httpx_fixer.analysis.stream_methods import READERS
from httpx_fixer.analysis.stream_uses import find_fate
from httpx_fixer.values import dataclass

_TASK_MAKERS = frozenset(
    {"as_completed", "create_task", "ensure_future", "gather", "run", "start_soon", "wait"}
)
_ENTERING = frozenset({"enter_async_context", "enter_context"})


@dataclass(frozen=True, slots=True)
class Opener:
    """What a call that opens a response returns: a coroutine of it or not, and in which part of a tuple.

    `part` is -1 where the response itself is returned.
    """

    is_async: bool
    part: int = -1


Openers = Mapping[ast.Call, Opener]
"""Calls of a module that return an open response."""
NO_OPENERS: Openers = {}


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a send: `node` is the outermost expression that is the response, `parent` around it.

    `binder` and `name` are set where it is given to one plain name. `openers` are the calls of the
    module that open a response.
    """

    call: ast.Call
    node: ast.expr
    parent: ast.AST
    is_async: bool
    is_awaited: bool
    binder: Binder | None
    name: ast.Name | None
    openers: Openers = field(default_factory=dict)


def is_streaming_send(call: ast.Call) -> bool:
    """Answer whether a call is `x.send(...)` with a `stream` that is not plainly false."""
    is_send = isinstance(call.func, ast.Attribute) and call.func.attr == "send"
    return is_send and find_stream_argument(call) is not None


def find_stream_argument(call: ast.Call) -> ast.expr | None:
    """Return the `stream` argument, None where there is none or where it is plainly false."""
    for keyword in call.keywords:
        if keyword.arg == "stream":
            is_false = isinstance(keyword.value, ast.Constant) and not keyword.value.value
            return None if is_false else keyword.value
    return None


def follow_result(module: Module, call: ast.Call, openers: Openers = NO_OPENERS) -> Result:
    """Find what becomes of the result of a call, of which `openers` may know more."""
    opener = openers.get(call, Opener(is_async=False))
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
    is_async = opener.is_async or is_awaited or is_in_task(module, parent)
    match parent:
        case ast.Assign(targets=[ast.Name() as name]) | ast.AnnAssign(target=ast.Name() as name):
            return Result(call, node, parent, is_async, is_awaited, parent, name, openers)
        case ast.Assign(targets=[ast.Tuple() as target]) if opener.part >= 0:
            part = find_unpacked(target, opener.part)
            return Result(call, node, parent, is_async, is_awaited, parent if part else None, part, openers)
        case ast.Tuple(elts=elements):
            part = _find_paired(module, parent, elements.index(node))
            binder = module.table.parents[parent]
            if part is not None and isinstance(binder, ast.Assign):
                return Result(call, node, parent, is_async, is_awaited, binder, part, openers)
        case ast.NamedExpr(target=ast.Name() as name, value=value) if value is node:
            return Result(call, node, parent, is_async, is_awaited, parent, name, openers)
    return Result(call, node, parent, is_async, is_awaited, None, None, openers)


def find_unpacked(target: ast.expr, part: int) -> ast.Name | None:
    """Return the name that a part of a tuple is given to, where each part has a name."""
    elements = target.elts if isinstance(target, ast.Tuple) else []
    if not all(isinstance(element, ast.Name) for element in elements) or not 0 <= part < len(elements):
        return None
    found = elements[part]
    return found if isinstance(found, ast.Name) else None


def _find_paired(module: Module, given: ast.Tuple, part: int) -> ast.Name | None:
    """Return the name of a part in `a, b = f(), g()`, unless what stands behind it may raise first."""
    behind = given.elts[part + 1 :]
    match module.table.parents[given]:
        case ast.Assign(targets=[ast.Tuple(elts=names) as target]) if len(names) == len(given.elts):
            is_quiet = all(isinstance(one, ast.Name | ast.Constant) for one in behind)
            return find_unpacked(target, part) if is_quiet else None
    return None


def is_in_task(module: Module, parent: ast.AST) -> bool:
    """Answer whether what stands under `parent` is a coroutine that is given to a task."""
    if isinstance(parent, ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp | ast.Starred):
        parent = module.table.parents[parent]
    if isinstance(parent, ast.Starred):
        parent = module.table.parents[parent]
    return isinstance(parent, ast.Call) and last_name(parent.func) in _TASK_MAKERS


def is_settled_at_once(module: Module, result: Result) -> bool:
    """Answer whether the response is read, entered or handed on in the same expression."""
    parents = module.table.parents
    if (not result.is_async or result.is_awaited or isinstance(result.parent, ast.Return)) and (
        (fate := find_fate(module, result.node)) is not None and fate.handed is not None
    ):
        return True
    match result.parent:
        case ast.Attribute(attr=method) as attribute if method in READERS:
            call = parents[attribute]
            is_awaited = isinstance(call, ast.Call) and isinstance(parents[call], ast.Await)
            return isinstance(call, ast.Call) and is_awaited == result.is_async
        case ast.Call(func=function) as call:
            entering = parents[call]
            is_pushed = isinstance(entering, ast.Call) and last_name(entering.func) in _ENTERING
            is_entered = is_pushed or isinstance(entering, ast.withitem)
            return is_entered and last_name(function) == ("aclosing" if result.is_async else "closing")
    return False


def build_web(module: Module, result: Result) -> Web | None:
    """Return the responses that the function keeps under the name of this one.

    None where the result has no name, or one that is not local to the function.
    """
    scope = module.function_scope(result.call)
    name = result.name
    if scope is None or name is None or module.table.enclosing(name).find(name.id) is not scope:
        return None
    function = scope.node
    assert isinstance(function, FunctionNode)
    nodes = frozenset(
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name)
        and node.id == name.id
        and module.table.enclosing(node).find(name.id) is scope
    )
    web = Web(function, name.id, tuple(_iter_sends(module, result, nodes)), nodes)
    return complete_web(module, web)


def _iter_sends(module: Module, result: Result, nodes: frozenset[ast.Name]) -> Iterator[Send]:
    for call in module.calls:
        if call is result.call or call in result.openers or is_streaming_send(call):
            other = result if call is result.call else follow_result(module, call, result.openers)
            if other.binder is not None and other.name in nodes:
                yield Send(call, other.binder, other.is_async, _flag_of(module, call))


def _flag_of(module: Module, call: ast.Call) -> str:
    """Return what tells the variable given as `stream`; "" where it may change after the call."""
    argument = find_stream_argument(call)
    if not isinstance(argument, ast.Name):
        return ""
    home = module.table.enclosing(argument).find(argument.id)
    return ast.dump(argument) if home is not None and len(home.bindings[argument.id]) == 1 else ""
