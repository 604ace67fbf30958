"""What functions of the project do with an open response that they are given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from httpx_fixer.analysis.callees import find_callee, is_generator, is_iterated
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_flow import walk_function
from httpx_fixer.analysis.stream_marks import LIVE, Effect, Held, Send, Web
from httpx_fixer.analysis.stream_methods import ITERATORS
from httpx_fixer.analysis.stream_takers import find_iterator_reads, is_event_source
from httpx_fixer.analysis.stream_uses import find_handing, iter_escapes

_DEPTH = 3
"""How many functions a response is followed into, one from another."""
_KEPT = frozenset({Held.OPEN, Held.CLOSED})


def complete_web(module: Module, web: Web, depth: int = _DEPTH) -> Web:
    """Add to a web what the functions do that get the response, and who it is handed to."""
    effects = dict(_iter_effects(module, web, depth))
    followed = replace(
        web,
        effects=effects,
        iterators=frozenset(_iter_iterator_reads(module, web)),
        flags=frozenset(_iter_flags(module, web.function)),
    )
    return replace(followed, handed=find_handing(module, followed))


def _iter_flags(module: Module, function: FunctionNode) -> Iterator[str]:
    """Yield the variables that are set before the function returns, and are false until then."""
    for name, bindings in module.table.of[function].bindings.items():
        values = [one.value.value if isinstance(one.value, ast.Constant) else None for one in bindings]
        is_flag = all(isinstance(value, bool) for value in values) and len(set(values)) > 1
        if is_flag and all(
            _stands_before_return(module, one.node)
            for one, value in zip(bindings, values, strict=True)
            if value
        ):
            yield name


def _stands_before_return(module: Module, node: ast.AST) -> bool:
    statement = module.statement_of(node)
    block = module.block_of(statement)
    at = next((at for at, one in enumerate(block) if one is statement), len(block))
    return any(isinstance(one, ast.Return) for one in block[at + 1 :])


def build_inner_web(
    module: Module, function: FunctionNode, name: str, send: Send, depth: int = _DEPTH
) -> Web:
    """Return what a function does with an open response that it knows by a name from the start."""
    return complete_web(module, _build_given(module, function, name, send), depth)


def build_part_web(module: Module, function: FunctionNode, name: str, send: Send, part: str) -> Web:
    """Return what a function does with an object that it is given, an attribute of which is a response."""
    return complete_web(module, replace(_build_given(module, function, name, send), part=part))


def _build_given(module: Module, function: FunctionNode, name: str, send: Send) -> Web:
    home = module.table.of[function].find(name)
    nodes = frozenset(
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id == name and module.table.enclosing(node).find(name) is home
    )
    return Web(function, name, (send,), nodes, starts_open=True)


def _iter_iterator_reads(module: Module, web: Web) -> Iterator[ast.Name]:
    for node in web.nodes:
        attribute = module.table.parents[node]
        call = module.table.parents[attribute]
        if isinstance(attribute, ast.Call) and is_event_source(module, attribute):
            match call:
                case ast.Assign(targets=[ast.Name() as target]):
                    yield from find_iterator_reads(module, target)
        binder = module.table.parents[call] if isinstance(call, ast.Call) else call
        match attribute, binder:
            case ast.Attribute(attr=method), ast.Assign(targets=[ast.Name() as target]):
                if method in ITERATORS and binder.value is call:
                    yield from find_iterator_reads(module, target)


def _iter_effects(module: Module, web: Web, depth: int) -> Iterator[tuple[ast.Call, Effect]]:
    for node in web.nodes if web.sends and depth > 0 else ():
        parent = module.table.parents[node]
        call = module.table.parents[parent] if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call) and call.func is not node:
            effect = _find_effect(module, call, node, web.sends[0], depth)
            if effect is not None:
                yield call, effect


def _find_effect(module: Module, call: ast.Call, node: ast.Name, send: Send, depth: int) -> Effect | None:
    """Return what a call does with a response, None where it may keep it, or is not known."""
    callee = find_callee(module, call)
    parameter = None if callee is None else callee.parameter_of(node)
    if callee is None or parameter is None:
        return None
    function = callee.function
    web = build_inner_web(callee.module, function, parameter, send, depth - 1)
    notes = walk_function(web)
    escapes = [
        one for one, _ in iter_escapes(callee.module, web) if _is_live(notes.uses.get(one, frozenset()))
    ]
    if notes.lost or escapes:
        return None
    if is_generator(function):
        # It runs on in the loop, and has let go of the response when that has ended.
        return Effect(frozenset({Held.OPEN}), frozenset()) if is_iterated(module, call) else None
    if isinstance(function, ast.AsyncFunctionDef) != isinstance(module.table.parents[call], ast.Await):
        return None
    normal = frozenset(held for held, index in notes.ends if index == 0)
    raises = frozenset(held for held, index in notes.fails if index == 0)
    return Effect(normal, raises) if normal | raises <= _KEPT else None


def _is_live(state: frozenset[tuple[Held, int]]) -> bool:
    return not state or any(held in LIVE for held, _ in state)
