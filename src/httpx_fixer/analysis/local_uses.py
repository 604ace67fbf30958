"""How the uses of a local variable that holds a client treat it, where it stands."""

from __future__ import annotations

import ast
from enum import Enum, auto

from httpx_fixer.analysis.escapes import CLOSERS, Step, Way, find_step, last_name
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import Scope
from httpx_fixer.analysis.usage import VERBS
from httpx_fixer.values import dataclass

ENTERING = frozenset(
    {"aclosing", "callback", "closing", "enter_async_context", "enter_context", "push_async_callback"}
)
"""Functions and methods that close what they are given, or run what they are given at the end."""
_TASKS = frozenset({"create_task", "ensure_future", "run_coroutine_threadsafe", "start_soon", "submit"})


class UseKind(Enum):
    """What a use does to the client."""

    LOOKED_AT = auto()
    """Reads or sets something of it."""
    REQUEST = auto()
    """Sends a request that is over with the statement."""
    PENDING = auto()
    """Makes the coroutine of a request that something else awaits."""
    STREAM = auto()
    """Opens a stream that no `with` of the same statement closes."""
    CLOSED = auto()
    """Closes it, in a statement of its own."""
    CLOSED_OTHERWISE = auto()
    """Closes it in a larger expression."""
    ENTERED = auto()
    """Hands it to `with`, or its close to an exit stack."""
    BOUND = auto()
    """Binds the name to something, or deletes it."""
    LENT = auto()
    """Hands it to a function of the project that has let go of it when that statement is done."""
    PASSED = auto()
    """Hands it to any other call."""
    CAPTURED = auto()
    """Uses it in a nested function that may run later."""
    STORED = auto()
    """Keeps it in something else."""
    YIELDED = auto()
    """Yields it: the function goes on when its caller has done with it."""
    RETURNED = auto()
    """Returns it."""


@dataclass(frozen=True, slots=True, eq=False)
class LocalUse:
    """One use; `how` goes on after the name of the variable."""

    node: ast.Name
    kind: UseKind
    how: str = ""
    opens_stream: bool = False


def read_local_use(module: Module, scope: Scope, node: ast.Name, *, is_async: bool) -> LocalUse:
    """Read what is done where a function, whose scope is given, names its variable that holds a client."""
    if not isinstance(node.ctx, ast.Load):
        return LocalUse(node, UseKind.BOUND, "is assigned again")
    if module.function_scope(node) is not scope or _is_in_lambda(module, node):
        return LocalUse(node, UseKind.CAPTURED, "is captured by a nested function")
    step = find_step(module, node)
    if isinstance(step.around, ast.Attribute):
        return _read_attribute(module, node, step.around, is_async=is_async)
    return _read_value(module, node, step)


def _is_in_lambda(module: Module, node: ast.Name) -> bool:
    for parent in module.ancestors(node):
        if isinstance(parent, ast.stmt):
            return False
        if isinstance(parent, ast.Lambda):
            return True
    return False


def _read_attribute(module: Module, node: ast.Name, attribute: ast.Attribute, *, is_async: bool) -> LocalUse:
    """Read `client.<attribute>`."""
    outer = module.table.parents[attribute]
    is_called = isinstance(outer, ast.Call) and outer.func is attribute
    if attribute.attr in CLOSERS:
        return _read_close(module, node, attribute)
    if attribute.attr not in VERBS | {"send", "stream"}:
        return LocalUse(node, UseKind.LOOKED_AT)
    if not is_called:
        return LocalUse(node, UseKind.PASSED, f"has its `{attribute.attr}` passed on")
    assert isinstance(outer, ast.Call)
    is_stream = attribute.attr == "stream" or any(
        keyword.arg in {None, "stream"} and not _is_false(keyword.value) for keyword in outer.keywords
    )
    if attribute.attr in {"send", "stream"} and is_stream:
        is_entered = isinstance(module.table.parents[outer], ast.withitem)
        how = "opens a stream that no `with` closes here"
        return LocalUse(node, UseKind.REQUEST if is_entered else UseKind.STREAM, how, opens_stream=True)
    if not is_async or is_awaited(module, outer):
        return LocalUse(node, UseKind.REQUEST)
    return LocalUse(node, UseKind.PENDING, "sends a request that is not awaited here")


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


def is_awaited(module: Module, call: ast.expr) -> bool:
    """Answer whether a coroutine is awaited in its statement, by itself or with others."""
    for parent in module.ancestors(call):
        match parent:
            case ast.Await():
                return True
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _TASKS:
                return False
            case ast.stmt():
                return False
    return False


def _read_close(module: Module, node: ast.Name, attribute: ast.Attribute) -> LocalUse:
    statement = module.statement_of(node)
    match statement:
        case ast.Expr(value=ast.Await(value=ast.Call(func=function)) | ast.Call(func=function)):
            if function is attribute:
                return LocalUse(node, UseKind.CLOSED, "is closed on some paths only")
    match module.table.parents[attribute]:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in ENTERING:
            return LocalUse(node, UseKind.ENTERED, "is closed by an exit stack")
    return LocalUse(node, UseKind.CLOSED_OTHERWISE, "is closed in a larger expression")


def _is_kept_with(module: Module, call: ast.Call) -> bool:
    """Answer whether a call makes an object that outlives the function, or is its own constructor.

    `self.api = Api(client)`, `return Api(Config(client))`, `super().__init__(client)`
    """
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "__init__":
        return True
    if name != "cls" and not name.lstrip("_")[:1].isupper():
        return False
    parent = module.table.parents[call]
    if isinstance(parent, ast.keyword):
        parent = module.table.parents[parent]
    match parent:
        case ast.Call() if parent.func is not call:
            return _is_kept_with(module, parent)
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.AnnAssign(target=ast.Attribute()):
            return True
    return isinstance(parent, ast.Return)


def _read_value(module: Module, node: ast.Name, step: Step) -> LocalUse:
    """Read a use of the client itself."""
    match step.way, step.around:
        case Way.LOOKED_AT, _:
            return LocalUse(node, UseKind.LOOKED_AT)
        case Way.ENTERED, _:
            return LocalUse(node, UseKind.ENTERED, "is entered further down")
        case Way.PASSED, ast.Call() as call:
            if last_name(call.func) in ENTERING:
                return LocalUse(node, UseKind.ENTERED, "is entered further down")
            if _is_kept_with(module, call):
                return LocalUse(node, UseKind.STORED, "is kept by an object")
            return LocalUse(node, UseKind.PASSED, step.how)
        case Way.RETURNED, ast.Return():
            return LocalUse(node, UseKind.RETURNED, "is handed to the caller")
        case Way.YIELDED, ast.Yield():
            return LocalUse(node, UseKind.YIELDED)
    return LocalUse(node, UseKind.STORED, "is kept in something else")
