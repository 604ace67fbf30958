"""Scopes of one module: which name is bound where, and to what."""

from __future__ import annotations

import ast
from dataclasses import field
from enum import Enum

from httpx_fixer.values import dataclass

ScopeNode = (
    ast.Module
    | ast.ClassDef
    | ast.FunctionDef
    | ast.AsyncFunctionDef
    | ast.Lambda
    | ast.ListComp
    | ast.SetComp
    | ast.DictComp
    | ast.GeneratorExp
)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class BindingKind(Enum):
    """What binds a name."""

    IMPORT = "import"
    FUNCTION = "function"
    CLASS = "class"
    PARAMETER = "parameter"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Binding:
    """One place that binds a name.

    `target` is the dotted name for an import (leading dots for a relative one). `value` is the
    expression assigned, where there is exactly one.
    """

    kind: BindingKind
    node: ast.AST
    target: str = ""
    value: ast.expr | None = None
    type_checking: bool = False


@dataclass(slots=True, eq=False)
class Scope:
    """A scope and its bindings; `parent` None for the module."""

    node: ScopeNode
    parent: Scope | None
    qualname: str
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, bool] = field(default_factory=dict)
    """Names declared `global` (True) or `nonlocal` (False)."""

    def is_class(self) -> bool:
        """Answer whether this is the body of a class, which nested functions do not see."""
        return isinstance(self.node, ast.ClassDef)

    def find(self, name: str) -> Scope | None:
        """Return the scope that a read of `name` here refers to, None for a builtin or unknown one."""
        scope: Scope | None = self
        if self.elsewhere.get(name):
            return self.module()
        if name in self.bindings and name not in self.elsewhere:
            return self
        scope = self.parent
        while scope is not None:
            if name in scope.bindings and not scope.is_class() and name not in scope.elsewhere:
                return scope
            scope = scope.parent
        return None

    def module(self) -> Scope:
        """Return the module's scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


@dataclass(slots=True)
class ScopeTable:
    """All scopes of a module; `of` maps every scope's node, `parents` every node to its parent."""

    module: Scope
    of: dict[ast.AST, Scope]
    parents: dict[ast.AST, ast.AST]

    def enclosing(self, node: ast.AST) -> Scope:
        """Return the scope that the node itself is evaluated in."""
        below, child, parent = node, node, self.parents.get(node)
        while parent is not None:
            scope = self.of.get(parent)
            if scope is not None and _is_inside(below, child, parent):
                return scope
            below, child, parent = child, parent, self.parents.get(parent)
        return self.module


def _is_inside(below: ast.AST, child: ast.AST, parent: ast.AST) -> bool:
    """Answer whether `below`, a part of a child of a scope's node, is evaluated within that scope."""
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return child in parent.body
    if isinstance(parent, ast.Lambda):
        return child is parent.body
    if isinstance(parent, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return child is not parent.generators[0] or below is not parent.generators[0].iter
    return True
