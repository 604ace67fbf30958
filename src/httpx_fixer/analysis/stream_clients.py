"""Which expressions are httpx clients, as far as one module tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import Enum

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.nodes import walk
from httpx_fixer.analysis.scopes import Binding, BindingKind, Scope
from httpx_fixer.patterns import compile_later

LIBRARIES = frozenset({"httpx", "httpx2"})
_OTHER_LIBRARIES = frozenset(
    {
        "aiobotocore",
        "aiohttp",
        "boto3",
        "botocore",
        "curl_cffi",
        "grpc",
        "niquests",
        "requests",
        "urllib3",
        "websockets",
    }
)
"""Packages whose clients or sessions have a `send` too, or are called `client` as often."""
_WORD = compile_later(r"[\w.]+")
_DEPTH = 4
"""How many names are followed: a parameter, an attribute, an alias and the class behind it."""


class ClientKind(Enum):
    """What an expression that may be a client is."""

    ASYNC = "AsyncClient"
    SYNC = "Client"
    LIKELY = "likely"
    """It is called like a client in a module that imports httpx, or builds the request that it sends."""


def find_client_kind(module: Module, call: ast.Call) -> ClientKind | None:
    """Return what kind of httpx client the receiver of a `send` is, None where it is none."""
    if not isinstance(call.func, ast.Attribute):
        return None
    receiver = call.func.value
    found = _ClientReader(module).read(receiver, _DEPTH)
    if isinstance(found, ClientKind):
        return found
    if found is False:
        return None
    is_called = _is_called_client(receiver) and bool(module.imported_packages & LIBRARIES)
    if is_called or _builds_request(module, call, receiver):
        return ClientKind.LIKELY
    return None


def _is_called_client(receiver: ast.expr) -> bool:
    match receiver:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return "client" in name.lower()
    return False


def _builds_request(module: Module, call: ast.Call, receiver: ast.expr) -> bool:
    """Answer whether the request is an `httpx.Request`, or built by the receiver itself."""
    request = (
        call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "request"), None)
    )
    if isinstance(request, ast.Name):
        home = module.table.enclosing(request).find(request.id)
        values = [] if home is None else [binding.value for binding in home.bindings[request.id]]
    else:
        values = [request]
    for value in values:
        match value:
            case ast.Call(func=ast.Attribute(attr="build_request", value=owner)):
                if ast.dump(owner) == ast.dump(receiver):
                    return True
            case ast.Call(func=function) if module.local_symbol(function) in {
                f"{lib}.Request" for lib in LIBRARIES
            }:
                return True
    return False


class _ClientReader:
    """Follows an expression to a client class: a kind, False for something else, None for unknown."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def read(self, node: ast.expr | None, depth: int) -> ClientKind | bool | None:
        if depth <= 0:
            return None
        match node:
            case ast.Call():
                return self._read_call(node, depth)
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.read(value, depth)
            case ast.BoolOp(values=values):
                return self._first(self.read(value, depth) for value in reversed(values))
            case ast.IfExp(body=body, orelse=orelse):
                return self._first(self.read(value, depth) for value in (body, orelse))
            case ast.Name():
                return self._read_name(node, depth)
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                return self._read_attribute(node, depth)
            case ast.Attribute():
                return self._read_elsewhere(node, depth)
        return None

    def _first(self, found: Iterator[ClientKind | bool | None]) -> ClientKind | bool | None:
        kinds = list(found)
        known = [kind for kind in kinds if isinstance(kind, ClientKind)]
        return known[0] if known else False if False in kinds else None

    def _read_call(self, call: ast.Call, depth: int) -> ClientKind | bool | None:
        kind = self._read_class(call.func, depth)
        match call:
            case ast.Call(func=ast.Attribute(attr="enter_context" | "enter_async_context"), args=[inner]):
                return self.read(inner, depth - 1) if kind is None else kind
        return self._read_returned(call.func, depth) if kind is None else kind

    def _read_returned(self, function: ast.expr, depth: int) -> ClientKind | bool | None:
        """Read what a function of the project says that it returns, or lends."""
        found = self.module.find_function(function)
        if found is None:
            return None
        home, node = found
        return _ClientReader(home)._read_annotation(node.returns, depth - 1)

    def _read_class(self, node: ast.expr, depth: int) -> ClientKind | bool | None:
        """Return what instances of the class that an expression names are."""
        symbol = self.module.local_symbol(node)
        if isinstance(symbol, Symbol):
            definition = self.module.classes.get(symbol.name)
            if definition is None or depth <= 0:
                return None
            if not definition.bases:
                return False
            return self._first(self._read_class(base, depth - 1) for base in definition.bases)
        if symbol is None:
            return None
        package, _, name = symbol.rpartition(".")
        if package in LIBRARIES:
            return {"AsyncClient": ClientKind.ASYNC, "Client": ClientKind.SYNC}.get(name, False)
        return False if symbol.split(".")[0] in _OTHER_LIBRARIES else None

    def _read_name(self, node: ast.Name, depth: int) -> ClientKind | bool | None:
        scope = self.module.table.enclosing(node)
        if node.id == "self":
            owner = self._owner(node)
            return (
                None if owner is None else self._first(self._read_class(base, depth) for base in owner.bases)
            )
        home = scope.find(node.id)
        bindings = [] if home is None else home.bindings[node.id]
        if any(binding.kind is BindingKind.IMPORT for binding in bindings):
            return self._read_elsewhere(node, depth)
        return self._first(self._read_binding(binding, depth) for binding in bindings)

    def _read_elsewhere(self, node: ast.expr, depth: int) -> ClientKind | bool | None:
        """Read a variable of another module of the project."""
        found = self.module.find_variable(node)
        if found is None:
            return None
        reader = _ClientReader(found[0])
        return self._first(reader._read_binding(binding, depth - 1) for binding in found[1])

    def _read_binding(self, binding: Binding, depth: int) -> ClientKind | bool | None:
        parent = self.module.table.parents.get(binding.node)
        match parent:
            case ast.withitem(context_expr=value):
                return self.read(value, depth - 1)
            case ast.AnnAssign(annotation=annotation):
                known = self._read_annotation(annotation, depth)
                return self.read(binding.value, depth - 1) if known is None else known
        if isinstance(binding.node, ast.arg):
            return self._read_annotation(binding.node.annotation, depth)
        return self.read(binding.value, depth - 1)

    def _read_annotation(self, annotation: ast.expr | None, depth: int) -> ClientKind | bool | None:
        """Look for a client class anywhere in an annotation: optional, annotated, quoted or an alias."""
        if annotation is None or depth <= 0:
            return None
        found: list[ClientKind | bool | None] = []
        for inner in walk(annotation):
            if isinstance(inner, ast.Name | ast.Attribute):
                found.append(self._read_class(inner, depth))
            if isinstance(inner, ast.Name):
                found.append(self._read_alias(inner, depth))
            elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                found.append(_read_quoted(inner.value, self.module))
        return self._first(iter(found))

    def _read_alias(self, name: ast.Name, depth: int) -> ClientKind | bool | None:
        """Read `HttpClient = Annotated[httpx.AsyncClient, Depends(...)]` of the same module."""
        bindings = self.module.table.module.bindings.get(name.id, [])
        values = [
            binding.value for binding in bindings if isinstance(binding.value, ast.Subscript | ast.BinOp)
        ]
        return self._first(self._read_annotation(value, depth - 1) for value in values)

    def _read_attribute(self, node: ast.Attribute, depth: int) -> ClientKind | bool | None:
        """Read what the class around assigns to `self.<attribute>`, or declares in its body."""
        owner = self._owner(node)
        if owner is None:
            return None
        found: list[ClientKind | bool | None] = []
        for inner in walk(owner):
            match inner:
                case ast.Assign(targets=[target], value=value) if self._is_same(target, node):
                    found.append(self.read(value, depth - 1))
                case ast.AnnAssign(target=target) if self._is_same(target, node):
                    found.append(self._read_annotation(inner.annotation, depth))
                    found.append(self.read(inner.value, depth - 1))
                case ast.AnnAssign(target=ast.Name(id=name)) if name == node.attr and inner in owner.body:
                    found.append(self._read_annotation(inner.annotation, depth))
        return self._first(iter(found))

    def _is_same(self, target: ast.expr, node: ast.Attribute) -> bool:
        match target:
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                return name == node.attr
        return False

    def _owner(self, node: ast.AST) -> ast.ClassDef | None:
        scope: Scope | None = self.module.table.enclosing(node)
        while scope is not None:
            if isinstance(scope.node, ast.ClassDef):
                return scope.node
            scope = scope.parent
        return None


def _read_quoted(text: str, module: Module) -> ClientKind | None:
    """Read a quoted annotation by its words: its names have no place in the tree."""
    words = frozenset(_WORD.findall(text))
    for bound, bindings in module.table.module.bindings.items():
        for binding in bindings:
            for kind in (ClientKind.ASYNC, ClientKind.SYNC):
                is_class = binding.target in {f"{library}.{kind.value}" for library in LIBRARIES}
                is_module = binding.target in LIBRARIES
                if (is_class and bound in words) or (is_module and f"{bound}.{kind.value}" in words):
                    return kind
    return None
