"""Which calls get a client as an argument."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite


def iter_takers(resolver: Resolver, site: ClientSite) -> Iterator[Call]:
    """Yield the calls of a site's module that get its client, in source order."""
    module = resolver.store.module(site.path)
    for node in module.calls if module is not None else ():
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        if module is not None and any(_holds(module, site, value) for value in values):
            yield resolver.call(module, node)


def _holds(module: Module, site: ClientSite, value: ast.expr) -> bool:
    """Answer whether an argument is the client, or may be."""
    match value:
        case ast.IfExp(body=body, orelse=other):
            return _holds(module, site, body) or _holds(module, site, other)
        case ast.BoolOp(values=values):
            return any(_holds(module, site, one) for one in values)
        case ast.Call():
            return value.lineno == site.line and module.anchor(value) == site.anchor
        case ast.Attribute() if site.form is BindingForm.INSTANCE:
            owner = site.function.rpartition(".")[0]
            is_there = module.function_name(value).rpartition(".")[0] == owner
            return is_there and ast.unparse(value) == site.name
        case ast.Name(id=name) if name == site.name:
            is_module = site.form in {BindingForm.MODULE, BindingForm.LAZY}
            holder = name if is_module or not site.function else f"{site.function}.{name}"
            return module.local_symbol(value) == Symbol(site.path, holder)
    return False


def reads_result(module: Module | None, function: str, names: frozenset[str]) -> bool:
    """Answer whether one of some names is a local variable of a function that holds what a call returned."""
    scopes = () if module is None or not function else module.scopes_named.get(function, ())
    values = (binding.value for scope in scopes for name in names for binding in scope.bindings.get(name, ()))
    return any(
        isinstance(node, ast.Call) for value in values if value is not None for node in ast.walk(value)
    )
