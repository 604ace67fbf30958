"""Places that close or enter a client which a module keeps for all."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.escapes import CLOSERS
from httpx_fixer.analysis.facts import BorrowedClose, Symbol
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.references import find_references
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.analysis.store import is_test_path


def iter_borrowed_closes(resolver: Resolver, site: ClientSite) -> Iterator[BorrowedClose]:
    """Yield the places in functions, tests left out, that close or enter what a module's name holds."""
    for module, node in iter_holders(resolver, site):
        parent = module.table.parents[node]
        outer = module.table.parents.get(parent)
        if not module.function_name(node):
            continue
        if isinstance(parent, ast.withitem) and parent.context_expr is node:
            yield _build_entered(module, parent)
        elif isinstance(outer, ast.Call) and outer.func is parent and _names_close(parent):
            yield _build_closed(module, outer)


def _names_close(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in CLOSERS


def iter_holders(resolver: Resolver, site: ClientSite) -> Iterator[tuple[Module, ast.expr]]:
    """Yield each expression that is the client: its name, calls of functions that return it, and
    the local variables that hold what these returned."""
    symbol = Symbol(site.path, site.name)
    is_cached = site.form is BindingForm.CACHED
    for path in () if is_cached else resolver.store.paths_with(site.name.encode()):
        module = None if is_test_path(path) else resolver.store.module(path)
        for node in module.mentions.reads.get(site.name, ()) if module is not None else ():
            if module is not None and resolver.expression(module, node) == symbol:
                yield module, node
    home = resolver.store.module(site.path)
    givers = {} if home is None else home.functions
    names = [site.function] if is_cached else [n for n, node in givers.items() if _gives(home, node, site)]
    for function in filter(None, (resolver.function(Symbol(site.path, name)) for name in names)):
        for reference in find_references(resolver, function):
            module = resolver.store.module(reference.path)
            if module is None or reference.is_test or reference.call is None:
                continue
            call = module.call_at(reference.call.anchor)
            if call is not None:
                yield from ((module, node) for node in _iter_held(module, call))


def _iter_held(module: Module, call: ast.Call) -> Iterator[ast.expr]:
    """Yield what holds the result of a call: itself, and the reads of the local variable it goes to."""
    value: ast.expr = call
    parent = module.table.parents[call]
    if isinstance(parent, ast.Await):
        value, parent = parent, module.table.parents[parent]
    yield value
    scope = module.function_scope(call)
    match parent:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            bindings = [] if scope is None else scope.bindings.get(name, [])
            if scope is None or name in scope.elsewhere or len(bindings) != 1:
                return
            for node in module.mentions.reads.get(name, ()):
                if isinstance(node, ast.Name) and module.table.enclosing(node).find(name) is scope:
                    yield node


def _gives(module: Module | None, node: ast.FunctionDef | ast.AsyncFunctionDef, site: ClientSite) -> bool:
    """Answer whether a plain function returns the client of its module, and nothing else."""
    if module is None or isinstance(node, ast.AsyncFunctionDef) or node.decorator_list:
        return False
    returned = [inner.value for inner in own_nodes(node) if isinstance(inner, ast.Return)]
    symbol = Symbol(site.path, site.name)
    return bool(returned) and all(
        isinstance(value, ast.Name) and module.local_symbol(value) == symbol for value in returned
    )


def _build_entered(module: Module, item: ast.withitem) -> BorrowedClose:
    statement = module.table.parents[item]
    assert isinstance(statement, ast.With | ast.AsyncWith)
    index = statement.items.index(item)
    target, obstacle = "", ""
    if isinstance(item.optional_vars, ast.Name):
        target = item.optional_vars.id
        obstacle = "it is not the first that its `with` statement enters" if index else ""
    elif item.optional_vars is not None:
        obstacle = "its `with` statement binds more than a name"
    return BorrowedClose(
        module.path,
        module.function_name(statement),
        module.anchor(item.context_expr),
        module.anchor(statement),
        index,
        target,
        module.code(item.context_expr),
        obstacle,
    )


def _build_closed(module: Module, call: ast.Call) -> BorrowedClose:
    statement = module.statement_of(call)
    value = statement.value if isinstance(statement, ast.Expr) else None
    is_plain = (value.value if isinstance(value, ast.Await) else value) is call
    block = module.block_of(statement)
    around = module.table.parents[statement]
    is_last_resort = isinstance(around, ast.Try) and block is around.finalbody
    obstacle = "" if is_plain else "it is closed in a larger expression"
    is_alone = len(block) == 1
    if is_plain and is_alone and not is_last_resort:
        obstacle = "the block around would be empty"
    whole = around if is_alone and isinstance(around, ast.Try) and is_last_resort else statement
    return BorrowedClose(
        module.path,
        module.function_name(call),
        module.anchor(call),
        module.anchor(whole),
        -1 if whole is statement else 0,
        "",
        "",
        obstacle,
    )
