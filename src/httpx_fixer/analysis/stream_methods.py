"""The methods of a response, and the wrappers around one, that matter for closing it."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.escapes import CLOSERS, is_log, last_name
from httpx_fixer.analysis.stream_marks import Web

_SYNC_ITERATORS = frozenset({"iter_bytes", "iter_lines", "iter_raw", "iter_text"})
ITERATORS = _SYNC_ITERATORS | {f"a{name}" for name in _SYNC_ITERATORS}
"""Methods that close the response at the end of the body, and httpcore's stream at any exception in it."""
READERS = frozenset({"aread", "read"})
"""They run an iterator to its end; when it raises it is dropped with them, which closes the stream
(httpx 0.28.1, read and run: a transport error closes in httpcore, a decoding error by reference count)."""
AWAITING = frozenset({"shield", "wait_for"})
"""Functions of asyncio that await their first argument."""
PLAIN_ATTRIBUTES = frozenset(
    {"extensions", "headers", "history", "is_closed", "is_stream_consumed", "next_request", "status_code"}
)
"""Attributes that `Response.__init__` sets: reading one runs no code (httpx 0.28.1)."""

_READS = (ast.Attribute, ast.Constant, ast.FormattedValue, ast.JoinedStr, ast.Name, ast.expr_context)

LASTING_ATTRIBUTES = frozenset(
    {
        "cookies",
        "encoding",
        "has_redirect_location",
        "headers",
        "history",
        "http_version",
        "is_client_error",
        "is_error",
        "is_redirect",
        "is_server_error",
        "is_success",
        "next_request",
        "reason_phrase",
        "request",
        "status_code",
        "url",
    }
)
"""Attributes that say the same of a closed response as of an open one (httpx 0.28.1)."""

BODY_CONSUMERS = frozenset(
    {"all", "any", "anext", "dict", "list", "max", "min", "next", "set", "sorted", "sum", "tuple"}
)
BODY_WRAPPERS = frozenset({"enumerate", "filter", "map", "zip"})
"""Builtins that run an iterator to its end, or take the next of its items, and those that pass it on."""


def is_plain_log(call: ast.Call) -> bool:
    """Answer whether a call writes no more to a log than what names, attributes and headers hold.

    What the handlers of a log raise goes to `logging.raiseExceptions`, and not to the caller.
    """
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return is_log(call) and all(_only_reads(node) for one in given for node in ast.walk(one))


def _only_reads(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="get", value=ast.Attribute(attr="headers"))):
            return True
    return isinstance(node, _READS)


def find_body_iterator(web: Web, node: ast.expr) -> str | None:
    """Return the method, or the variable, if iterating an expression to its end reads a whole body."""
    match node:
        case ast.Call(func=ast.Attribute(attr=method) as function):
            return method if method in ITERATORS and web.find_owner(function) else None
        case ast.Name(id=name):
            return name if node in web.iterators else None
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
            return find_body_iterator(web, inner)
    return None


def find_closing(web: Web, node: ast.expr) -> str | None:
    """Return "closing" or "aclosing" if an expression is one of those around the response."""
    match node:
        case ast.Call(func=function, args=[inner]) if web.find_name(inner):
            name = last_name(function)
            return name if name in {"closing", "aclosing"} else None
    return None


def is_close_of_other(web: Web, node: ast.expr) -> bool:
    """Answer whether a call is `<name>.close()` of something else, which is taken not to raise."""
    match node:
        case ast.Call(func=ast.Attribute(attr=method, value=ast.Name()) as function, args=[], keywords=[]):
            return method in CLOSERS and web.find_owner(function) is None
    return False
