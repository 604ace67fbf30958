"""Who names a function, and who calls what."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.facts import Assigned, Call, Function, Reference, Symbol
from httpx_fixer.analysis.files import holds_word
from httpx_fixer.analysis.functions import build_argument
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.store import is_test_path


def find_calls(resolver: Resolver, names: tuple[str, ...], about: str) -> tuple[Call, ...]:
    """Return every call `f(...)` or `x.f(...)` of those names outside of tests, in order.

    `about` is a word that the files must hold, too: what does not name it need not be parsed.
    """
    words = [f"{name}(".encode() for name in names] + [f"{name} as".encode() for name in names]
    found: list[Call] = []
    for path in resolver.store.paths_with(*words):
        if is_test_path(path) or about.encode() not in resolver.store.data(path):
            continue
        module = resolver.store.module(path)
        if module is not None:
            found.extend(_iter_calls(resolver, module, names))
    return tuple(found)


def find_calls_in(resolver: Resolver, path: str, names: tuple[str, ...]) -> tuple[Call, ...]:
    """Return every call `f(...)` or `x.f(...)` of those names in one file, in order."""
    module = resolver.store.module(path)
    return () if module is None else tuple(_iter_calls(resolver, module, names))


def _iter_calls(resolver: Resolver, module: Module, names: tuple[str, ...]) -> Iterator[Call]:
    for node in module.calls_of(names):
        is_wanted = True
        if isinstance(node.func, ast.Name) and node.func.id not in names:
            local = module.local_symbol(node.func)
            is_wanted = isinstance(local, str) and local.rpartition(".")[2] in names
        if is_wanted:
            yield resolver.call(module, node)


def find_given(resolver: Resolver, keyword: str) -> frozenset[Symbol]:
    """Return everything that is given as a keyword argument of that name outside of tests."""
    found: set[Symbol] = set()
    for path in resolver.store.paths_with(f"{keyword}=".encode(), f"{keyword} =".encode()):
        module = resolver.store.module(path)
        for node in module.calls if module is not None and not module.is_test else ():
            for given in node.keywords:
                symbol = resolver.expression(module, given.value) if module and given.arg == keyword else None
                if symbol is not None:
                    found.add(symbol)
    return frozenset(found)


def find_assigned(resolver: Resolver, attribute: str) -> tuple[Assigned, ...]:
    """Return every `x.attribute = value` outside of tests, in order."""
    modules = (
        resolver.store.module(path)
        for path in resolver.store.paths_with(f".{attribute}".encode())
        if not is_test_path(path)
    )
    return tuple(
        Assigned(
            module.path,
            module.function_name(node),
            resolver.expression(module, node.targets[0].value),
            build_argument(module, "", node.value, resolver.expression),
            module.code(node.targets[0]),
            isinstance(module.table.parents[node], ast.FunctionDef | ast.AsyncFunctionDef | ast.Module),
        )
        for module in modules
        if module is not None
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and node.targets[0].attr == attribute
    )


def find_references(resolver: Resolver, function: Function) -> tuple[Reference, ...]:
    """Return every place that names a function, tests included, its definition left out.

    For a method an attribute of that name on an unknown object counts: it may be the method.
    """
    found: list[Reference] = []
    word = function.name.encode()
    for path in resolver.store.paths_with(word):
        if holds_word(resolver.store.data(path), word):
            module = resolver.store.module(path)
            if module is not None:
                found.extend(_iter_references(resolver, module, function))
    return tuple(sorted(found, key=lambda reference: (reference.path, reference.line, reference.how)))


def _iter_references(resolver: Resolver, module: Module, function: Function) -> Iterator[Reference]:
    aliases = {function.name}
    own: dict[ast.ClassDef, bool] = {}
    for statement in module.mentions.imports.get(function.name, ()):
        if _imports(resolver, module, statement, function):
            aliases |= {one.asname or one.name for one in statement.names if one.name == function.name}
            yield _place(module, statement, "import", None)
    for name in sorted(aliases):
        for node in module.mentions.reads.get(name, ()):
            known = resolver.expression(module, node)
            is_vague = known is None or (known.path and not resolver.has_function(known))
            is_like = is_vague and function.owner and isinstance(node, ast.Attribute)
            if known == function.symbol or (
                is_like and not _is_own_attribute(resolver, module, node, function, own)
            ):
                yield _reference(resolver, module, node)
    for text in module.mentions.texts.get(function.name, ()):
        yield _place(module, text, "text", None)


def _is_own_attribute(
    resolver: Resolver,
    module: Module,
    node: ast.expr,
    function: Function,
    known: dict[ast.ClassDef, bool],
) -> bool:
    """Answer whether `self.name` is an attribute that the class around assigns, and none of a method's.

    Of a class that derives from no class of the project, so that no method of another one can be meant.
    `known` keeps the answers: {class: whether it is so}.
    """
    scope = module.function_scope(node)
    around = None if scope is None or scope.parent is None else scope.parent.node
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if isinstance(around, ast.ClassDef):
            is_its_own = (module.path, around.name) == (function.path, function.owner)
            if is_its_own:
                return False
            if around not in known:
                is_apart = all(_is_of_a_library(resolver, module, base) for base in around.bases)
                known[around] = is_apart and any(_assigns(inner, name) for inner in ast.walk(around))
            return known[around]
    return False


def _is_of_a_library(resolver: Resolver, module: Module, base: ast.expr) -> bool:
    """Answer whether a class that another one derives from is known, and none of the project's."""
    if module.code(base) == "object":
        return True
    symbol = resolver.expression(module, base)
    return symbol is not None and not symbol.path


def _assigns(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=attribute, ctx=ast.Store()):
            return attribute == name
    return False


def _imports(resolver: Resolver, module: Module, node: ast.ImportFrom, function: Function) -> bool:
    prefix = "." * node.level + (node.module or "")
    joint = "" if prefix.endswith(".") else "."
    return resolver.dotted(module.path, f"{prefix}{joint}{function.name}") == function.symbol


def _reference(resolver: Resolver, module: Module, node: ast.Name | ast.Attribute) -> Reference:
    parent = module.table.parents[node]
    if isinstance(parent, ast.Call) and parent.func is node:
        return _place(module, node, "call", resolver.call(module, parent))
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return _place(module, node, "decorated", None)
    return _place(module, node, "value", None)


def _place(module: Module, node: ast.expr | ast.stmt, how: str, call: Call | None) -> Reference:
    return Reference(module.path, node.lineno, how, module.function_name(node), call, module.is_test)


def iter_calls_passing(resolver: Resolver, module: Module, symbol: Symbol) -> Iterator[Call]:
    """Yield the calls of a module that get the object `symbol` as an argument."""
    name = symbol.name.rpartition(".")[2]
    for node in module.calls:
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        if any(_last_name(value) == name for value in values):
            yield resolver.call(module, node)


def _last_name(value: ast.expr) -> str:
    """Return `app` for `app` and for `self.app`, "" for anything else."""
    match value:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name
    return ""
