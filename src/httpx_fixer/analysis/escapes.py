"""Where the value of an expression goes: the one reading of escapes, of clients and of responses."""

from __future__ import annotations

import ast
import builtins
from enum import Enum, auto

from httpx_fixer.analysis.module import Module
from httpx_fixer.values import dataclass

CLOSERS = frozenset({"aclose", "close"})
LOOKERS = frozenset(
    {
        "bool",
        "callable",
        "format",
        "hasattr",
        "hash",
        "id",
        "isinstance",
        "len",
        "print",
        "repr",
        "str",
        "type",
    }
)
"""Builtins that look at an object and do not keep it."""
LOG_METHODS = frozenset(
    {"critical", "debug", "error", "exception", "fatal", "info", "log", "trace", "warn", "warning"}
)
_COLLECTIONS = (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.IfExp, ast.BoolOp)


class Way(Enum):
    """What the code around an expression does with its value."""

    LOOKED_AT = auto()
    """Compares, tests, shows or drops it, or asks a builtin about it."""
    MEMBER = auto()
    """Reads, calls or sets something of it."""
    PASSED = auto()
    """Gives it to a call."""
    ENTERED = auto()
    """Enters it by `with`."""
    RETURNED = auto()
    """Returns it, from a function or a lambda."""
    YIELDED = auto()
    """Yields it."""
    ASSIGNED = auto()
    """Gives it a name, or keeps it in an attribute or an item."""
    COLLECTED = auto()
    """Makes it a part of a collection, or one of the values that an expression may have."""
    OTHER = auto()
    """Anything else."""


_SAID = {
    Way.ENTERED: "is entered by a `with` statement",
    Way.RETURNED: "is returned",
    Way.YIELDED: "is yielded",
}


@dataclass(frozen=True, slots=True)
class Step:
    """The first thing that is done with a value; `around` is the node that does it: a call, a statement."""

    way: Way
    around: ast.AST

    @property
    def how(self) -> str:
        """What to say of it behind the name of the value."""
        if isinstance(self.around, ast.Call):
            return f"is passed to `{ast.unparse(self.around.func)}`"
        return _SAID.get(self.way, "is stored or passed on")


def find_step(module: Module, node: ast.expr) -> Step:
    """Return what the code around an expression does with its value."""
    parent = module.table.parents[node]
    if asks_truth(module, node):
        return Step(Way.LOOKED_AT, parent)
    if isinstance(parent, ast.keyword):
        parent = module.table.parents[parent]
    match parent:
        case ast.Compare() | ast.FormattedValue() | ast.Expr():
            way = Way.LOOKED_AT
        case ast.Attribute():
            way = Way.MEMBER
        case ast.Call():
            way = Way.LOOKED_AT if _only_looks(module, parent) else Way.PASSED
        case ast.withitem():
            way = Way.ENTERED
        case ast.Return() | ast.Lambda():
            way = Way.RETURNED
        case ast.Yield() | ast.YieldFrom():
            way = Way.YIELDED
        case ast.Assign() | ast.AnnAssign() | ast.NamedExpr():
            way = Way.ASSIGNED
        case _:
            way = Way.COLLECTED if isinstance(parent, _COLLECTIONS) else Way.OTHER
    return Step(way, parent)


def asks_truth(module: Module, node: ast.expr) -> bool:
    """Answer whether only the truth of an expression is asked for."""
    parent = module.table.parents[node]
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test) | ast.IfExp(test=test):
            return test is node
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp():
            return asks_truth(module, parent)
    return False


def is_builtin(module: Module, function: ast.Name) -> bool:
    """Answer whether a name means one of Python's builtins."""
    home = module.table.enclosing(function).find(function.id)
    return home is None and hasattr(builtins, function.id)


def _only_looks(module: Module, call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in LOOKERS and is_builtin(module, call.func)
    return is_log(call)


def is_log(call: ast.Call) -> bool:
    """Answer whether a call writes to a log: `logger.info(...)`."""
    match call.func:
        case ast.Attribute(value=receiver, attr=method) if method in LOG_METHODS:
            return "log" in last_name(receiver).lower()
    return False


def last_name(function: ast.expr) -> str:
    """Return the last part of a dotted name, "" for anything else."""
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
