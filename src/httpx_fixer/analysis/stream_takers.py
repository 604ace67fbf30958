"""Who takes over a streamed response that leaves a function."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.escapes import CLOSERS, Step, Way, last_name
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_methods import AWAITING
from httpx_fixer.values import dataclass

_CONTEXT_MANAGERS = frozenset({"asynccontextmanager", "contextmanager"})
WRITER_TAKERS = frozenset({"sanic.response.ResponseStream", "sanic.response.types.ResponseStream"})
"""Classes that are given a function which writes the body, and call it once the handler has returned."""
EVENT_ITERATORS = frozenset({"aiter_sse", "iter_sse"})
"""Methods of an `EventSource` that read the body of its response (httpx-sse 0.4.3)."""
_EVENT_SOURCES = frozenset({"httpx_sse.EventSource", "httpx_sse._api.EventSource"})


@dataclass(frozen=True, slots=True)
class Escape:
    """How the response leaves the function's hands by one use.

    `handed` is the statement that gives it to whoever called the function or to an object that closes
    it; None where it is not known who has it then. `taker` is the call that makes the object that
    holds it, `given` the argument that this object gets: the response, an iterator of its body, or a
    generator, whose function is `generator` of the module `home` and knows the response as `parameter`.
    `closed` is set where that is an object which only reads it: what the response itself is called there,
    `part` where the generator is given such an object: its attribute that is the response. `body` is the
    iterator of the body, where that, or what is made of it by a generator, is `given`.
    """

    how: str
    handed: ast.stmt | None = None
    taker: ast.Call | None = None
    given: ast.expr | None = None
    generator: FunctionNode | None = None
    home: Module | None = None
    parameter: str = ""
    closed: str = ""
    part: str = ""
    body: ast.expr | None = None


def find_iterator_reads(module: Module, target: ast.Name) -> list[ast.Name]:
    """Return the reads of a variable of the function around that is bound once, none where others see it."""
    scope = module.function_scope(target)
    if scope is None or module.table.enclosing(target).find(target.id) is not scope:
        return []
    found = [node for node in ast.walk(scope.node) if isinstance(node, ast.Name) and node.id == target.id]
    is_plain = len(scope.bindings[target.id]) == 1 and all(
        module.function_scope(node) is scope for node in found
    )
    return [node for node in found if node is not target] if is_plain else []


def find_return_of(module: Module, target: ast.Name) -> ast.Return | None:
    """Return the `return <name>` that an object ends in which is bound once and not passed on before."""
    home = module.table.enclosing(target).find(target.id)
    scope = module.function_scope(target)
    if home is None or home is not scope or len(home.bindings[target.id]) != 1:
        return None
    found: ast.Return | None = None
    for node in ast.walk(scope.node):
        if not isinstance(node, ast.Name) or node is target or node.id != target.id:
            continue
        parent = module.table.parents[node]
        if isinstance(parent, ast.Return) and found is None:
            found = parent
        elif not isinstance(parent, ast.Attribute) or module.function_scope(node) is not scope:
            return None
    return found


def builds_object(module: Module, call: ast.Call) -> bool:
    """Answer whether a call makes an object of a class, which then owns what it was given."""
    symbol = module.local_symbol(call.func)
    if symbol is None:
        return isinstance(call.func, ast.Name) and call.func.id == "cls"
    name = symbol if isinstance(symbol, str) else symbol.name
    is_imported = isinstance(symbol, str)
    return name.rpartition(".")[2][:1].isupper() and (is_imported or name in module.classes)


def is_event_source(module: Module, call: ast.Call) -> bool:
    """Answer whether a call makes an object that reads the body of a response, and never closes it."""
    return module.local_symbol(call.func) in _EVENT_SOURCES


def is_awaited(module: Module, call: ast.Call) -> bool:
    """Answer whether a coroutine is awaited where it is made, with a time limit or without."""
    match module.table.parents[call]:
        case ast.Await():
            return True
        case ast.Call(func=function):
            return last_name(function) in AWAITING
    return False


def is_plain_call(call: ast.expr | None, given: ast.expr) -> bool:
    """Answer whether a call does the same later on: all but `given` that it gets are names and constants."""
    if not isinstance(call, ast.Call):
        return False
    others = (one for one in (*call.args, *(keyword.value for keyword in call.keywords)) if one is not given)
    return all(isinstance(one, ast.Name | ast.Constant) for one in others)


def is_context_manager(module: Module, node: ast.AST) -> bool:
    """Answer whether the function around lends what it yields, and runs on when its `with` block ends."""
    scope = module.function_scope(node)
    if scope is None or not isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return any(last_name(decorator) in _CONTEXT_MANAGERS for decorator in scope.node.decorator_list)


def is_kept_by_owner(module: Module, target: ast.expr) -> bool:
    """Answer whether a target is an attribute of `self` that some method of the class closes."""
    match target:
        case ast.Attribute(value=ast.Name(id="self"), attr=attribute):
            pass
        case _:
            return False
    owner = next((node for node in module.ancestors(target) if isinstance(node, ast.ClassDef)), None)
    return owner is not None and any(_closes(node, attribute) for node in ast.walk(owner))


def _closes(node: ast.AST, attribute: str) -> bool:
    """Answer whether a node is `self.<attribute>.aclose`, called or passed on."""
    match node:
        case ast.Attribute(attr=method, value=ast.Attribute(value=ast.Name(id="self"), attr=name)):
            return method in CLOSERS and name == attribute
    return False


def describe_taker(step: Step, shown: str) -> str:
    """Say in words what is done with the value of an expression; `shown` is what the value is."""
    how = "is kept in a variable" if shown and step.way is Way.ASSIGNED else step.how
    return f"{shown} {how}".strip()


def reads_plain_extension(module: Module, node: ast.Attribute) -> bool:
    """Answer so of `r.extensions`: `["network_stream"]` is the connection itself, the others plain values."""
    parent = module.table.parents[node]
    match parent:
        case ast.Subscript(slice=ast.Constant(value=key)):
            return key != "network_stream"
        case ast.Attribute(attr="get"):
            call = module.table.parents[parent]
            match call:
                case ast.Call(args=[ast.Constant(value=key), *_]):
                    return key != "network_stream"
    return False
