"""Scopes of one module: which name is bound where, and to what."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from enum import Enum

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
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
        return any(child is statement for statement in parent.body)
    if isinstance(parent, ast.ClassDef):
        return any(child is statement for statement in parent.body)
    if isinstance(parent, ast.Lambda):
        return child is parent.body
    if isinstance(parent, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return child is not parent.generators[0] or below is not parent.generators[0].iter
    return True


def build_scopes(tree: ast.Module) -> ScopeTable:
    """Build the scope table of a module in one walk."""
    module = Scope(tree, None, "")
    table = ScopeTable(module, {tree: module}, {})
    _Builder(table).visit_children(tree, module)
    return table


class _Builder:
    def __init__(self, table: ScopeTable) -> None:
        self.table = table
        self.type_checking = 0

    def visit_children(self, node: ast.AST, scope: Scope) -> None:
        for child in ast.iter_child_nodes(node):
            self.table.parents[child] = node
            self.visit(child, scope)

    def visit(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node, scope)
            case ast.ClassDef():
                self._bind(scope, node.name, BindingKind.CLASS, node)
                self._open(
                    node, scope, node.name, node.body, [*node.decorator_list, *node.bases, *node.keywords]
                )
            case ast.Lambda():
                inner = self._open(node, scope, "<lambda>", [node.body], [])
                self._parameters(node.args, inner, scope)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                inner = Scope(node, scope, f"{scope.qualname}.<comp>".lstrip("."))
                self.table.of[node] = inner
                self.visit_children(node, inner)
            case ast.If() if _is_type_checking(node.test):
                self._type_checking(node, scope)
            case _:
                self._bindings_of(node, scope)
                self.visit_children(node, scope)

    def _type_checking(self, node: ast.If, scope: Scope) -> None:
        self.table.parents[node.test] = node
        self.type_checking += 1
        for child in node.body:
            self.table.parents[child] = node
            self.visit(child, scope)
        self.type_checking -= 1
        for child in node.orelse:
            self.table.parents[child] = node
            self.visit(child, scope)

    def _function(self, node: FunctionNode, scope: Scope) -> None:
        self._bind(scope, node.name, BindingKind.FUNCTION, node)
        outer: list[ast.AST] = [*node.decorator_list]
        if node.returns is not None:
            outer.append(node.returns)
        inner = self._open(node, scope, node.name, node.body, outer)
        self._parameters(node.args, inner, scope)
        self.table.parents[node.args] = node

    def _open(
        self,
        node: ScopeNode,
        scope: Scope,
        name: str,
        body: list[ast.stmt] | list[ast.expr],
        outer: list[ast.AST],
    ) -> Scope:
        inner = Scope(node, scope, f"{scope.qualname}.{name}".lstrip("."))
        self.table.of[node] = inner
        for child in outer:
            self.table.parents[child] = node
            self.visit(child, scope)
        for statement in body:
            self.table.parents[statement] = node
            self.visit(statement, inner)
        return inner

    def _parameters(self, args: ast.arguments, inner: Scope, outer: Scope) -> None:
        for argument in _all_arguments(args):
            self.table.parents[argument] = args
            self._bind(inner, argument.arg, BindingKind.PARAMETER, argument)
            if argument.annotation is not None:
                self.table.parents[argument.annotation] = argument
                self.visit(argument.annotation, outer)
        for default in [*args.defaults, *args.kw_defaults]:
            if default is not None:
                self.table.parents[default] = args
                self.visit(default, outer)

    def _bindings_of(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Import():
                for alias in node.names:
                    bound = alias.asname or alias.name.split(".")[0]
                    target = alias.name if alias.asname else bound
                    self._bind(scope, bound, BindingKind.IMPORT, node, target)
            case ast.ImportFrom():
                prefix = "." * node.level + (node.module or "")
                for alias in node.names:
                    joint = "" if prefix.endswith(".") else "."
                    target = f"{prefix}{joint}{alias.name}"
                    self._bind(scope, alias.asname or alias.name, BindingKind.IMPORT, node, target)
            case ast.Global() | ast.Nonlocal():
                for name in node.names:
                    scope.elsewhere[name] = isinstance(node, ast.Global)
            case ast.Name(ctx=ast.Store() | ast.Del()):
                self._bind_name(node, scope)
            case ast.ExceptHandler(name=str(name)):
                self._bind(scope, name, BindingKind.VALUE, node)
            case (
                ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name))
            ):
                self._bind(scope, name, BindingKind.VALUE, node)

    def _bind_name(self, node: ast.Name, scope: Scope) -> None:
        parent = self.table.parents[node]
        value: ast.expr | None = None
        if (isinstance(parent, ast.Assign) and node in parent.targets) or (
            isinstance(parent, ast.AnnAssign | ast.NamedExpr) and parent.target is node
        ):
            value = parent.value
        if isinstance(parent, ast.NamedExpr):
            while isinstance(scope.node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                assert scope.parent is not None
                scope = scope.parent
        in_checking = self.type_checking > 0
        self._add(scope, node.id, Binding(BindingKind.VALUE, node, "", value, type_checking=in_checking))

    def _bind(self, scope: Scope, name: str, kind: BindingKind, node: ast.AST, target: str = "") -> None:
        self._add(scope, name, Binding(kind, node, target, type_checking=self.type_checking > 0))

    def _add(self, scope: Scope, name: str, binding: Binding) -> None:
        if scope.elsewhere.get(name):
            scope = scope.module()
        scope.bindings.setdefault(name, []).append(binding)


def _all_arguments(args: ast.arguments) -> list[ast.arg]:
    extra = [argument for argument in (args.vararg, args.kwarg) if argument is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *extra]


def _is_type_checking(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case _:
            return False
