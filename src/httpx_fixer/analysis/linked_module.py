"""A module whose calls are followed into the other files of the project."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.scopes import Binding, FunctionNode

_BASES = 3
"""How many classes may stand between a method's call and the class that has it."""


class LinkedModule(Module):
    """The same module, with the same tree and scopes, seen from within its project.

    What was found out about a module is kept from one reading to the next, where it stands; what
    its project is may change.
    """

    __slots__ = ("_links",)

    def __init__(self, module: Module, links: Links) -> None:
        self.__dict__ = module.__dict__
        self._links = links

    def find_function(self, expression: ast.expr) -> tuple[Module, FunctionNode] | None:
        """Return the function of the project that an expression names, and its module."""
        return super().find_function(expression) or self._links.find_function(self, expression)

    def find_variable(self, expression: ast.expr) -> tuple[Module, list[Binding]] | None:
        """Return what binds the variable of another module that an expression names, and that module."""
        return self._links.find_variable(self, expression)

    def find_inherited(self, owner: ast.ClassDef, name: str) -> tuple[Module, FunctionNode] | None:
        """Return the method that a class has from another one of the project."""
        return self._links.find_inherited(self, owner, name, _BASES)

    def iter_users(self, name: str) -> tuple[Module, ...]:
        """Return the modules of the project that have the name of one of this module's functions."""
        return self._links.iter_modules_with(name)


class Links:
    """The modules of a project, linked; each is made once."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._linked: dict[str, LinkedModule | None] = {}

    def module(self, path: str) -> LinkedModule | None:
        """Return a module, None for a file that is not of the project or cannot be parsed."""
        if path not in self._linked:
            module = self.resolver.store.module(path)
            self._linked[path] = None if module is None else LinkedModule(module, self)
        return self._linked[path]

    def find_function(self, module: Module, expression: ast.expr) -> tuple[Module, FunctionNode] | None:
        symbol = self.resolver.expression(module, expression)
        return None if symbol is None else self._function(symbol)

    def find_variable(self, module: Module, expression: ast.expr) -> tuple[Module, list[Binding]] | None:
        symbol = self.resolver.expression(module, expression)
        home = self.module(symbol.path) if symbol is not None and symbol.path else None
        if symbol is None or home is None or home.path == module.path:
            return None
        return home, home.table.module.bindings.get(symbol.name, [])

    def find_inherited(
        self, module: Module, owner: ast.ClassDef, name: str, depth: int
    ) -> tuple[Module, FunctionNode] | None:
        """Return a method of the classes above one, if no other class of the project has its name."""
        if len(self.resolver.store.paths_with(f"def {name}(".encode())) != 1:
            return None
        for base in owner.bases if depth else ():
            symbol = self.resolver.expression(module, base)
            home = None if symbol is None else self.module(symbol.path)
            if symbol is None or home is None or symbol.name not in home.classes:
                continue
            found = self._function(Symbol(symbol.path, f"{symbol.name}.{name}"))
            found = found or self.find_inherited(home, home.classes[symbol.name], name, depth - 1)
            if found is not None:
                return found
        return None

    def iter_modules_with(self, name: str) -> tuple[Module, ...]:
        """Return the modules whose text has a name, in order of path."""
        found = (self.module(path) for path in self.resolver.store.paths_with(name.encode()))
        return tuple(module for module in found if module is not None)

    def _function(self, symbol: Symbol) -> tuple[Module, FunctionNode] | None:
        module = self.module(symbol.path) if symbol.path else None
        node = None if module is None else module.functions.get(symbol.name)
        return None if module is None or node is None else (module, node)
