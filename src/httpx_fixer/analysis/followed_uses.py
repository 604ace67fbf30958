"""The uses of a local variable that holds a client, followed into the functions that get it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from httpx_fixer.analysis.callees import Callee, find_callee, is_generator, is_iterated
from httpx_fixer.analysis.escapes import Way, find_step
from httpx_fixer.analysis.local_uses import LocalUse, UseKind, is_awaited, read_local_use
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode, Scope

_PASSING = frozenset({UseKind.LENT, UseKind.LOOKED_AT, UseKind.REQUEST})
"""Uses after which nothing holds the client that did not before."""
_DEPTH = 3
"""How many functions a client is followed into, one from another."""


def iter_local_uses(
    module: Module, scope: Scope, name: str, *, is_async: bool, depth: int = _DEPTH
) -> Iterator[LocalUse]:
    """Yield each place in a function that names one of its local variables, which holds a client.

    It is followed into functions of the project that get it, `depth` of them one from another. Where
    a nested function is only called, or coroutines are kept to be awaited, these places count as uses.
    """
    reader = _UseReader(module, scope, is_async=is_async, depth=depth)
    for node in _iter_reads(module, scope, name):
        yield reader.read(node)
    yield from reader.later.values()


def _iter_reads(module: Module, scope: Scope, name: str) -> Iterator[ast.Name]:
    """Yield each place that names a variable of a function, in nested functions too."""
    for node in ast.walk(scope.node):
        if (
            isinstance(node, ast.Name)
            and node.id == name
            and module.table.enclosing(node).find(name) is scope
        ):
            yield node


class _UseReader:
    """Reads the uses of a variable of one function; `later` are places that use the client unnamed."""

    def __init__(self, module: Module, scope: Scope, *, is_async: bool, depth: int) -> None:
        self._module = module
        self._scope = scope
        self._is_async = is_async
        self._depth = depth
        self.later: dict[ast.Name, LocalUse] = {}

    def read(self, node: ast.Name) -> LocalUse:
        """Return what is done with the client at one place that names it."""
        use = read_local_use(self._module, self._scope, node, is_async=self._is_async)
        found = self._find_later(use) if self._depth else None
        if found is None:
            return use
        self.later.update((place, LocalUse(place, UseKind.LENT)) for place in found)
        return LocalUse(node, UseKind.LENT)

    def _find_later(self, use: LocalUse) -> Sequence[ast.Name] | None:
        """Return where else the client is used if it is only lent, None where something may keep it."""
        match use.kind, find_step(self._module, use.node).around:
            case UseKind.PENDING, ast.Attribute() as attribute:
                return self._find_awaits(self._module.table.parents[attribute])
            case UseKind.PASSED, ast.Call() as call:
                callee = find_callee(self._module, call)
                if callee is not None and self._passes_through(callee, use.node):
                    return self._find_ends(call, callee.function)
            case UseKind.CAPTURED, _:
                return self._find_calls(use.node)
        return None

    def _passes_through(self, callee: Callee, given: ast.Name) -> bool:
        """Answer whether a function that gets the client holds it only while it runs."""
        parameter = callee.parameter_of(given)
        if parameter is None:
            return False
        scope = callee.module.table.of[callee.function]
        uses = iter_local_uses(
            callee.module, scope, parameter, is_async=self._is_async, depth=self._depth - 1
        )
        return all(inner.kind in _PASSING for inner in uses)

    def _find_ends(self, call: ast.Call, function: FunctionNode) -> Sequence[ast.Name] | None:
        """Return where what a call of a function has begun is over, if not in its own statement."""
        if is_generator(function):
            return () if is_iterated(self._module, call) else None
        return self._find_awaits(call) if isinstance(function, ast.AsyncFunctionDef) else ()

    def _find_awaits(self, call: ast.AST) -> Sequence[ast.Name] | None:
        """Return where a coroutine is awaited that is kept in a variable; () for one of its statement."""
        module = self._module
        if not isinstance(call, ast.Call):
            return None
        if is_awaited(module, call):
            return ()
        value: ast.expr = call
        parent = module.table.parents[value]
        while isinstance(parent, ast.List | ast.Tuple | ast.ListComp):
            value, parent = parent, module.table.parents[parent]
        match parent:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                return self._find_awaited_reads(name)
            case ast.Call(func=ast.Attribute(attr="append", value=ast.Name(id=name))):
                return self._find_awaited_reads(name)
        return None

    def _find_awaited_reads(self, name: str) -> Sequence[ast.Name] | None:
        """Return where a variable is awaited, if that is all that is done with it, and with its items."""
        if len(self._scope.bindings.get(name, ())) != 1:
            return None
        found: list[ast.Name] = []
        for node in _iter_reads(self._module, self._scope, name):
            step = find_step(self._module, node)
            if not isinstance(node.ctx, ast.Load) or step.way is Way.LOOKED_AT:
                continue
            if isinstance(step.around, ast.Attribute) and step.around.attr == "append":
                continue
            if self._module.function_scope(node) is not self._scope or not is_awaited(self._module, node):
                return None
            found.append(node)
        return found or None

    def _find_calls(self, node: ast.Name) -> Sequence[ast.Name] | None:
        """Return the calls of the nested function that names the client, if it only lends it, too."""
        scope = self._module.function_scope(node)
        function = None if scope is None else scope.node
        if scope is None or scope.parent is not self._scope or not isinstance(function, FunctionNode):
            return None
        reader = _UseReader(self._module, scope, is_async=self._is_async, depth=self._depth - 1)
        if function.decorator_list or reader.read(node).kind not in _PASSING:
            return None
        reads = list(_iter_reads(self._module, self._scope, function.name))
        ends = [self._find_ends_of(read, function) for read in reads]
        places = [end for found in ends if found is not None for end in found]
        return None if None in ends or not reads else [*reads, *places]

    def _find_ends_of(self, read: ast.Name, function: FunctionNode) -> Sequence[ast.Name] | None:
        """Return where what a call of a nested function has begun is over, None for any other mention."""
        module = self._module
        call = module.table.parents[read]
        if module.function_scope(read) is not self._scope or not isinstance(call, ast.Call):
            return None
        if call.func is not read:
            is_mapped = isinstance(call.func, ast.Name) and call.func.id == "map"
            is_async = isinstance(function, ast.AsyncFunctionDef)
            return () if is_mapped and is_async and is_awaited(module, call) else None
        return self._find_ends(call, function)
