"""Whether every request through a client that an object keeps says its own timeout."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.analysis.store import FileStore, is_test_path
from httpx_fixer.analysis.usage import VERBS

_TIMED = VERBS | {"build_request", "stream"}
_NEUTRAL = frozenset(
    {"__aenter__", "__aexit__", "__enter__", "__exit__"}
    | {"aclose", "base_url", "close", "cookies", "headers", "is_closed"}
)
_OF_A_CLIENT = _TIMED | _NEUTRAL | {"send", "timeout", "websocket"}
_OWN = frozenset({"cls", "self"})
_DEFAULT = "USE_CLIENT_DEFAULT"


def is_every_request_timed(store: FileStore, site: ClientSite) -> bool:
    """Answer whether all code outside of tests gives a timeout with each request through an attribute.

    Everything else than a request, a close and a question whether the client is there may use it
    otherwise, and so may whoever it is handed to. `self` is followed in the class, in those that it
    is derived from by name and in those derived from it; another object in files that name one of them.
    A property that returns the client is a name of it more.
    """
    owner = site.function.rpartition(".")[0].rpartition(".")[2]
    attribute = site.name.rpartition(".")[2]
    if site.form is not BindingForm.INSTANCE or not owner or not attribute:
        return False
    found: set[bool] = set()
    kin = _Kin(store, site.path, owner)
    todo, seen = [attribute], {attribute}
    for name in todo:
        for path in store.paths_with(name.encode()):
            module = None if is_test_path(path) or not kin.is_named_in(path) else store.module(path)
            if module is not None:
                uses = set(_iter_timed(module, name, kin))
                found |= {use for use in uses if isinstance(use, bool)}
                todo += sorted(use for use in uses - seen if isinstance(use, str))
                seen.update(todo)
    return found == {True}


class _Kin:
    """The names of a class and of those around it in the line of descent."""

    def __init__(self, store: FileStore, path: str, owner: str) -> None:
        module = store.module(path)
        classes = [] if module is None else module.classes.values()
        self.owner = owner
        self._store = store
        self.bases = {base for node in classes if node.name == owner for base in _names_of_bases(node)}

    def is_named_in(self, path: str) -> bool:
        names = b"|".join(re.escape(name).encode() for name in sorted({self.owner, *self.bases}))
        return re.search(rb"\b(?:" + names + rb")\b", self._store.data(path)) is not None

    def has(self, node: ast.ClassDef) -> bool:
        return node.name == self.owner or node.name in self.bases or self.owner in _names_of_bases(node)


def _names_of_bases(node: ast.ClassDef) -> set[str]:
    names = (ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases)
    return {name for name in names if name not in {"ABC", "object", "Protocol"}}


def _iter_timed(module: Module, attribute: str, kin: _Kin) -> Iterator[bool | str]:
    """Yield for each use of the attribute whether it says a timeout; nothing for one that sends nothing.

    The name of a property is yielded for one that returns it.
    """
    for node in module.table.parents:
        if not isinstance(node, ast.Attribute) or node.attr != attribute or isinstance(node.ctx, ast.Store):
            continue
        if isinstance(node.value, ast.Name) and node.value.id in _OWN:
            around = next((one for one in module.ancestors(node) if isinstance(one, ast.ClassDef)), None)
            if around is not None and not kin.has(around):
                continue
        elif _is_of_something_else(module.table.parents[node]):
            continue
        name = _find_property(module, node)
        if name:
            yield name
        else:
            yield from _iter_use(module, node)


def _find_property(module: Module, node: ast.Attribute) -> str:
    """Return the name of the property that returns what an attribute holds, "" where none does."""
    around = module.function_scope(node)
    if not isinstance(module.table.parents[node], ast.Return) or around is None:
        return ""
    function = around.node
    if not isinstance(function, ast.FunctionDef):
        return ""
    is_property = any(ast.unparse(one).endswith("property") for one in function.decorator_list)
    return function.name if is_property else ""


def _is_of_something_else(parent: ast.AST) -> bool:
    """Answer whether what is asked of an attribute is nothing that a client has: `request.client.host`."""
    return isinstance(parent, ast.Attribute) and parent.attr not in _OF_A_CLIENT


def _iter_use(module: Module, node: ast.expr) -> Iterator[bool]:
    parent = module.table.parents[node]
    match parent:
        case ast.Attribute(attr=method) if method in _NEUTRAL:
            return
        case ast.Attribute(attr=method) if method in _TIMED:
            call = module.table.parents[parent]
            yield isinstance(call, ast.Call) and call.func is parent and _has_timeout(call)
        case ast.withitem(optional_vars=None) | ast.Compare() | ast.UnaryOp(op=ast.Not()) | ast.Delete():
            return
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test) if (
            test is node
        ):
            return
        case ast.withitem(optional_vars=ast.Name(id=name)):
            yield from _iter_uses_of_name(module, module.table.parents[parent], name)
        case _:
            yield False


def _iter_uses_of_name(module: Module, block: ast.AST, name: str) -> Iterator[bool]:
    function = next((one for one in module.ancestors(block) if isinstance(one, ast.stmt)), block)
    uses = (one for one in ast.walk(function) if isinstance(one, ast.Name) and one.id == name)
    for use in uses:
        if isinstance(use.ctx, ast.Load):
            yield from _iter_use(module, use)


def _has_timeout(call: ast.Call) -> bool:
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "timeout"), None)
    return given is not None and not ast.unparse(given).endswith(_DEFAULT)
