"""Requests that bring their client along, and the statements that hold them."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.site_facts import SingleRequest
from httpx_fixer.analysis.usage import VERBS

CLIENTS = frozenset({"AsyncClient", "Client"})
"""The classes of httpx whose objects are clients."""
_SIMPLE = (ast.AnnAssign, ast.Assert, ast.Assign, ast.AugAssign, ast.Expr, ast.Raise, ast.Return)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def find_chained_request(module: Module, call: ast.Call) -> SingleRequest | str:
    """Return the request that a client is built for (`AsyncClient().get(...)`), or what forbids that."""
    attribute = module.table.parents[call]
    if not isinstance(attribute, ast.Attribute):
        return "the request is sent through this client only if there is no other"
    outer = module.table.parents[attribute]
    if attribute.attr not in VERBS or not (isinstance(outer, ast.Call) and outer.func is attribute):
        return f"what becomes of `{attribute.attr}` of the client is not known"
    return find_single_request(module, call, attribute.attr, call)


def find_single_request(module: Module, call: ast.Call, verb: str, replaced: ast.expr) -> SingleRequest | str:
    """Return the request where the statement around can move into a `with` block of its own.

    Not where it may run more than once in there: one client would then keep the cookies of the first.
    A `str` says what stands in the way.
    """
    child: ast.AST = call
    for parent in module.ancestors(call):
        if isinstance(parent, ast.stmt):
            header = _find_header(parent, child, verb)
            if header is None:
                return f"no block can go around the request in this `{type(parent).__name__.lower()}`"
            if _count_requests(module, header) != 1:
                return "several requests stand in this statement, each with a client of its own"
            if not _is_in_block(module, parent):
                return "an `elif` has no place for a block of its own above it"
            return SingleRequest(
                verb,
                module.anchor(parent),
                module.anchor(replaced),
                not isinstance(parent, _SIMPLE),
                header is child and _runs_first(child, call),
                _is_bare(module, call),
            )
        if isinstance(parent, _COMPREHENSIONS) and not _runs_once(parent, call):
            return "the request runs in every round of a comprehension, with a client of its own"
        if isinstance(parent, ast.Lambda):
            return "the request runs when the lambda around it is called"
        if not isinstance(parent, ast.comprehension | ast.withitem):
            child = parent
    raise AssertionError("an expression outside of any statement")


def _find_header(statement: ast.stmt, child: ast.AST, verb: str) -> ast.AST | None:
    """Return the part of a statement that runs once and holds the request, None where there is none."""
    match statement:
        case ast.With() | ast.AsyncWith():
            found = any(item.context_expr is child for item in statement.items)
            return child if found else None
        case _ if verb == "stream":
            return None
        case _ if isinstance(statement, _SIMPLE):
            return statement
        case (
            ast.If(test=header) | ast.For(iter=header) | ast.AsyncFor(iter=header) | ast.Match(subject=header)
        ):
            return header if header is child else None
    return None


def _is_in_block(module: Module, statement: ast.stmt) -> bool:
    """Answer whether a statement is no `elif`, which has no place of its own."""
    parent = module.table.parents[statement]
    if not (isinstance(statement, ast.If) and isinstance(parent, ast.If) and parent.orelse == [statement]):
        return True
    return module.code(statement).startswith("if")


def _runs_once(comprehension: ast.AST, call: ast.Call) -> bool:
    """Answer whether a call stands in what a comprehension goes over first, evaluated once."""
    generators: list[ast.comprehension] = getattr(comprehension, "generators", [])
    return any(node is call for node in ast.walk(generators[0].iter))


def _runs_first(header: ast.AST, call: ast.Call) -> bool:
    """Answer whether nothing in a header runs before a call, and the call runs in any case."""
    node: ast.AST | None = header
    while node is not None and node is not call:
        match node:
            case ast.Attribute(value=first) | ast.Subscript(value=first) | ast.Await(value=first):
                node = first
            case ast.Compare(left=first) | ast.BinOp(left=first) | ast.IfExp(test=first):
                node = first
            case ast.BoolOp(values=[first, *_]) | ast.UnaryOp(operand=first) | ast.NamedExpr(value=first):
                node = first
            case ast.Call(func=function, args=[first, *_]) if _is_dotted(function):
                node = first
            case ast.Call(func=first):
                node = first
            case _:
                node = None
    return node is call


def _is_bare(module: Module, call: ast.Call) -> bool:
    parent = module.table.parents[call]
    if isinstance(parent, ast.Call):
        return any(value is call for value in parent.args)
    return isinstance(parent, (ast.keyword, *_SIMPLE))


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _count_requests(module: Module, root: ast.AST) -> int:
    return sum(_is_request(module, node) for node in ast.walk(root))


def _is_request(module: Module, node: ast.AST) -> bool:
    """Answer whether a node builds a client or sends a top-level request."""
    target = module.local_symbol(node.func) if isinstance(node, ast.Call) else None
    if not isinstance(target, str):
        return False
    package, _, name = target.rpartition(".")
    return package in {"httpx", "httpx2"} and (name in CLIENTS or name in VERBS | {"stream"})
