"""Transports that a pool would send through: those of httpx, and those that the project makes itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.values import dataclass

_DEPTH = 4
"""Through how many functions the making of a transport is followed: more would be no plain factory."""
_ENTERS = ("__aenter__", "__enter__")


@dataclass(frozen=True, slots=True)
class Transport:
    """A call that makes a transport anew each time.

    `takes_limits` says that it takes what those of httpx take. `maker` is what makes one that may
    keep something of a request, "" for one that handles every request alike.
    """

    call: ast.Call
    takes_limits: bool
    maker: str


def read_transport(resolver: Resolver, module: Module, call: ast.Call, site: ClientSite) -> Transport | None:
    """Return what is known of a transport, None where the call may give one that others have, too."""
    plain = Symbol("", f"{site.spec.library}.{'Async' * site.spec.is_async}HTTPTransport")
    target = resolver.expression(module, call.func)
    if target is None:
        return None
    if target == plain:
        return Transport(call, takes_limits=True, maker="")
    if not target.path or not _is_made(resolver, target, _DEPTH):
        return None
    if _handles_alike(resolver, target, plain):
        return Transport(call, takes_limits=True, maker="")
    return Transport(call, takes_limits=False, maker=ast.unparse(call.func))


def _is_made(resolver: Resolver, target: Symbol, depth: int) -> bool:
    """Answer whether a call makes an object that needs no `with` block, and that nobody else has."""
    if not target.path:  # a class of a library: its functions may keep what they return
        return target.name.rpartition(".")[2][:1].isupper()
    module = resolver.store.module(target.path)
    if module is None or depth == 0:
        return False
    if target.name in module.classes:
        return _is_plain_class(resolver, target, depth)
    function = module.functions.get(target.name)
    if not isinstance(function, ast.FunctionDef) or function.decorator_list or "." in target.name:
        return False
    returned = [node.value for node in own_nodes(function) if isinstance(node, ast.Return)]
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function))
    return bool(returned) and not yields and all(_is_new(resolver, module, one, depth) for one in returned)


def _is_new(resolver: Resolver, module: Module, value: ast.expr | None, depth: int) -> bool:
    match value:
        case ast.Call(func=function):
            target = resolver.expression(module, function)
            return target is not None and _is_made(resolver, target, depth - 1)
        case ast.IfExp(body=body, orelse=other):
            return all(_is_new(resolver, module, one, depth) for one in (body, other))
        case ast.Name(id=name):
            scope = module.function_scope(value)
            bindings = [] if scope is None or name in scope.elsewhere else scope.bindings.get(name, [])
            return bool(bindings) and all(_is_new(resolver, module, one.value, depth) for one in bindings)
    return False


def _is_plain_class(resolver: Resolver, target: Symbol, depth: int) -> bool:
    """Answer whether a class makes a new object each time, which can do without being entered."""
    module = resolver.store.module(target.path)
    node = None if module is None else module.classes.get(target.name)
    if module is None or node is None:
        return False
    methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    if "__new__" in methods or node.keywords or node.decorator_list:
        return False
    if any(not _only_passes_on(methods[name]) for name in _ENTERS if name in methods):
        return False
    bases = [resolver.expression(module, base) for base in node.bases]
    return all(base is not None and (not base.path or _is_made(resolver, base, depth - 1)) for base in bases)


def _only_passes_on(enter: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Answer whether `__aenter__` does no more than to enter what the object sends through."""
    for statement in enter.body:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Return(value=ast.Name(id="self")):
                continue
            case ast.Expr(value=value):
                called = value.value if isinstance(value, ast.Await) else value
                is_enter = isinstance(called, ast.Call) and isinstance(called.func, ast.Attribute)
                if not (is_enter and ast.unparse(called).rpartition(".")[2][:-2] in _ENTERS):
                    return False
            case _:
                return False
    return True


def _handles_alike(resolver: Resolver, target: Symbol, plain: Symbol) -> bool:
    """Answer whether a class adds nothing to the transport of httpx but what it does with each request.

    That reads neither the object nor anything that another request left there, and the request goes
    on as it came: to the connection that any other for its host would take.
    """
    module = resolver.store.module(target.path)
    node = None if module is None else module.classes.get(target.name)
    bases = [] if module is None or node is None else node.bases
    if module is None or node is None or [resolver.expression(module, base) for base in bases] != [plain]:
        return False
    name = "handle_async_request" if "Async" in plain.name else "handle_request"
    return all(_is_constant(one) or _passes_request_on(one, name) for one in node.body)


def _is_constant(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(value=ast.Constant()) | ast.AnnAssign(value=ast.Constant() | None):
            return True
    return False


def _passes_request_on(method: ast.stmt, name: str) -> bool:
    """Answer whether a method hands its request to that of httpx, and uses itself for nothing else."""
    if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) or method.name != name:
        return False
    given = [*method.args.posonlyargs, *method.args.args]
    if method.decorator_list or len(given) != 2 or any(_iter_inner(method)):
        return False
    own, request = (one.arg for one in given)
    parents = {child: node for node in ast.walk(method) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(method):
        if not isinstance(node, ast.Name) or node.id not in {own, request}:
            continue
        around = parents[node]
        if node.id == request and isinstance(around, ast.Call) and _is_inherited(around, name):
            continue
        if node.id == own or not isinstance(around, ast.Attribute):
            return False
        if not isinstance(around.ctx, ast.Load) or around.attr == "extensions":
            return False
    return True


def _iter_inner(method: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Yield what in a method has a scope of its own, or writes into another."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Global, ast.Nonlocal)
    return (node for node in ast.walk(method) if isinstance(node, kinds) and node is not method)


def _is_inherited(call: ast.Call, name: str) -> bool:
    return ast.unparse(call.func) == f"super().{name}" and len(call.args) == 1 and not call.keywords
