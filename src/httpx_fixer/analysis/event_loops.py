"""Event loops that sync code runs coroutines on: made for one call, or kept for the next."""

from __future__ import annotations

import ast
from functools import cached_property

from httpx_fixer.analysis.facts import Call
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.store import is_test_path

RUN = "run_until_complete"
_HAND = "run_coroutine_threadsafe"
_NEW, _SET = "new_event_loop", "set_event_loop"


class EventLoops:
    """Answers for how long loops live that the project's sync code runs coroutines on."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def is_made_per_call(self, run: Call) -> bool:
        """Answer whether `loop.run_until_complete(...)` runs on a loop that its own function makes."""
        module = self._resolver.store.module(run.path)
        node = None if module is None else module.call_at(run.anchor)
        return module is not None and node is not None and _lives_for(module, node) == "call"

    @cached_property
    def kept(self) -> tuple[Call, ...]:
        """The calls in functions that run a coroutine on a loop which lasts: in an attribute, say."""
        found: list[Call] = []
        for path in self._resolver.store.paths_with(RUN.encode(), _HAND.encode()):
            module = None if is_test_path(path) else self._resolver.store.module(path)
            for node in module.calls_of((RUN, _HAND)) if module is not None else ():
                if module is not None and _lives_for(module, node) == "ever":
                    found.append(self._resolver.call(module, node))
        return tuple(found)


def _lives_for(module: Module, run: ast.Call) -> str:
    """Return "call" for a loop of the function around, "ever" for one that is kept, "" where unclear."""
    scope = module.function_scope(run)
    if scope is None or not isinstance(scope.node, FunctionNode):
        return ""
    match run.func:
        case ast.Attribute(attr=name) | ast.Name(id=name) if name == _HAND:
            return "ever"
        case ast.Attribute(value=ast.Call() as maker):
            return "call" if _is_call_of(maker, _NEW) else "ever"
        case ast.Attribute(value=ast.Attribute() | ast.Subscript()):
            return "ever"
        case ast.Attribute(value=ast.Name(id=name)):
            if name not in scope.bindings or name in scope.elsewhere:
                return "ever"
            values = [binding.value for binding in scope.bindings[name] if binding.value is not None]
            if not values:
                return ""  # a parameter
            is_made = any(_is_call_of(value, _NEW) for value in values)
            return "call" if is_made and not _is_kept(scope.node, name) else "ever"
    return ""


def _is_call_of(value: ast.expr, function: str) -> bool:
    match value:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name == function
    return False


def _is_kept(function: FunctionNode, name: str) -> bool:
    """Answer whether a function puts a local loop where the next call finds it, and leaves it open."""
    is_kept = False
    for node in own_nodes(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=holder), attr="close")) if holder == name:
                return False
            case ast.Assign(targets=targets, value=ast.Name(id=stored)) if stored == name:
                is_kept = is_kept or any(isinstance(one, ast.Attribute | ast.Subscript) for one in targets)
            case ast.Assign(targets=[*targets], value=ast.Call()) if len(targets) > 1:
                is_kept = is_kept or any(isinstance(one, ast.Attribute | ast.Subscript) for one in targets)
            case ast.Call(args=[ast.Name(id=given)]) if given == name and _is_call_of(node, _SET):
                is_kept = True
    return is_kept
