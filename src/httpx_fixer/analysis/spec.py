"""From a constructor call to a `ClientSpec`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable

from httpx_fixer.analysis.known_tables import find_unpacked_keys
from httpx_fixer.analysis.module import Module, import_target
from httpx_fixer.analysis.scopes import Scope
from httpx_fixer.analysis.site_facts import ClientSpec, Origin, SpecArgument

_VALUE_CLASSES = frozenset(
    {
        "Timeout",
        "Limits",
        "BasicAuth",
        "Headers",
        "URL",
        "QueryParams",
        "Proxy",
        "HTTPTransport",
        "AsyncHTTPTransport",
    }
)
"""Classes of httpx whose objects may be built once and used for every request.

`DigestAuth` is not one of them: it keeps the last challenge (FACTS A3).
"""

_EXACT = 2**53


def build_spec(module: Module, call: ast.Call, library: str, class_name: str) -> ClientSpec:
    """Read the arguments of a client's constructor (all of them are keyword-only)."""
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    context = _find_context(module, given.get("verify"))
    if context is not None:
        given |= {"verify": context.args[0]} if context.args else {}
        given = {name: value for name, value in given.items() if value is not context}
    arguments = tuple(build_argument(module, name, value) for name, value in given.items())
    unpacks = any(keyword.arg is None for keyword in call.keywords) or any(
        isinstance(value, ast.Starred) for value in call.args
    )
    is_complete = not call.args and not unpacks
    code, has_context = module.code(call.func), context is not None
    unpacked = find_unpacked_keys(module, call) if unpacks else frozenset()
    return ClientSpec(library, class_name, code, arguments, is_complete, unpacks, has_context, unpacked)


def _find_context(module: Module, verify: ast.expr | None) -> ast.Call | None:
    """Return the call `tls_context(...)`, where that is the function that an earlier run put there."""
    if not isinstance(verify, ast.Call) or not isinstance(verify.func, ast.Name):
        return None
    target = module.local_symbol(verify.func)
    if isinstance(target, str):
        is_ours = f".{target}".endswith(".http_tls.tls_context")
    else:
        own = (
            module.functions.get("tls_context")
            if target is not None and target.name == "tls_context"
            else None
        )
        is_ours = own is not None and "create_ssl_context" in ast.unparse(own.body[-1])
    return verify if is_ours else None


def build_argument(
    module: Module, name: str, value: ast.expr, is_fixed: Callable[[ast.Call], bool] = lambda _: False
) -> SpecArgument:
    """Describe one argument: its code, and where the names in it come from.

    What a call `is_fixed` returns is taken for a value like any other.
    """
    reader = _OriginReader(module, is_fixed)
    reader.read(value)
    return SpecArgument(
        name,
        module.code(value),
        normal_code(value),
        reader.origin,
        tuple(sorted(reader.imports)),
        value.lineno,
        frozenset(node.id for node in ast.walk(value) if isinstance(node, ast.Name)),
        frozenset(node.attr for node in ast.walk(value) if isinstance(node, ast.Attribute)),
        reader.has_call,
    )


def normal_code(value: ast.expr) -> str:
    """Return the code of an expression with formatting and number spelling taken out."""
    if isinstance(value, ast.Constant) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return repr(float(value.value)) if abs(value.value) < _EXACT else ast.unparse(value)
    if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
        match value.func:
            case ast.Attribute(attr="Timeout") | ast.Name(id="Timeout") if isinstance(
                value.args[0], ast.Constant
            ):
                return normal_code(value.args[0])
    return ast.unparse(value)


class _OriginReader:
    """Collects the widest origin of the names that an expression reads."""

    def __init__(self, module: Module, is_fixed: Callable[[ast.Call], bool]) -> None:
        self.module = module
        self.is_fixed = is_fixed
        self.origin = Origin.LITERAL
        self.has_call = False
        self.imports: set[tuple[str, str, str]] = set()

    def read(self, node: ast.AST) -> None:
        match node:
            case ast.Call() if not self._is_value_class(node.func):
                self.has_call = True
                self._widen(Origin.LITERAL if self.is_fixed(node) else Origin.SCOPED)
            case ast.Name(ctx=ast.Load()):
                self._read_name(node)
            case ast.Await() | ast.Yield() | ast.YieldFrom() | ast.NamedExpr() | ast.Lambda():
                self.has_call = True
                self._widen(Origin.SCOPED)
        for child in ast.iter_child_nodes(node):
            self.read(child)

    def _is_value_class(self, function: ast.expr) -> bool:
        target = self.module.local_symbol(function)
        if not isinstance(target, str):
            return False
        package, _, name = target.rpartition(".")
        return package in {"httpx", "httpx2"} and name in _VALUE_CLASSES

    def _read_name(self, node: ast.Name) -> None:
        home = self.module.table.enclosing(node).find(node.id)
        if home is None:
            self._widen(Origin.LITERAL if hasattr(builtins, node.id) else Origin.SCOPED)
        elif home.parent is not None:
            self._widen(Origin.SCOPED)
        else:
            self._read_module_name(node, home)

    def _read_module_name(self, node: ast.Name, home: Scope) -> None:
        bindings = home.bindings[node.id]
        target = import_target(bindings)
        if target is None or len(bindings) > 1:
            self._widen(Origin.MODULE)
            return
        self._widen(Origin.IMPORTED)
        statement = bindings[0].node
        if isinstance(statement, ast.ImportFrom):
            package, _, name = target.rpartition(".")
            if not package or package.endswith("."):
                package = target[: len(target) - len(name)]
            self.imports.add((package, name, node.id))
        else:
            self.imports.add((target, "", node.id))

    def _widen(self, origin: Origin) -> None:
        if origin.value > self.origin.value:
            self.origin = origin
