"""What stands in the bodies of functions and classes, for code that is to be added there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.facts import Argument, Class, Function, Symbol
from httpx_fixer.analysis.functions import build_argument
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.store import is_test_path
from httpx_fixer.source import Anchor


class Bodies:
    """Answers where the statements of a function or class stand."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known: dict[bytes, tuple[Class, ...]] = {}

    def of_function(self, function: Function) -> tuple[Anchor, Anchor] | None:
        """Return the first and the last statement of a function behind its docstring, if there is one."""
        module = self._resolver.store.module(function.path)
        node = None if module is None else module.functions.get(function.qualname)
        body = [] if node is None else node.body[ast.get_docstring(node, clean=False) is not None :]
        return (module.anchor(body[0]), module.anchor(body[-1])) if module is not None and body else None

    def classes_with(self, word: bytes) -> tuple[Class, ...]:
        """Return the classes of all files outside of tests that hold a word, in order."""
        if word not in self._known:
            self._known[word] = tuple(self._iter_classes(word))
        return self._known[word]

    def _iter_classes(self, word: bytes) -> Iterator[Class]:
        for path in self._resolver.store.paths_with(word):
            module = None if is_test_path(path) else self._resolver.store.module(path)
            if module is not None:
                yield from (self._build(module, name, node) for name, node in module.classes.items())

    def _build(self, module: Module, name: str, node: ast.ClassDef) -> Class:
        methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        assigned = [one for one in node.body if isinstance(one, ast.Assign | ast.AnnAssign)]
        return Class(
            Symbol(module.path, name),
            module.anchor(node),
            tuple(self._resolver.expression(module, base) for base in node.bases),
            tuple(self._iter_values(module, node)),
            frozenset(method.name for method in methods),
            module.anchor(node.body[-1]),
            module.anchor(assigned[-1]) if assigned else None,
        )

    def _iter_values(self, module: Module, node: ast.ClassDef) -> Iterator[Argument]:
        for statement in node.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    yield build_argument(module, name, value, self._resolver.expression)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    yield build_argument(module, name, value, self._resolver.expression)
