"""Places that may name a function although nothing proves it."""

from __future__ import annotations

import ast
import re

from httpx_fixer.analysis.facts import Function, Symbol
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.scopes import BindingKind, Scope
from httpx_fixer.analysis.text_search import TextSearch
from httpx_fixer.patterns import compile_later

_LOADS_BY_NAME = compile_later(rb"\bimport_module\b|\b__import__\b|\bgetattr\(\s*\w*modules?\b")


def find_unclear_mention(
    resolver: Resolver, search: TextSearch, function: Function
) -> tuple[str, int] | None:
    """Return the first place that may name a function of a module's level unseen: (path, line).

    A star import, a module that is loaded by its name, an import under another name that others
    import from there, a second definition, a string with its name in a test, a string `"pkg.mod:name"`
    anywhere, a file that cannot be parsed.
    """
    home = resolver.store.module(function.path)
    if home is None or len(home.table.module.bindings.get(function.name, [])) != 1:
        return function.path, function.line
    word = function.name.encode()
    named = search.find_in_tests(word, rb"[\"'](?:[\w.]*\.)?" + word + rb"[\"']")
    if named is not None:
        return named
    loaded = re.compile(rb"[\"'][\w.]+:" + word + rb"[\"']")
    for path in resolver.store.paths_with(word):
        text = loaded.search(resolver.store.data(path))
        if text is not None:
            return path, resolver.store.data(path)[: text.start()].count(b"\n") + 1
        if re.search(rb"\b" + word + rb"\b", resolver.store.data(path)) is None:
            continue
        module = resolver.store.module(path)
        line = 1 if module is None else _find_line(resolver, search, module, function)
        if line is not None:
            return path, line
    return None


def _find_line(resolver: Resolver, search: TextSearch, module: Module, function: Function) -> int | None:
    for statement in module.mentions.imports.get(function.name, ()):
        for alias in statement.names:
            renamed = alias.asname if alias.name == function.name else None
            if renamed is not None and search.readers_elsewhere(module.path, renamed):
                return statement.lineno
    for node in module.mentions.reads.get(function.name, ()):
        if _is_unclear(resolver, module, node):
            return node.lineno
    return None


def _is_unclear(resolver: Resolver, module: Module, node: ast.Name | ast.Attribute) -> bool:
    known = resolver.expression(module, node)
    if known is not None:
        return _leads_nowhere(resolver, known)
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return _LOADS_BY_NAME.search(module.source.data) is not None
    home = module.table.enclosing(root).find(root.id)
    if home is None:
        return root is node or _LOADS_BY_NAME.search(module.source.data) is not None
    return _may_be_imported(home, root.id) or (root is node and home is module.table.module)


def _leads_nowhere(resolver: Resolver, known: Symbol) -> bool:
    """Answer whether a name is taken from a module of the project that is not seen to bind it."""
    module = resolver.store.module(known.path) if known.path and "." not in known.name else None
    return module is not None and bool(known.name) and known.name not in module.table.module.bindings


def _may_be_imported(home: Scope, name: str) -> bool:
    return any(binding.kind is BindingKind.IMPORT for binding in home.bindings.get(name, []))
