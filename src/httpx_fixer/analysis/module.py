"""One parsed module: its tree, scopes, and what its names refer to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.imports import imported_names
from httpx_fixer.analysis.mentions import Mentions, find_mentions
from httpx_fixer.analysis.nodes import walk
from httpx_fixer.analysis.scope_builder import build_scopes
from httpx_fixer.analysis.scopes import Binding, BindingKind, FunctionNode, Scope, ScopeTable
from httpx_fixer.source import Anchor, SourceFile


class Module:
    """A module's tree with lazily built scopes; never leaves the analysis package."""

    def __init__(
        self, source: SourceFile, tree: ast.Module, *, is_test: bool, is_newer: bool = False
    ) -> None:
        self.source = source
        self.path = source.path
        self.tree = tree
        self.is_test = is_test
        self.is_newer = is_newer
        self.is_too_deep = False

    @cached_property
    def table(self) -> ScopeTable:
        """The scopes of the module; empty where an expression is nested too deep to be walked."""
        try:
            return build_scopes(self.tree)
        except RecursionError:
            self.is_too_deep = True
            return ScopeTable(Scope(self.tree, None, ""), {}, {})

    @cached_property
    def mentions(self) -> Mentions:
        """Where names are read, imported and written into strings."""
        return find_mentions(self.table.parents)

    @cached_property
    def scopes_named(self) -> dict[str, list[Scope]]:
        """`{qualified name: scopes}` in the order of the module."""
        found: dict[str, list[Scope]] = {}
        for scope in self.table.of.values():
            found.setdefault(scope.qualname, []).append(scope)
        return found

    @cached_property
    def functions(self) -> dict[str, FunctionNode]:
        """`{qualified name: node}`; of two functions of one name the last one."""
        return {
            scope.qualname: node
            for node, scope in self.table.of.items()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """`{qualified name: node}` of all classes."""
        return {
            scope.qualname: node for node, scope in self.table.of.items() if isinstance(node, ast.ClassDef)
        }

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Where each line begins in the text, line 1 at index 0."""
        text = self.source.text
        if "\r" in text:
            return (0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text)))
        return (0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1]))

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Every call of the module in source order."""
        found = [node for node in self.table.parents if isinstance(node, ast.Call)]
        return sorted(found, key=lambda node: (node.lineno, node.col_offset, -(node.end_lineno or 0)))

    def calls_of(self, names: tuple[str, ...]) -> list[ast.Call]:
        """Return the calls `f()` and `x.f()` of some names in source order, those under an alias too."""
        indexes = {index for name in names for index in self._call_index.get(name, ())}
        return [self.calls[index] for index in sorted(indexes)]

    @cached_property
    def _call_index(self) -> dict[str, list[int]]:
        """`{name: indexes into calls}`; the target of an import counts as a name of what it binds."""
        found: dict[str, list[int]] = {}
        for index, node in enumerate(self.calls):
            match node.func:
                case ast.Attribute(attr=name):
                    found.setdefault(name, []).append(index)
                case ast.Name(id=name):
                    for one in {name, *self._imported_as.get(name, ())}:
                        found.setdefault(one, []).append(index)
        return found

    @cached_property
    def _imported_as(self) -> dict[str, set[str]]:
        """`{bound name: last parts of what imports bind to it anywhere in the module}`."""
        found: dict[str, set[str]] = {}
        for scope in self.table.of.values():
            for name, bindings in scope.bindings.items():
                targets = {binding.target.rpartition(".")[2] for binding in bindings if binding.target}
                found.setdefault(name, set()).update(targets)
        return found

    @cached_property
    def imported(self) -> tuple[str, ...]:
        """What the imports of the module name, in source order: `os.path`, `.models.Order`, `..*`."""
        found: list[str] = []
        for node in walk(self.tree):
            match node:
                case ast.Import():
                    found += (alias.name for alias in node.names)
                case ast.ImportFrom():
                    start = "." * node.level + (node.module or "")
                    joint = "" if start.endswith(".") else "."
                    found += (f"{start}{joint}{alias.name}" for alias in node.names)
        return tuple(found)

    @cached_property
    def imported_packages(self) -> frozenset[str]:
        """The first parts of the names of all absolute imports."""
        names = imported_names(self.source.data)
        return frozenset(name.split(".")[0] for name in names if not name.startswith("."))

    def anchor(self, node: ast.expr | ast.stmt | ast.ExceptHandler) -> Anchor:
        """Return the address of a node."""
        end_line, end_column = node.end_lineno, node.end_col_offset
        assert end_line is not None
        assert end_column is not None
        return Anchor(
            self.path,
            type(node).__name__,
            self.source.position(node.lineno, node.col_offset),
            self.source.position(end_line, end_column),
        )

    def call_at(self, anchor: Anchor) -> ast.Call | None:
        """Return the call at an address."""
        return next((node for node in self.calls if self.anchor(node) == anchor), None)

    def reads(self, name: str) -> int:
        """Return how often a name is read anywhere in the module."""
        return sum(isinstance(node, ast.Name) for node in self.mentions.reads.get(name, ()))

    def code(self, node: ast.expr | ast.stmt) -> str:
        """Return the source text of a node, as the author wrote it."""
        start = self.offset(node.lineno, node.col_offset)
        return self.source.text[start : self.offset(node.end_lineno or 0, node.end_col_offset or 0)]

    def offset(self, line: int, utf8_column: int) -> int:
        """Return the index into the text of a place that `ast` names."""
        position = self.source.position(line, utf8_column)
        return self.line_starts[position.line - 1] + position.column

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the nodes around a node, innermost first."""
        parent = self.table.parents.get(node)
        while parent is not None:
            yield parent
            parent = self.table.parents.get(parent)

    def statement_of(self, node: ast.AST) -> ast.stmt:
        """Return the innermost statement that holds a node."""
        for candidate in (node, *self.ancestors(node)):
            if isinstance(candidate, ast.stmt):
                return candidate
        raise AssertionError("an expression outside of any statement")

    def block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the statements among which one stands."""
        for field in ast.iter_fields(self.table.parents[statement]):
            block = field[1]
            if isinstance(block, list) and any(other is statement for other in block):
                return block
        raise AssertionError("a statement outside of any block")

    def function_scope(self, node: ast.AST) -> Scope | None:
        """Return the scope of the innermost function around a node, None at module or class level."""
        scope: Scope | None = self.table.enclosing(node)
        while scope is not None and not isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
            scope = scope.parent
        return scope

    def function_name(self, node: ast.AST) -> str:
        """Return the qualified name of the innermost function around a node, "" for none."""
        scope = self.function_scope(node)
        return "" if scope is None else scope.qualname

    def local_symbol(self, expression: ast.expr) -> Symbol | str | None:
        """Resolve a name or dotted name within this module.

        Returns a dotted import target (leading dots: relative) as `str`, a definition of this module
        as `Symbol`, None for anything unknown, ambiguous or computed.
        """
        match expression:
            case ast.Name():
                return self._name_symbol(expression.id, self.table.enclosing(expression))
            case ast.Attribute():
                base = self.local_symbol(expression.value)
                if isinstance(base, str):
                    joint = "" if base.endswith(".") else "."
                    return f"{base}{joint}{expression.attr}"
                if isinstance(base, Symbol) and base.name:
                    return Symbol(base.path, f"{base.name}.{expression.attr}")
        return None

    def find_function(self, expression: ast.expr) -> tuple[Module, FunctionNode] | None:
        """Return the function that an expression names, and its module: this one, as far as is known."""
        symbol = self.local_symbol(expression)
        node = self.functions.get(symbol.name) if isinstance(symbol, Symbol) else None
        return None if node is None else (self, node)

    def find_variable(self, expression: ast.expr) -> tuple[Module, list[Binding]] | None:  # noqa: ARG002 - a linked module knows more
        """Return what binds the variable of another module that an expression names, and that module."""
        return None

    def find_inherited(self, owner: ast.ClassDef, name: str) -> tuple[Module, FunctionNode] | None:  # noqa: ARG002 - a linked module knows more
        """Return the method that a class has from another one, None where that is not known."""
        return None

    def iter_users(self, name: str) -> tuple[Module, ...]:  # noqa: ARG002 - as above
        """Return the modules that may use a function of this one, as far as they are known."""
        return (self,)

    def _name_symbol(self, name: str, scope: Scope) -> Symbol | str | None:
        home = scope.find(name)
        if home is None:
            return None
        target = import_target(home.bindings[name])
        if target is not None:
            return target
        if any(binding.kind is BindingKind.IMPORT for binding in home.bindings[name]):
            return None
        return Symbol(self.path, f"{home.qualname}.{name}".lstrip("."))


def import_target(bindings: list[Binding]) -> str | None:
    """Return what an imported name stands for, None if it may be anything else.

    `try: import httpx2 as httpx / except ImportError: import httpx` binds twice; both count as
    the first, since they have the same API. `= None` beside an import means that it is optional.
    """
    targets = [binding.target for binding in bindings if binding.kind is BindingKind.IMPORT]
    others = [binding for binding in bindings if binding.kind is not BindingKind.IMPORT]
    if not targets or not all(is_missing_marker(binding) for binding in others):
        return None
    plain = {target.replace("httpx2", "httpx", 1) for target in targets}
    return targets[0] if len(plain) == 1 else None


def is_missing_marker(binding: Binding) -> bool:
    """Answer whether a binding is the `x = None` of an `except ImportError`."""
    return isinstance(binding.value, ast.Constant) and binding.value.value is None
