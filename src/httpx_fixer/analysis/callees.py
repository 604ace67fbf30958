"""Which function of the project a call runs."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.escapes import last_name
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Callee:
    """A function of `module` that a call runs; `is_bound` says that its first parameter is filled."""

    call: ast.Call
    module: Module
    function: FunctionNode
    is_bound: bool

    def parameter_of(self, argument: ast.expr) -> str | None:
        """Return the parameter that gets an argument of the call, None where that is not plain."""
        arguments = self.function.args
        names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)][self.is_bound :]
        for position, given in enumerate(self.call.args):
            if isinstance(given, ast.Starred):
                break
            if given is argument:
                return names[position] if position < len(names) else None
        known = {*names, *(one.arg for one in arguments.kwonlyargs)}
        for keyword in self.call.keywords:
            if keyword.value is argument and keyword.arg in known:
                return keyword.arg
        return None


_PLAIN_DECORATORS = frozenset({"classmethod", "staticmethod"})


def find_callee(module: Module, call: ast.Call) -> Callee | None:
    """Return the function of the project that a call runs, or the method of the class around it."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
            found, is_bound = _find_method(module, call, name), True
        case ast.Name() | ast.Attribute():
            found, is_bound = module.find_function(call.func), False
        case _:
            return None
    if found is None:
        return None
    home, function = found
    decorators = {last_name(one) for one in function.decorator_list}
    if not decorators <= _PLAIN_DECORATORS:
        return None
    is_bound = (is_bound or "classmethod" in decorators) and "staticmethod" not in decorators
    return Callee(call, home, function, is_bound)


def _find_method(module: Module, call: ast.Call, name: str) -> tuple[Module, FunctionNode] | None:
    """Return the method of the class around a call; a class below may have a method of its own."""
    owner = next((node for node in module.ancestors(call) if isinstance(node, ast.ClassDef)), None)
    if owner is None or sum(one.rpartition(".")[2] == name for one in module.functions) > 1:
        return None
    function = module.functions.get(f"{module.table.of[owner].qualname}.{name}")
    return module.find_inherited(owner, name) if function is None else (module, function)


def is_generator(function: FunctionNode) -> bool:
    """Answer whether a function is a generator, sync or async."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function))


def is_iterated(module: Module, call: ast.Call) -> bool:
    """Answer whether a loop runs through what a call returns, there and then."""
    parent = module.table.parents[call]
    return isinstance(parent, ast.For | ast.AsyncFor | ast.comprehension) and parent.iter is call
