"""Which function of the module a call runs."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_methods import last_name


@dataclass(frozen=True, slots=True)
class Callee:
    """A function of the module that a call runs; `is_bound` says that its first parameter is filled."""

    call: ast.Call
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
    """Return the function of the module that a call runs, or the method of the class around it."""
    is_bound = False
    match call.func:
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
            owner = next((n for n in module.ancestors(call) if isinstance(n, ast.ClassDef)), None)
            qualname = "" if owner is None else f"{module.table.of[owner].qualname}.{name}"
            is_bound = True
            if sum(one.rpartition(".")[2] == name for one in module.functions) > 1:
                return None  # A class below may have a method of its own.
        case ast.Name() | ast.Attribute():
            symbol = module.local_symbol(call.func)
            qualname = symbol.name if isinstance(symbol, Symbol) else ""
        case _:
            return None
    function = module.functions.get(qualname)
    decorators = [last_name(one) for one in function.decorator_list] if function is not None else []
    if function is None or not set(decorators) <= _PLAIN_DECORATORS:
        return None
    is_bound = (is_bound or "classmethod" in decorators) and "staticmethod" not in decorators
    return Callee(call, function, is_bound)


def is_generator(function: FunctionNode) -> bool:
    """Answer whether a function is a generator, sync or async."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function))
