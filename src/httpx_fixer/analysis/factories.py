"""What the callers of a function that makes a client, or keeps one, do with it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from httpx_fixer.analysis.closing import is_closed
from httpx_fixer.analysis.escapes import CLOSERS, Way, find_step, last_name
from httpx_fixer.analysis.facts import Call, Ending, FactoryUse, Function, Reference, Symbol
from httpx_fixer.analysis.linked_module import Links
from httpx_fixer.analysis.local_clients import build_local_client
from httpx_fixer.analysis.local_uses import ENTERING
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.references import find_references
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite, Closing
from httpx_fixer.analysis.takers import iter_takers
from httpx_fixer.diagnostic import RefusalReason

_PROVIDING = frozenset({"Depends", "Provide", "Security"})
"""Calls by which a framework gets what a function makes; none of them closes what is returned."""
PLAIN = frozenset({"classmethod", "property", "staticmethod"})
"""Decorators under which each call makes a client anew."""
_DEPTH = 3
"""Functions that hand a client on, from the one that makes it to the one that uses it."""
_VARIABLE = "contextvars.ContextVar"
_ENDINGS = {Closing.ALWAYS: Ending.CLOSED, Closing.SOMETIMES: Ending.SOMETIMES}


def decorators_of(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Return the last names of the decorators of a function, as written."""
    targets = (node.func if isinstance(node, ast.Call) else node for node in function.decorator_list)
    return frozenset(module.code(target).rpartition(".")[2] for target in targets)


class FactoryReader:
    """Reads what becomes of the client of a site at the places that name the function around it."""

    def __init__(self, links: Links, site: ClientSite) -> None:
        self._links = links
        self._resolver = links.resolver
        self._site = site
        self._here = FactoryUse(site.path, site.function, Ending.HANDED_ON)
        self._close = re.compile(rb"\.(?:aclose|__aexit__)\b" if site.spec.is_async else rb"\.close\(")

    def iter_uses(self, function: Function, references: Iterable[Reference]) -> Iterator[FactoryUse]:
        """Yield what becomes of the client at each reference outside of tests, imports left out."""
        yield from self._iter_uses(function, references, frozenset({function.symbol}))

    def _iter_uses(
        self, function: Function, references: Iterable[Reference], behind: frozenset[Symbol]
    ) -> Iterator[FactoryUse]:
        home = self._links.module(function.path)
        node = None if home is None else home.functions.get(function.qualname)
        is_property = home is not None and node is not None and "property" in decorators_of(home, node)
        for reference in references:
            if reference.is_test or reference.how in {"import", "text"}:
                continue
            module = self._links.module(reference.path)
            use = FactoryUse(reference.path, reference.function, Ending.HANDED_ON)
            call = None
            if module is not None and reference.call is not None and not is_property:
                call = module.call_at(reference.call.anchor)
            outer = None if module is None or call is None else self._find_outer(module, call, behind)
            if outer is not None:
                found = find_references(self._resolver, outer)
                # Of one that nothing names the callers are not known.
                yield from tuple(self._iter_uses(outer, found, behind | {outer.symbol})) or (use,)
            elif module is None or (call is None and reference.call is not None and not is_property):
                yield use
            elif call is not None:
                found_use = self._read_value(module, use, call)
                is_sure = len(behind) == 1 or _names_surely(function, reference)
                # An attribute of an unknown object may be another one than the method that hands on.
                yield found_use if is_sure else replace(found_use, ending=Ending.HANDED_ON)
            elif len(behind) > 1 and function.owner and not is_property:
                yield use
            else:
                yield self._read_mention(module, use, reference, function.name, is_property=is_property)

    def _find_outer(self, module: Module, call: ast.Call, behind: frozenset[Symbol]) -> Function | None:
        """Return the plain function that does nothing with the client of a call but return it."""
        parent = module.table.parents[call]
        name = module.function_name(call)
        node = module.functions.get(name) if isinstance(parent, ast.Return) else None
        if node is None or not decorators_of(module, node) <= PLAIN or len(behind) > _DEPTH:
            return None
        found = self._resolver.function(Symbol(module.path, name))
        return None if found is None or found.is_generator or found.symbol in behind else found

    def is_left_by(self, taker: Call) -> bool:
        """Answer whether the code that gets the client as an argument is the project's, and closes none.

        A context variable closes nothing.
        """
        callee = taker.symbol
        made = self._resolver.value_call(taker.receiver) if taker.receiver is not None else None
        is_variable = made is not None and made.symbol == Symbol("", _VARIABLE) and taker.attribute == "set"
        if callee is not None and callee.path and not is_variable:
            is_ours = self._resolver.has_function(callee)
            is_ours = is_ours or self._resolver.has_function(Symbol(callee.path, f"{callee.name}.__init__"))
            return is_ours and self._read_taken(self._here, taker).ending is Ending.LEFT
        return (is_variable or callee == Symbol("", _VARIABLE)) and not self._may_close(taker.path)

    def _read_mention(
        self, module: Module, use: FactoryUse, reference: Reference, name: str, *, is_property: bool
    ) -> FactoryUse:
        """Read a place that names the function without calling it: `Depends(get_client)`, `self.client`."""
        for node in module.mentions.reads.get(name, ()):
            if node.lineno != reference.line:
                continue
            match node, module.table.parents[node]:
                case ast.Attribute(value=ast.Name(id="self" | "cls")), _ if is_property:
                    return self._read_value(module, use, node)
                case _, ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
                    if called in _PROVIDING and not is_property and not self._may_close(module.path):
                        return replace(use, ending=Ending.LEFT)
        return use

    def _read_value(self, module: Module, use: FactoryUse, value: ast.expr) -> FactoryUse:
        parent = module.table.parents[value]
        while isinstance(parent, ast.Await | ast.BoolOp | ast.IfExp | ast.NamedExpr):
            value, parent = parent, module.table.parents[parent]
        step = find_step(module, value)
        match step.way, step.around:
            case Way.ENTERED, _:
                return replace(use, ending=Ending.CLOSED)
            case Way.LOOKED_AT, _:
                return replace(use, ending=Ending.LEFT)
            case Way.MEMBER, ast.Attribute(attr=name):
                return replace(use, ending=Ending.CLOSED if name in CLOSERS else Ending.LEFT)
            case Way.PASSED, ast.Call() as call:
                if last_name(call.func) in ENTERING:
                    return replace(use, ending=Ending.CLOSED)
                return self._read_taken(use, self._resolver.call(module, call))
            case Way.ASSIGNED, ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                return self._read_target(module, replace(use, ending=Ending.LEFT), value, target)
        return use

    def _read_taken(self, use: FactoryUse, taker: Call) -> FactoryUse:
        """Read a client that a call gets: where neither file closes one, the project does not."""
        callee = taker.symbol
        is_ours = callee is not None and callee.path and not self._may_close(callee.path)
        is_left = is_ours and not self._may_close(use.path)
        return replace(use, ending=Ending.LEFT if is_left else Ending.HANDED_ON, takers=(taker,))

    def _may_close(self, path: str) -> bool:
        return self._close.search(self._resolver.store.data(path)) is not None

    def _read_target(self, module: Module, left: FactoryUse, value: ast.expr, target: ast.expr) -> FactoryUse:
        """Read a client that gets a name: what closes it is looked for as for a client of that name."""
        function = module.function_name(value)
        kept = replace(self._site, path=module.path, function=function, name=ast.unparse(target))
        match target:
            case ast.Attribute():
                kept = replace(kept, form=BindingForm.INSTANCE)
            case ast.Name():
                local = build_local_client(module, value, is_async=self._site.spec.is_async)
                if local is not None:
                    escapes = any(one.reason is RefusalReason.ESCAPES for one in local.obstacles)
                    is_handed_on = local.is_stored or local.is_returned or escapes
                    ending = _ENDINGS.get(local.closing, Ending.HANDED_ON if is_handed_on else Ending.LEFT)
                    takers = iter_takers(self._resolver, replace(kept, form=BindingForm.LOCAL))
                    return replace(left, ending=ending, takers=tuple(takers))
                kept = replace(kept, form=BindingForm.MODULE)
            case _:
                return replace(left, ending=Ending.HANDED_ON)
        ending = Ending.KEPT if is_closed(self._resolver.store, kept) else Ending.LEFT
        return replace(left, ending=ending, takers=tuple(iter_takers(self._resolver, kept)))


def _names_surely(function: Function, reference: Reference) -> bool:
    """Answer whether a call is known to be one of a function: a method of its own class has `self`."""
    if reference.call is not None and reference.call.symbol == function.symbol:
        return True
    own = f"{function.owner}."
    return bool(function.owner) and reference.path == function.path and reference.function.startswith(own)
