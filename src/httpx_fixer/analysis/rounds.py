"""Loops that build the same client anew in every round, and what they do to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.endless import leaves
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.scopes import Scope
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite, Loop
from httpx_fixer.analysis.usage import VERBS, iter_changed_names

_Loop = ast.For | ast.AsyncFor | ast.While
_GATHERED = (ast.GeneratorExp, ast.ListComp, ast.Starred, ast.List, ast.Tuple)
_HARMLESS = frozenset({"print", "len", "str", "repr", "range", "enumerate", "zip", "sorted", "int", "float"})
"""Builtins that change nothing of what they are given."""
_FEW = 2
"""Rounds from which on a client a round is one too many."""


class Rounds:
    """Answers which loops could share one client among their rounds."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def around(self, site: ClientSite) -> Loop | None:
        """Return the loop around a `with` block that may as well stand in one block of the client.

        Also around a request of the package, whose client gets no arguments. None where it has not
        plainly several rounds, where what the client is built from may differ from round to round, or
        where a request may outlive its round.
        """
        is_wanted = site.top_level or site.form is BindingForm.WITH
        module = self._resolver.store.module(site.path) if is_wanted else None
        call = None if module is None else module.call_at(site.anchor)
        if module is None or call is None or module.table.enclosing(call).is_class():
            return None
        scope = module.function_scope(call) or module.table.module
        block = module.statement_of(call)
        if not _ends_with_its_requests(module, block, site.name):
            return None
        is_shareable = _is_request_shareable if site.top_level else _is_shareable
        found: Loop | None = None
        is_caught = False
        for around in module.ancestors(block):
            match around:
                case ast.With() | ast.AsyncWith() if site.name in _targets(around):
                    return None
                case ast.Try(handlers=[_, *_]) | ast.TryStar(handlers=[_, *_]):
                    is_caught = True
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                    break
                case ast.For() | ast.AsyncFor() | ast.While():
                    if not is_shareable(module, around, block, call, scope):
                        break
                    found = Loop(module.anchor(around), is_caught)
        return found


def _targets(statement: ast.With | ast.AsyncWith) -> set[str]:
    targets = (item.optional_vars for item in statement.items if item.optional_vars is not None)
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _ends_with_its_requests(module: Module, block: ast.stmt, name: str) -> bool:
    """Answer whether each request is awaited right there, or gathered with others: none goes on behind."""
    if not isinstance(block, ast.AsyncWith):
        return True
    for node in ast.walk(block):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=holder), attr=attribute)) if holder == name:
                if attribute in VERBS | {"send"} and not _is_awaited(module, node):
                    return False
    return True


def _is_awaited(module: Module, call: ast.Call) -> bool:
    parent = module.table.parents[call]
    while isinstance(parent, _GATHERED):
        parent = module.table.parents[parent]
    match parent:
        case ast.Await():
            return True
        case ast.Call(func=ast.Attribute(attr="gather") | ast.Name(id="gather")):
            is_whole = isinstance(module.table.parents[parent], ast.Await)
            # When one of them fails the others go on, and where that is caught so does the loop.
            return is_whole and not any(isinstance(one, ast.Try) for one in module.ancestors(call))
    return False


def _is_request_shareable(module: Module, loop: _Loop, block: ast.stmt, call: ast.Call, _: Scope) -> bool:
    """Answer the same of a request that a function of the package sends."""
    names = {node.id for node in ast.walk(call.func) if isinstance(node, ast.Name)}
    bound = {*iter_changed_names([loop]), *_iter_imported_names(loop), *_iter_stored_names(loop)}
    return _may_be_around(module, loop, block) and not names & bound


def _may_be_around(module: Module, loop: _Loop, block: ast.stmt) -> bool:
    is_inside = any(node is block for child in loop.body for node in ast.walk(child))
    return is_inside and _has_rounds(loop) and "environ" not in module.code(loop)


def _is_shareable(module: Module, loop: _Loop, block: ast.stmt, call: ast.Call, scope: Scope) -> bool:
    if not _may_be_around(module, loop, block):
        return False
    given = {node for keyword in call.keywords for node in ast.walk(keyword.value)}
    names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    changed = {*iter_changed_names([loop]), *_iter_imported_names(loop), *_iter_passed_names(loop, call)}
    bound = _targets(block) if isinstance(block, ast.With | ast.AsyncWith) else set()
    is_bound_once = sum(name in bound for name in _iter_stored_names(loop)) == 1
    if names & changed or not is_bound_once or "self" in names:
        return False
    return all(_is_settled(module, node, loop, scope) for node in given if isinstance(node, ast.Name))


def _has_rounds(loop: ast.For | ast.AsyncFor | ast.While) -> bool:
    """Answer whether a loop plainly has several rounds: one that tries again until it succeeds has not."""
    if _always_leaves(loop.body):
        return False
    match loop:
        case ast.While(test=ast.Constant()):
            return True
        case ast.While():
            return not leaves(loop)
        case ast.For(iter=ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements)):
            return len(elements) >= _FEW and not leaves(loop)
        case ast.For(iter=ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=0 | 1)])):
            return False
        case ast.For(iter=ast.Call(func=ast.Name(id="range"))):
            return not leaves(loop)
    return True


def _always_leaves(body: list[ast.stmt]) -> bool:
    """Answer whether a block ends the loop around when all goes well."""
    match body[-1]:
        case ast.Return() | ast.Break() | ast.Raise():
            return True
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return _always_leaves(inner)
        case ast.Try(body=inner, orelse=rest) | ast.TryStar(body=inner, orelse=rest):
            return _always_leaves(rest or inner)
        case ast.If(body=inner, orelse=[_, *_] as rest):
            return _always_leaves(inner) and _always_leaves(rest)
    return False


def _iter_stored_names(loop: ast.AST) -> Iterator[str]:
    for node in ast.walk(loop):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id


def _iter_imported_names(loop: ast.AST) -> Iterator[str]:
    """Yield the names that imports and definitions inside of a loop bind."""
    for node in ast.walk(loop):
        match node:
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                yield name


def _iter_passed_names(loop: ast.AST, call: ast.Call) -> Iterator[str]:
    """Yield the names of objects that other functions get in a loop: these may change them."""
    for node in ast.walk(loop):
        if not isinstance(node, ast.Call) or node is call:
            continue
        match node.func:
            case ast.Name(id=name) if name in _HARMLESS:
                continue
            case ast.Attribute(attr=name) if name in VERBS | {"stream"}:
                continue
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        yield from (value.id for value in values if isinstance(value, ast.Name))


def _is_settled(module: Module, name: ast.Name, loop: ast.stmt, scope: Scope) -> bool:
    """Answer whether a name has its value before a loop begins, and keeps it."""
    home = module.table.enclosing(name).find(name.id)
    if home is None:
        return True
    bindings = home.bindings[name.id]
    if any(name.id in other.elsewhere for other in module.table.of.values()):
        return False
    if home is not scope:
        bodies = (function.body for function in module.functions.values())
        return len(bindings) == 1 and all(name.id not in set(iter_changed_names(body)) for body in bodies)
    around = {id(loop), *(id(node) for node in module.ancestors(loop))}
    return any(
        isinstance(binding.node, ast.arg)
        or id(module.table.parents[module.statement_of(binding.node)]) in around
        for binding in bindings
    )
