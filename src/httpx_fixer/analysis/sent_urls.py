"""Which URLs the requests of a client go to, as far as the function that builds it shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.followed_uses import iter_local_uses
from httpx_fixer.analysis.local_uses import LocalUse, UseKind
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.single_requests import CLIENTS
from httpx_fixer.analysis.usage import VERBS

_SENDING = VERBS | {"build_request", "stream"}
_SECOND = frozenset({"build_request", "request", "stream"})
"""Methods whose first argument is the verb."""
_HARMLESS = frozenset({UseKind.BOUND, UseKind.CLOSED, UseKind.CLOSED_OTHERWISE, UseKind.LOOKED_AT})
_STEPS = 3
"""How far names of names are followed: `url` is `f"{BASE}/books"`, and `BASE` is `"https://..."`."""

Spellings = tuple[str, ...]
"""The code of one URL as it is written, then with names of strings followed; none where it is not known."""


def find_sent_urls(module: Module, call: ast.Call, name: str) -> tuple[Spellings, ...]:
    """Return the URLs that a top-level request or those of a client go to.

    `name` is the variable that holds the client, "" for none.
    """
    function, parent = call.func, module.table.parents[call]
    verb = function.attr if isinstance(function, ast.Attribute) else _imported_verb(module, function)
    if verb in _SENDING:
        return (_url_of(module, verb, call),)
    if isinstance(parent, ast.Attribute):
        outer = module.table.parents[parent]
        is_request = isinstance(outer, ast.Call) and outer.func is parent and parent.attr in _SENDING
        return (_url_of(module, parent.attr, outer),) if is_request and isinstance(outer, ast.Call) else ((),)
    scope = module.function_scope(call)
    if not name or scope is None or name not in scope.bindings or len(scope.bindings[name]) > 1:
        return ((),)
    uses = iter_local_uses(module, scope, name, is_async=isinstance(parent, ast.AsyncWith), depth=0)
    return tuple(dict.fromkeys(url for use in uses for url in _iter_urls(module, use))) or ((),)


def _imported_verb(module: Module, function: ast.expr) -> str:
    target = module.local_symbol(function)
    last = target.rpartition(".")[2] if isinstance(target, str) else ""
    return "" if last in CLIENTS else last


def _iter_urls(module: Module, use: LocalUse) -> Iterator[Spellings]:
    """Yield where a use of a client sends a request, nothing known where it may send one elsewhere."""
    attribute = module.table.parents[use.node]
    method = attribute.attr if isinstance(attribute, ast.Attribute) else ""
    outer = module.table.parents.get(attribute)
    is_called = isinstance(outer, ast.Call) and outer.func is attribute
    if is_called and method in _SENDING and isinstance(outer, ast.Call):
        yield _url_of(module, method, outer)
    elif not (is_called and method == "send") and use.kind not in _HARMLESS | {UseKind.ENTERED}:
        yield ()


def _url_of(module: Module, method: str, call: ast.Call) -> Spellings:
    url = next((keyword.value for keyword in call.keywords if keyword.arg == "url"), None)
    position = 1 if method in _SECOND else 0
    starred = any(isinstance(value, ast.Starred) for value in call.args[: position + 1])
    if url is None and len(call.args) > position and not starred:
        url = call.args[position]
    spelled: list[str] = []
    for _ in range(_STEPS + 1):
        spelled += [] if url is None else [ast.unparse(url)]
        url = None if url is None else _follow(module, url)
    return tuple(spelled)


def _follow(module: Module, url: ast.expr) -> ast.expr | None:
    """Put what a name is assigned in its place, where a URL is one or begins with one."""
    match url:
        case ast.Name():
            return _find_value(module, url)
        case ast.JoinedStr(values=[ast.FormattedValue(value=ast.Name() as name, conversion=-1), *rest]):
            value = _find_value(module, name)
            begins = isinstance(value, ast.Constant) and isinstance(value.value, str)
            return ast.JoinedStr([value, *rest]) if begins and value is not None else None
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add(), right=ast.Constant(value=str(tail))):
            return ast.Constant(text + tail)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            value = _follow(module, left)
            return None if value is None else ast.BinOp(value, ast.Add(), right)
    return None


def _find_value(module: Module, name: ast.Name) -> ast.expr | None:
    """Return what a name is assigned, where that happens once."""
    home = module.table.enclosing(name).find(name.id)
    bindings = [] if home is None else home.bindings[name.id]
    value = bindings[0].value if len(bindings) == 1 else None
    return value if isinstance(value, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Name) else None
