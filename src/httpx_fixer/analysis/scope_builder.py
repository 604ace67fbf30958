"""One walk over a module's tree that fills its scope table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from httpx_fixer.analysis.nodes import children
from httpx_fixer.analysis.scopes import Binding, BindingKind, FunctionNode, Scope, ScopeNode, ScopeTable

_DEPTH = 480
"""Levels of nodes in one another; what reads a tree takes up to twelve calls a level (`interpreter`)."""


def build_scopes(tree: ast.Module) -> ScopeTable:
    """Build the scope table of a module in one walk.

    Raises `RecursionError` where an expression is nested too deep to be read.
    """
    module = Scope(tree, None, "")
    table = ScopeTable(module, {tree: module}, {})
    _Builder(table).visit_fields(tree, module)
    return table


class _Builder:
    """Walks a tree once.

    Nodes are told apart by one lookup of their type: with a row of `match` cases the walk took twice
    as long, and it is the half of all work on a file. For the same reason `visit_fields` repeats `visit`.
    """

    def __init__(self, table: ScopeTable) -> None:
        self.table = table
        self.parents = table.parents
        self.type_checking = 0
        self.depth = 0

    def visit(self, node: ast.AST, parent: ast.AST, scope: Scope) -> None:
        self.parents[node] = parent
        special = _SPECIAL.get(type(node))
        if special is None:
            self.visit_fields(node, scope)
        else:
            special(self, node, scope)

    def visit_fields(self, node: ast.AST, scope: Scope) -> None:
        self._enter()
        parents = self.parents
        for child in children(node):
            parents[child] = node
            special = _SPECIAL.get(type(child))
            if special is None:
                self.visit_fields(child, scope)
            else:
                special(self, child, scope)
        self.depth -= 1

    def _enter(self) -> None:
        self.depth += 1
        if self.depth > _DEPTH:
            raise RecursionError("nested too deep to be read")

    def pass_over(self, node: ast.Constant, scope: Scope) -> None:
        """Do nothing: there is nothing below."""

    def open_class(self, node: ast.ClassDef, scope: Scope) -> None:
        self._bind(scope, node.name, BindingKind.CLASS, node)
        outer = [*node.decorator_list, *node.bases, *node.keywords]
        self._open(node, scope, (node.name, outer, node.body))

    def open_function(self, node: FunctionNode, scope: Scope) -> None:
        self._bind(scope, node.name, BindingKind.FUNCTION, node)
        outer = [*node.decorator_list, *([] if node.returns is None else [node.returns])]
        inner = self._open(node, scope, (node.name, outer, node.body))
        self._parameters(node, inner, scope)

    def open_lambda(self, node: ast.Lambda, scope: Scope) -> None:
        inner = self._open(node, scope, ("<lambda>", (), (node.body,)))
        self._parameters(node, inner, scope)

    def open_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: Scope
    ) -> None:
        inner = Scope(node, scope, f"{scope.qualname}.<comp>".lstrip("."))
        self.table.of[node] = inner
        self.visit_fields(node, inner)

    def _open(
        self,
        node: ScopeNode,
        scope: Scope,
        parts: tuple[str, Sequence[ast.AST], Sequence[ast.AST]],
    ) -> Scope:
        """Open the scope of a node; `parts` are its name, what is evaluated around it, and its body."""
        self._enter()
        name, outer, body = parts
        inner = Scope(node, scope, f"{scope.qualname}.{name}".lstrip("."))
        self.table.of[node] = inner
        for child in outer:
            self.visit(child, node, scope)
        for statement in body:
            self.visit(statement, node, inner)
        self.depth -= 1
        return inner

    def _parameters(self, node: FunctionNode | ast.Lambda, inner: Scope, outer: Scope) -> None:
        args = node.args
        self.parents[args] = node
        for argument in _all_arguments(args):
            self.parents[argument] = args
            self._bind(inner, argument.arg, BindingKind.PARAMETER, argument)
            if argument.annotation is not None:
                self.visit(argument.annotation, argument, outer)
        for default in [*args.defaults, *args.kw_defaults]:
            if default is not None:
                self.visit(default, args, outer)

    def visit_if(self, node: ast.If, scope: Scope) -> None:
        if not _is_type_checking(node.test):
            self.visit_fields(node, scope)
            return
        self.parents[node.test] = node
        self.type_checking += 1
        for child in node.body:
            self.visit(child, node, scope)
        self.type_checking -= 1
        for child in node.orelse:
            self.visit(child, node, scope)

    def bind_import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.split(".")[0]
            target = alias.name if alias.asname else bound
            self._bind(scope, bound, BindingKind.IMPORT, node, target)

    def bind_import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        prefix = "." * node.level + (node.module or "")
        joint = "" if prefix.endswith(".") else "."
        for alias in node.names:
            target = f"{prefix}{joint}{alias.name}"
            self._bind(scope, alias.asname or alias.name, BindingKind.IMPORT, node, target)

    def note_elsewhere(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        for name in node.names:
            scope.elsewhere[name] = isinstance(node, ast.Global)

    def bind_handler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.name is not None:
            self._bind(scope, node.name, BindingKind.VALUE, node)
        self.visit_fields(node, scope)

    def bind_pattern(self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping, scope: Scope) -> None:
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name is not None:
            self._bind(scope, name, BindingKind.VALUE, node)
        self.visit_fields(node, scope)

    def bind_name(self, node: ast.Name, scope: Scope) -> None:
        if isinstance(node.ctx, ast.Load):
            return
        parent = self.parents[node]
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


_SPECIAL: Mapping[type[ast.AST], Callable[[_Builder, Any, Scope], None]] = {
    ast.FunctionDef: _Builder.open_function,
    ast.AsyncFunctionDef: _Builder.open_function,
    ast.ClassDef: _Builder.open_class,
    ast.Lambda: _Builder.open_lambda,
    ast.ListComp: _Builder.open_comprehension,
    ast.SetComp: _Builder.open_comprehension,
    ast.DictComp: _Builder.open_comprehension,
    ast.GeneratorExp: _Builder.open_comprehension,
    ast.If: _Builder.visit_if,
    ast.Import: _Builder.bind_import,
    ast.ImportFrom: _Builder.bind_import_from,
    ast.Global: _Builder.note_elsewhere,
    ast.Nonlocal: _Builder.note_elsewhere,
    ast.Name: _Builder.bind_name,
    ast.Constant: _Builder.pass_over,
    ast.ExceptHandler: _Builder.bind_handler,
    ast.MatchAs: _Builder.bind_pattern,
    ast.MatchStar: _Builder.bind_pattern,
    ast.MatchMapping: _Builder.bind_pattern,
}
"""What is done at nodes that bind names or open scopes; the fields of all others are visited."""


def _all_arguments(args: ast.arguments) -> list[ast.arg]:
    extra = [argument for argument in (args.vararg, args.kwarg) if argument is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *extra]


def _is_type_checking(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case _:
            return False
