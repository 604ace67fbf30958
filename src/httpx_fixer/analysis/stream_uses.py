"""Which uses of a streamed response hand it, or its body, to somebody else."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.stream_marks import Web
from httpx_fixer.analysis.stream_methods import AWAITING, CLOSERS, ITERATORS, READERS, find_closing, last_name

_METHODS = ITERATORS | CLOSERS | READERS | {"json", "raise_for_status"}
_LOOKERS = frozenset(
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
_LOG_METHODS = frozenset(
    {"critical", "debug", "error", "exception", "fatal", "info", "log", "trace", "warn", "warning"}
)
_BODY_CONSUMERS = frozenset(
    {"all", "any", "anext", "dict", "list", "max", "min", "next", "set", "sorted", "sum", "tuple"}
)
_BODY_WRAPPERS = frozenset({"enumerate", "filter", "map", "zip"})
_ENTERING = frozenset({"enter_async_context", "enter_context"})
_PUSHING = frozenset({"callback", "push_async_callback"})


def iter_escapes(module: Module, web: Web) -> Iterator[tuple[ast.Name, str]]:
    """Yield each read of the variable by which the response leaves the function's hands, and how."""
    reader = _UseReader(module, web)
    for node in sorted(web.nodes, key=lambda name: (name.lineno, name.col_offset)):
        how = reader.read(node)
        if how:
            yield node, how


def iter_failure_readers(module: Module, web: Web) -> Iterator[int]:
    """Yield the lines that read the body of the response out of the exception that it raised.

    `raise_for_status()` hands the response to whoever catches `HTTPStatusError`; to close it before
    would break `await error.response.aread()`. Only handlers of this module are seen.
    """
    parents = [module.table.parents[node] for node in web.nodes]
    if any(isinstance(parent, ast.Attribute) and parent.attr == "raise_for_status" for parent in parents):
        for node in ast.walk(module.tree):
            match node:
                case ast.Attribute(attr=method, value=ast.Attribute(attr="response", value=ast.Name())):
                    if method in READERS | ITERATORS:
                        yield node.lineno


class _UseReader:
    """Tells for one read of the variable how the response escapes by it, "" where it does not."""

    def __init__(self, module: Module, web: Web) -> None:
        self.module = module
        self.web = web
        self.parents = module.table.parents

    def read(self, node: ast.Name) -> str:
        if self._is_captured(node):
            return "is captured by a nested function"
        return self._value(node) if isinstance(node.ctx, ast.Load) else ""

    def _is_captured(self, node: ast.Name) -> bool:
        for parent in self.module.ancestors(node):
            if parent is self.web.function:
                return False
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                return True
        return False

    def _value(self, node: ast.expr) -> str:
        """Follow an expression whose value is the response itself."""
        parent = self.parents[node]
        if isinstance(parent, ast.keyword):
            parent = self.parents[parent]
        match parent:
            case ast.Attribute():
                return self._attribute(parent)
            case ast.Call():
                return "" if self._only_looks(parent) else f"is passed to `{ast.unparse(parent.func)}`"
            case ast.Compare() | ast.FormattedValue() | ast.Expr():
                return ""
            case ast.Return():
                return "is returned"
            case ast.Yield() | ast.YieldFrom():
                return "is yielded"
            case ast.withitem():
                return "is entered by a `with` statement"
        return "" if self._is_test(node) else "is stored or passed on"

    def _is_test(self, node: ast.expr) -> bool:
        """Answer whether only the truth of an expression is asked for."""
        parent = self.parents[node]
        match parent:
            case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test) | ast.IfExp(test=test):
                return test is node
            case ast.UnaryOp(op=ast.Not()):
                return True
            case ast.BoolOp():
                return self._is_test(parent)
        return False

    def _only_looks(self, call: ast.Call) -> bool:
        name = last_name(call.func)
        match call.func:
            case ast.Name():
                if name in _LOOKERS:
                    return self._is_builtin(call.func)
            case ast.Attribute(value=receiver) if name in _LOG_METHODS:
                return "log" in last_name(receiver).lower()
        return find_closing(self.web, call) is not None and self._is_entered(call)

    def _is_builtin(self, function: ast.Name) -> bool:
        return (
            hasattr(builtins, function.id) and self.module.table.enclosing(function).find(function.id) is None
        )

    def _is_entered(self, call: ast.Call) -> bool:
        match self.parents[call]:
            case ast.withitem():
                return True
            case ast.Call(func=function):
                return last_name(function) in _ENTERING
        return False

    def _attribute(self, node: ast.Attribute) -> str:
        """Follow `r.<attribute>`."""
        parent = self.parents[node]
        call = parent if isinstance(parent, ast.Call) and parent.func is node else None
        shown = f"whose `{node.attr}`"
        if node.attr == "stream":
            return self._body(node, shown)
        if node.attr == "extensions":
            return (
                ""
                if self._reads_plain_extension(node)
                else f"{shown} may hold the connection, is used by hand"
            )
        if node.attr not in _METHODS:
            return ""
        if call is None:
            return "" if self._is_pushed(node) else f"{shown} is passed on"
        if node.attr in ITERATORS:
            return self._body(call, shown)
        if node.attr == "raise_for_status":
            return self._value(call)
        if node.attr == "aread":
            return "" if self._is_awaited(call) else f"{shown} is awaited elsewhere"
        return ""

    def _is_pushed(self, node: ast.Attribute) -> bool:
        match self.parents[node]:
            case ast.Call(func=ast.Attribute(attr=name), args=[first]):
                return first is node and node.attr in CLOSERS and name in _PUSHING
        return False

    def _is_awaited(self, call: ast.Call) -> bool:
        match self.parents[call]:
            case ast.Await():
                return True
            case ast.Call(func=function):
                return last_name(function) in AWAITING
        return False

    def _reads_plain_extension(self, node: ast.Attribute) -> bool:
        """`extensions["network_stream"]` is the connection itself; the other entries are plain values."""
        parent = self.parents[node]
        match parent:
            case ast.Subscript(slice=ast.Constant(value=key)):
                return key != "network_stream"
            case ast.Attribute(attr="get"):
                call = self.parents[parent]
                match call:
                    case ast.Call(args=[ast.Constant(value=key), *_]):
                        return key != "network_stream"
        return False

    def _body(self, node: ast.expr, shown: str) -> str:
        """Follow an expression whose value is an iterator over the body."""
        parent = self.parents[node]
        match parent:
            case ast.For() | ast.AsyncFor() | ast.Expr() | ast.YieldFrom():
                return ""
            case ast.comprehension():
                owner = self.parents[parent]
                assert isinstance(owner, ast.expr)
                return self._body(owner, shown) if isinstance(owner, ast.GeneratorExp) else ""
            case ast.Call(func=ast.Name() as function) if self._is_builtin(function):
                if function.id in _BODY_CONSUMERS:
                    return ""
                if function.id in _BODY_WRAPPERS:
                    return self._body(parent, shown)
            case ast.Call(func=ast.Attribute(attr="join", value=ast.Constant())):
                return ""
            case ast.Attribute(attr="__anext__" | "__next__"):
                return ""
        return f"{shown} {_describe(parent)}"


def _describe(parent: ast.AST) -> str:
    match parent:
        case ast.Call(func=function):
            return f"is passed to `{ast.unparse(function)}`"
        case ast.keyword():
            return "is passed on"
        case ast.Return():
            return "is returned"
        case ast.Yield():
            return "is yielded"
        case ast.Assign() | ast.AnnAssign() | ast.NamedExpr():
            return "is kept in a variable"
    return "is stored or passed on"
