"""What the callers of a function that makes a client do with it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from httpx_fixer.analysis.facts import FactoryUse, Reference
from httpx_fixer.analysis.local_clients import build_local_client
from httpx_fixer.analysis.local_uses import ENTERING
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.site_facts import Closing


def iter_factory_uses(
    resolver: Resolver, references: Iterable[Reference], *, is_async: bool
) -> Iterator[FactoryUse]:
    """Yield what becomes of the client at each reference outside of tests, imports left out."""
    for reference in references:
        if reference.is_test or reference.how in {"import", "text"}:
            continue
        module = resolver.store.module(reference.path)
        is_closed = module is not None and _is_closed(module, reference, is_async=is_async)
        yield FactoryUse(reference.path, reference.function, is_closed)


def _is_closed(module: Module, reference: Reference, *, is_async: bool) -> bool:
    if reference.call is None:
        return False
    call = module.call_at(reference.call.anchor)
    if call is None:
        return False
    value: ast.expr = call
    parent = module.table.parents[call]
    if isinstance(parent, ast.Await):
        value, parent = parent, module.table.parents[parent]
    match parent:
        case ast.withitem():
            return parent.context_expr is value
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in ENTERING:
            return True
        case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
            local = build_local_client(module, value, is_async=is_async)
            return local is not None and local.closing is Closing.ALWAYS and not local.is_stored
    return False
