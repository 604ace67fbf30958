"""Responses that outlive the code that asked for them: caches, globals, containers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.escapes import last_name
from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.nodes import walk
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_clients import LIBRARIES, ClientKind, find_client_kind
from httpx_fixer.analysis.stream_facts import KeptPart, KeptResponse
from httpx_fixer.analysis.stream_readers import find_part, iter_global_reads, iter_item_reads, iter_results
from httpx_fixer.analysis.usage import VERBS

_CACHES = {
    "functools": frozenset({"cache", "cached_property", "lru_cache"}),
    "cachetools": frozenset({"cached", "cachedmethod", "fifo_cache", "lfu_cache", "lru_cache", "ttl_cache"}),
    "aiocache": frozenset({"cached", "cached_stampede", "multi_cached"}),
    "async_lru": frozenset({"alru_cache"}),
}
"""`{package: decorators that keep what a function returns}`."""
_ADDERS = frozenset({"add", "append", "appendleft", "insert", "put_nowait", "set", "setdefault"})


def iter_retained_responses(module: Module) -> Iterator[KeptResponse]:
    """Yield each response of an httpx client that is kept for longer than a call, in source order."""
    for call in module.calls:
        if module.function_scope(call) is None or not _is_request(module, call):
            continue  # What a script asks for at its top level is there for the script.
        if _may_stream(call):
            continue  # Nothing has read its body, and whoever keeps it open has to close it.
        for value in _iter_values(module, call):
            keeper = _find_keeper(module, call, value)
            if keeper:
                callee, part = ast.unparse(call.func), _find_part(module, value)
                yield KeptResponse(module.path, module.anchor(call), callee, keeper, part)
                break


def _find_part(module: Module, value: ast.expr) -> KeptPart | None:
    """Return what the readers use of a response that a cached function returns, or that a global keeps."""
    match module.table.parents[value]:
        case ast.Return():
            scope = module.function_scope(value)
            if scope is not None and isinstance(scope.node, FunctionNode):
                returns = [node for node in own_nodes(scope.node) if isinstance(node, ast.Return)]
                reads = iter_results(module, scope.node)
                return find_part(module, value, reads) if len(returns) == 1 else None
        case ast.Assign(targets=[ast.Name(id=name)]):
            return find_part(module, value, iter_global_reads(module, name))
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return find_part(module, value, iter_item_reads(module, name))
    return None


def _is_request(module: Module, call: ast.Call) -> bool:
    if last_name(call.func) not in VERBS | {"send"}:
        return False
    symbol = module.local_symbol(call.func)
    if isinstance(symbol, str) and symbol.split(".")[0] in LIBRARIES:
        return symbol.count(".") == 1 and last_name(call.func) in VERBS
    return find_client_kind(module, call) in {ClientKind.ASYNC, ClientKind.SYNC}


def _may_stream(call: ast.Call) -> bool:
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "stream"), None)
    return given is not None and not (isinstance(given, ast.Constant) and not given.value)


def _iter_values(module: Module, call: ast.Call) -> Iterator[ast.expr]:
    """Yield the expressions whose value is the response: the call, and reads of the name that it gets."""
    node: ast.expr = call
    parent = module.table.parents[call]
    if isinstance(parent, ast.Await):
        node, parent = parent, module.table.parents[parent]
    yield node
    match parent:
        case ast.Assign(targets=[ast.Name() as target]) | ast.AnnAssign(target=ast.Name() as target):
            scope = module.function_scope(target)
            home = module.table.enclosing(target).find(target.id)
            if scope is not None and home is scope and len(home.bindings[target.id]) == 1:
                yield from (
                    read
                    for read in walk(scope.node)
                    if isinstance(read, ast.Name) and read.id == target.id and read is not target
                )


def _find_keeper(module: Module, call: ast.Call, value: ast.expr) -> str:
    """Return in words what keeps a response, "" where nothing is seen to."""
    parent = module.table.parents[value]
    match parent:
        case ast.Return():
            return _find_cache(module, parent)
        case ast.Assign(targets=targets):
            kept = (_find_kept_target(module, call, target) for target in targets)
            return next((keeper for keeper in kept if keeper), "")
        case ast.AnnAssign(target=target):
            return _find_kept_target(module, call, target)
        case ast.Call(func=ast.Attribute(attr=method, value=container)) if method in _ADDERS:
            is_given = any(argument is value for argument in parent.args)
            return _find_container(module, call, container) if is_given else ""
    return ""


def _find_cache(module: Module, node: ast.Return) -> str:
    function = module.function_scope(node)
    if function is None or not isinstance(function.node, FunctionNode):
        return ""
    for decorator in function.node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        symbol = module.local_symbol(target)
        name = symbol if isinstance(symbol, str) else ""
        if name.rpartition(".")[2] in _CACHES.get(name.split(".")[0], ()):
            return f"the cache of `{function.node.name}`"
    return ""


def _find_kept_target(module: Module, call: ast.Call, target: ast.expr) -> str:
    match target:
        case ast.Name(id=name):
            home = module.table.enclosing(target).find(name)
            is_global = home is not None and isinstance(home.node, ast.Module | ast.ClassDef)
            return f"the global `{name}`" if is_global else ""
        case ast.Subscript(value=container):
            return _find_container(module, call, container)
    return ""


def _find_container(module: Module, call: ast.Call, container: ast.expr) -> str:
    """Return the container if it lives on: one of the module, or of the object that has the client."""
    match container:
        case ast.Name():
            symbol = module.local_symbol(container)
            home = module.table.enclosing(container).find(container.id)
            is_global = home is not None and isinstance(home.node, ast.Module)
            return f"`{container.id}`" if is_global and isinstance(symbol, Symbol) else ""
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
            has_client = isinstance(receiver, ast.Attribute) and isinstance(receiver.value, ast.Name)
            return f"`{ast.unparse(container)}`" if has_client else ""
    return ""
