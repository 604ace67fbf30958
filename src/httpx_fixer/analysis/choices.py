"""Constructor arguments that are decided on each call, among few values: there can be a pool for each."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.scopes import Binding, BindingKind, Scope
from httpx_fixer.analysis.text_search import TextSearch
from httpx_fixer.patterns import compile_later

CHOSEN = frozenset({"proxies", "proxy", "trust_env", "verify"})
"""Arguments that a borrower may still give: there is a pool for each value."""
_BOOLEANS = frozenset({"bool", "bool | None", "Optional[bool]"})
_MADE_PROXY = compile_later(r"\bProxy\(")
_MADE_CONTEXT = compile_later(r"\b(?:SSLContext|create_default_context|create_ssl_context)\(")
"""What makes an object that is like no other, though it may be made of the same."""
_NAMES_CONTEXT = compile_later(r"(?i)ssl_?context|create_default_context|ssl_?ctx|\bimport ssl\b")
_SETTINGS = compile_later(r"(?i)\w*(?:settings|config|cfg|conf)")
_DEPTH = 5
"""Through how many names a value is followed."""


class Choices:
    """Answers whether an expression has few values, however long the process runs.

    They are booleans, what the module or an imported one holds, and elements of a collection there.
    """

    def __init__(
        self, resolver: Resolver, search: TextSearch, is_fixed: Callable[[Module, ast.Call], bool]
    ) -> None:
        self._resolver = resolver
        self._search = search
        self._is_fixed = is_fixed
        self._declared: dict[str, bool] = {}

    def may_share(self, module: Module, name: str, value: ast.expr) -> bool:
        """Answer whether clients that give the same value of an argument can have a pool together.

        The address of a proxy is a text, and `proxies=` a table of them; what an object keeps for
        `verify=` is a text, too, where nothing speaks of contexts. Equal ones mean the same, and of too
        many values there is no pool for each.
        """
        if self.has_few(module, value):
            return True
        if name in {"proxies", "proxy"}:
            return not _MADE_PROXY.search(module.source.text)
        is_kept = isinstance(value, ast.Attribute) and not _NAMES_CONTEXT.search(ast.unparse(value))
        return is_kept and not _NAMES_CONTEXT.search(module.source.text)

    def has_few(self, module: Module, value: ast.expr, depth: int = _DEPTH) -> bool:
        """Answer whether a value of a function is one of few."""
        match value:
            case ast.Constant() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return True
            case ast.BoolOp(values=values):
                return all(self.has_few(module, one, depth) for one in values)
            case ast.IfExp(body=body, orelse=other):
                return self.has_few(module, body, depth) and self.has_few(module, other, depth)
            case ast.Name():
                return self._is_few_name(module, value, depth)
            case ast.Attribute(attr=attribute):
                return self._is_kept(module, value) or self._is_declared_bool(attribute)
            case ast.Subscript(value=collection):
                return self._is_collection(module, collection)
            case ast.Call():
                return self._is_few_call(module, value)
        return False

    def _is_few_name(self, module: Module, name: ast.Name, depth: int) -> bool:
        home = module.table.enclosing(name).find(name.id)
        if home is None or depth == 0:
            return False
        if home.parent is None:
            return self._is_kept(module, name)
        bindings = home.bindings[name.id]
        return all(self._is_few_binding(module, home, one, name.id, depth) for one in bindings)

    def _is_few_binding(self, module: Module, home: Scope, binding: Binding, name: str, depth: int) -> bool:
        if binding.kind is BindingKind.PARAMETER:
            return _is_bool(_find_annotation(home, name))
        return binding.value is not None and self.has_few(module, binding.value, depth - 1)

    def _is_collection(self, module: Module, value: ast.expr) -> bool:
        """Answer whether a value is a collection that no request adds to: `settings.PROXIES`."""
        return _is_setting(value) and self._is_kept(module, value)

    def _is_kept(self, module: Module, value: ast.expr) -> bool:
        """Answer whether a value is read from a module, whose names are bound once, and is not replaced."""
        is_open = isinstance(value, ast.Attribute) and not _is_setting(value)
        if is_open and self._search.is_attribute_assigned(ast.unparse(value).rpartition(".")[2]):
            return False
        while isinstance(value, ast.Attribute):
            value = value.value
        if not isinstance(value, ast.Name):
            return False
        home = module.table.enclosing(value).find(value.id)
        bindings = [] if home is None else home.bindings[value.id]
        if home is None or len(bindings) != 1:
            return False
        return bindings[0].kind is BindingKind.IMPORT or (
            home.parent is None and module.table.enclosing(bindings[0].node) is home
        )

    def _is_few_call(self, module: Module, call: ast.Call) -> bool:
        if self._is_fixed(module, call) and not _MADE_CONTEXT.search(ast.unparse(call)):
            return True  # a context that is made on each call is equal to no other
        if isinstance(call.func, ast.Name) and call.func.id == "bool":
            return module.table.enclosing(call).find("bool") is None
        target = self._resolver.expression(module, call.func)
        if target is None:
            return False
        if not target.path:
            return (
                target.name == "random.choice"
                and len(call.args) == 1
                and self._is_collection(module, call.args[0])
            )
        found = self._resolver.store.module(target.path)
        function = None if found is None else found.functions.get(target.name)
        return isinstance(function, ast.FunctionDef) and _is_bool(function.returns)

    def _is_declared_bool(self, attribute: str) -> bool:
        """Answer whether all classes of the project that declare an attribute say that it is a boolean."""
        if attribute not in self._declared:
            word = re.escape(attribute)
            pattern = re.compile(rf"(?m)^[ \t]+(?:self\.)?{word}[ \t]*:[ \t]*([^=\n#]+)")
            texts = (self._search.text(path) for path in self._search.mentions(attribute.encode()))
            kinds = {kind.strip().rstrip(",") for text in texts for kind in pattern.findall(text)}
            self._declared[attribute] = bool(kinds) and kinds <= _BOOLEANS
        return self._declared[attribute]


def _find_annotation(home: Scope, name: str) -> ast.expr | None:
    if not isinstance(home.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    arguments = home.node.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return next((one.annotation for one in given if one.arg == name), None)


def _is_bool(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation) in _BOOLEANS


def _is_setting(value: ast.expr) -> bool:
    """Answer whether a name says that its value is set once: `PROXIES`, `settings.proxies`."""
    words = ast.unparse(value).split(".")
    return words[-1].isupper() or _SETTINGS.fullmatch(words[0]) is not None
