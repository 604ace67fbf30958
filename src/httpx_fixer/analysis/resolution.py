"""What a name means across the whole project."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.facts import Call, Function, Symbol
from httpx_fixer.analysis.functions import build_call, build_function, own_nodes
from httpx_fixer.analysis.imports import ImportIndex, imported_names
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import BindingKind
from httpx_fixer.analysis.store import FileStore


class Resolver:
    """Follows names through imports, re-exports, aliases and factories."""

    def __init__(self, store: FileStore) -> None:
        self.store = store
        self.index = ImportIndex(store.files, store.data)
        self._resolving: set[tuple[str, str]] = set()
        self._functions: dict[Symbol, Function | None] = {}
        self._imported: dict[str, frozenset[str]] = {}
        self._calls: dict[ast.Call, Call] = {}
        self._origins: dict[Symbol, Symbol] = {}

    def dotted(self, path: str, dotted: str) -> Symbol:
        """Return what a dotted import target means for a module, followed to its definition."""
        target = self.index.resolve(path, dotted)
        if target is None:
            return Symbol("", dotted.lstrip("."))
        if not target.rest:
            return Symbol(target.path, "")
        return self._members(Symbol(target.path, ""), target.rest)

    def imported_files(self, path: str) -> frozenset[str]:
        """Return the project files that the import statements of a file lead to.

        A module has its names, but none of theirs: what is left to look up of `shop.worker.queue.Job`
        below `shop/__init__.py` is in another distribution that has a part of the package `shop`.
        """
        if path not in self._imported:
            names = self.store.ask(path, imported_names)
            targets = (self.index.resolve(path, name) for name in names)
            self._imported[path] = frozenset(
                target.path for target in targets if target is not None and len(target.rest) <= 1
            )
        return self._imported[path]

    def call(self, module: Module, node: ast.Call) -> Call:
        """Return the facts of a call of a module."""
        if node not in self._calls:
            self._calls[node] = build_call(module, node, self.expression)
        return self._calls[node]

    def expression(self, module: Module, expression: ast.expr) -> Symbol | None:
        """Return what a name or dotted name in a module means, None where unknown or computed."""
        local = module.local_symbol(expression)
        if isinstance(local, str):
            return self.dotted(module.path, local)
        return None if local is None else _attribute_of_class(module, local)

    def _members(self, symbol: Symbol, rest: tuple[str, ...]) -> Symbol:
        for index, part in enumerate(rest):
            if symbol.path and not symbol.name:
                symbol = self.member(symbol.path, part)
            else:
                symbol = Symbol(symbol.path, f"{symbol.name}.{part}")
            if not symbol.path:
                return Symbol("", ".".join([symbol.name, *rest[index + 1 :]]))
        return symbol

    def member(self, path: str, part: str) -> Symbol:
        """Return what the name `part` of the module `path` means, through that module's imports."""
        key = (path, part)
        module = None if key in self._resolving else self.store.module(path)
        bindings = [] if module is None else module.table.module.bindings.get(part, [])
        if bindings and bindings[-1].kind is BindingKind.IMPORT:
            self._resolving.add(key)
            try:
                return self.dotted(path, bindings[-1].target)
            finally:
                self._resolving.discard(key)
        if not bindings and path.endswith("__init__.py"):
            below = self.index.resolve(path, f".{part}")
            if below is not None and not below.rest:
                return Symbol(below.path, "")
        return Symbol(path, part)

    def origin_of(self, symbol: Symbol | None) -> Symbol | None:
        """Follow aliases (`a = b`) and factories (`app = create_app()`) to where an object is made."""
        if symbol is None:
            return None
        if symbol not in self._origins:
            self._origins[symbol] = self._find_origin(symbol)
        return self._origins[symbol]

    def _find_origin(self, symbol: Symbol) -> Symbol:
        seen: set[Symbol] = set()
        while symbol not in seen:
            seen.add(symbol)
            following = self._next_origin(symbol)
            if following is None:
                return symbol
            symbol = following
        return symbol

    def _next_origin(self, symbol: Symbol) -> Symbol | None:
        module = self.store.module(symbol.path) if symbol.path and symbol.name else None
        value = None if module is None else single_value(module, symbol.name)
        if module is None or value is None:
            return None
        if isinstance(value, ast.Name | ast.Attribute):
            return self.expression(module, value)
        if isinstance(value, ast.Call):
            callee = self.expression(module, value.func)
            if callee is not None and callee.path:
                return self.returned(callee)
        return None

    def returned(self, callee: Symbol) -> Symbol | None:
        """Return the local variable that a function returns, where all its returns say the same."""
        module = self.store.module(callee.path)
        node = None if module is None else module.functions.get(callee.name)
        if module is None or node is None:
            return None
        names = {
            inner.value.id if isinstance(inner.value, ast.Name) else None
            for inner in own_nodes(node)
            if isinstance(inner, ast.Return)
        }
        name = names.pop() if len(names) == 1 else None
        return None if name is None else Symbol(callee.path, f"{callee.name}.{name}")

    def value_call(self, symbol: Symbol) -> Call | None:
        """Return the call whose result is what `symbol` is bound to, where there is exactly one."""
        module = self.store.module(symbol.path) if symbol.path else None
        value = None if module is None else single_value(module, symbol.name)
        if module is None or not isinstance(value, ast.Call):
            return None
        return self.call(module, value)

    def annotation_of(self, symbol: Symbol) -> Symbol | None:
        """Return what a parameter is annotated with."""
        module = self.store.module(symbol.path) if symbol.path else None
        owner, _, name = symbol.name.rpartition(".")
        node = None if module is None else module.functions.get(owner)
        if module is None or node is None:
            return None
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            if argument.arg == name and argument.annotation is not None:
                return self.expression(module, argument.annotation)
        return None

    def is_kind_of(self, symbol: Symbol | None, names: frozenset[str], depth: int = 5) -> bool:
        """Answer whether a symbol is one of some library classes or a project class derived from one."""
        if symbol is None:
            return False
        if not symbol.path:
            return symbol.name in names
        module = self.store.module(symbol.path)
        node = None if module is None else module.classes.get(symbol.name)
        if module is None or node is None or depth == 0:
            return False
        return any(self.is_kind_of(self.expression(module, base), names, depth - 1) for base in node.bases)

    def has_function(self, symbol: Symbol) -> bool:
        """Answer whether a symbol is a function of the project, which costs less than to describe it."""
        module = self.store.module(symbol.path) if symbol.path else None
        return module is not None and symbol.name in module.functions

    def function(self, symbol: Symbol) -> Function | None:
        """Return the function behind a symbol."""
        if symbol not in self._functions:
            self._functions[symbol] = self._build_function(symbol)
        return self._functions[symbol]

    def _build_function(self, symbol: Symbol) -> Function | None:
        module = self.store.module(symbol.path) if symbol.path else None
        node = None if module is None else module.functions.get(symbol.name)
        if module is None or node is None:
            return None
        return build_function(module, node, self.expression)


def _attribute_of_class(module: Module, symbol: Symbol) -> Symbol:
    """Return `Server.app` for `self.app` in any method of `Server`, where it is no method of its own."""
    method, _, attribute = symbol.name.partition(".self.")
    owner = method.rpartition(".")[0]
    if not attribute or owner not in module.classes or f"{owner}.{attribute}" in module.functions:
        return symbol
    return Symbol(symbol.path, f"{owner}.{attribute}")


def single_value(module: Module, name: str) -> ast.expr | None:
    """Return the one expression that a qualified name is assigned, placeholders (`= None`) aside."""
    owner, _, last = name.rpartition(".")
    for scope in module.scopes_named.get(owner, ()):
        if last in scope.bindings:
            bindings = [b for b in scope.bindings[last] if not isinstance(b.value, ast.Constant)]
            return bindings[0].value if len(bindings) == 1 else None
    return None
