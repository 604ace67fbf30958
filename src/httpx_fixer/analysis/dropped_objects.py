"""Objects of other libraries that get a client, serve one call and are dropped without a close."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.endless import Endless
from httpx_fixer.analysis.escapes import CLOSERS
from httpx_fixer.analysis.facts import Call, Reference, Symbol
from httpx_fixer.analysis.followed_uses import iter_local_uses
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.linked_module import Links
from httpx_fixer.analysis.local_uses import UseKind
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.references import find_references
from httpx_fixer.analysis.scopes import FunctionNode

_HARMLESS = frozenset({UseKind.BOUND, UseKind.LOOKED_AT, UseKind.PENDING, UseKind.REQUEST, UseKind.STREAM})
_DEPTH = 3
"""Constructors around one another, and functions that hand an object on."""


class DroppedObjects:
    """Answers whether what calls make is used by the functions around alone, and closed by none."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._endless = Endless(links.resolver)

    def is_dropped(self, taker: Call) -> bool:
        """Answer whether the object that a call makes is made anew for each use, and never closed."""
        module = self._links.module(taker.path)
        call = None if module is None else module.call_at(taker.anchor)
        return module is not None and call is not None and self._is_dropped(module, call, _DEPTH)

    def _is_dropped(self, module: Module, call: ast.Call, depth: int) -> bool:
        scope = module.function_scope(call)
        if scope is None or depth == 0 or not self._runs_per_call(module, scope.node):
            return False
        if self._endless.function(Symbol(module.path, scope.qualname)):
            return False
        parent = module.table.parents[call]
        match parent:
            case ast.Attribute(attr=name):
                return name not in CLOSERS and not name.startswith("__")
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if name in scope.elsewhere:
                    return False
                uses = tuple(iter_local_uses(module, scope, name, is_async=True))
                return all(use.kind in _HARMLESS for use in uses)
            case ast.keyword():
                outer = module.table.parents[parent]
                is_made = isinstance(outer, ast.Call) and self._is_constructor(module, outer)
                return isinstance(outer, ast.Call) and is_made and self._is_dropped(module, outer, depth - 1)
            case ast.Call() if parent.func is not call and self._is_constructor(module, parent):
                return self._is_dropped(module, parent, depth - 1)
            case ast.Return():
                return self._is_factory_dropped(module, scope.qualname, depth - 1)
        return False

    def _runs_per_call(self, module: Module, function: ast.AST) -> bool:
        """Answer whether a function is none that makes what an object, a cache or a caller's block keeps."""
        if not isinstance(function, FunctionNode) or function.name.startswith("__"):
            return False
        decorators = {module.code(one).rpartition(".")[2] for one in function.decorator_list}
        if decorators & {"cached_property", "cache", "fixture"}:
            return False
        if any("cache" in one or "contextmanager" in one or "singleton" in one for one in decorators):
            return False
        return not any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function))

    def _is_constructor(self, module: Module, call: ast.Call) -> bool:
        """Answer whether a call makes an object of another library."""
        name = module.code(call.func).rpartition(".")[2]
        symbol = self._links.resolver.expression(module, call.func)
        return name[:1].isupper() and symbol is not None and not symbol.path

    def _is_factory_dropped(self, module: Module, qualname: str, depth: int) -> bool:
        """Answer whether every place that names a function calls it for an object that it drops."""
        function = self._links.resolver.function(Symbol(module.path, qualname))
        if function is None or function.decorators or function.outer:
            return False
        references = [one for one in find_references(self._links.resolver, function) if not one.is_test]
        uses = [one for one in references if one.how not in {"import", "text"}]
        return bool(uses) and all(self._is_use_dropped(one, depth) for one in uses)

    def _is_use_dropped(self, use: Reference, depth: int) -> bool:
        module = self._links.module(use.path)
        call = None if module is None or use.call is None else module.call_at(use.call.anchor)
        return module is not None and call is not None and self._is_dropped(module, call, depth)
