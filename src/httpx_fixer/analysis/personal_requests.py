"""Requests that a client of a module sends in the name of one caller."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.borrowed_closes import iter_holders
from httpx_fixer.analysis.facts import Call
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.scopes import BindingKind, FunctionNode
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.analysis.usage import VERBS

_SENDS = VERBS | {"build_request", "stream"}
_PERSONAL = frozenset({"auth", "cookies", "headers"})


def iter_requests(resolver: Resolver, site: ClientSite) -> Iterator[tuple[Call, bool]]:
    """Yield each request sent through the client of a module outside of tests.

    The answer beside it is whether its headers, auth or cookies come from a parameter of its function.
    """
    for module, node in iter_holders(resolver, site):
        parent = module.table.parents[node]
        call = module.table.parents.get(parent)
        if isinstance(parent, ast.Attribute) and parent.attr in _SENDS and isinstance(call, ast.Call):
            given = [keyword.value for keyword in call.keywords if keyword.arg in _PERSONAL]
            yield resolver.call(module, call), any(_reads_parameter(module, value) for value in given)


def _reads_parameter(module: Module, value: ast.expr, *, follows: bool = True) -> bool:
    """Answer whether an expression reads a parameter, or a local variable made from one."""
    for node in ast.walk(value):
        if not isinstance(node, ast.Name) or node.id in {"self", "cls"}:
            continue
        home = module.table.enclosing(node).find(node.id)
        for binding in (
            home.bindings[node.id] if home is not None and isinstance(home.node, FunctionNode) else ()
        ):
            if binding.kind is BindingKind.PARAMETER:
                return True
            if (
                follows
                and binding.value is not None
                and _reads_parameter(module, binding.value, follows=False)
            ):
                return True
    return False
