"""Which arguments something takes that a test puts in the place of something else."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver, single_value
from httpx_fixer.analysis.scopes import FunctionNode

_MOCKS = frozenset({"AsyncMock", "MagicMock", "Mock", "NonCallableMagicMock", "create_autospec"})
_DEPTH = 5


def takes_any_argument(
    resolver: Resolver, module: Module, patch: ast.Call | None, new: ast.expr | None
) -> bool:
    """Answer whether a double takes one more argument of the real thing: a mock, or what has `**kwargs`.

    `patch` is the call that puts it in place and may say more of it; without `new` it makes a mock. What
    compares all the arguments that it got does not count.
    """
    if new is None:
        return patch is None or _mock_takes_any(resolver, module, patch)
    return _takes_any(resolver, module, new, _DEPTH)


def _mock_takes_any(resolver: Resolver, module: Module, call: ast.Call) -> bool:
    """Answer the same of a mock that a call makes: what it runs instead gets the same arguments."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    factory = given.get("new_callable")
    if factory is not None and _last_name(factory) not in _MOCKS:
        return False
    run = given.get("side_effect") or given.get("wraps")
    if run is None or isinstance(run, ast.Constant | ast.List | ast.Tuple) or _is_exception(run):
        return True
    return _takes_any(resolver, module, run, _DEPTH)


def _is_exception(value: ast.expr) -> bool:
    name = _last_name(value.func if isinstance(value, ast.Call) else value)
    return name.endswith(("Error", "Exception", "Timeout"))


def _takes_any(resolver: Resolver, module: Module, new: ast.expr, depth: int) -> bool:
    match new:
        case ast.Lambda():
            return new.args.kwarg is not None
        case ast.Call():
            if _last_name(new.func) in _MOCKS:
                return _mock_takes_any(resolver, module, new)
            maker = resolver.expression(module, new.func)
            made = None if maker is None or not maker.path else resolver.returned(maker)
            return made is not None and bool(depth) and _symbol_takes_any(resolver, made, depth - 1)
        case ast.Name() | ast.Attribute():
            symbol = resolver.expression(module, new)
            return symbol is not None and _symbol_takes_any(resolver, symbol, depth)
    return False


def _symbol_takes_any(resolver: Resolver, symbol: Symbol, depth: int) -> bool:
    if not symbol.path:
        return symbol.name.rpartition(".")[2] in _MOCKS or symbol.name.startswith(("httpx.", "httpx2."))
    module = resolver.store.module(symbol.path)
    if module is None or not depth:
        return False
    function, kind = module.functions.get(symbol.name), module.classes.get(symbol.name)
    if function is not None:
        return _function_takes_any(module, function)
    if kind is not None:
        return _class_takes_any(resolver, module, kind, symbol.name, depth)
    value = single_value(module, symbol.name)
    return value is not None and _takes_any(resolver, module, value, depth - 1)


def _class_takes_any(resolver: Resolver, module: Module, kind: ast.ClassDef, name: str, depth: int) -> bool:
    builders = [module.functions.get(f"{name}.{method}") for method in ("__init__", "__new__")]
    own = [builder for builder in builders if builder is not None]
    if own:
        return all(_function_takes_any(module, builder) for builder in own)
    bases = [resolver.expression(module, base) for base in kind.bases]
    return bool(bases) and all(
        base is not None and _symbol_takes_any(resolver, base, depth - 1) for base in bases
    )


def _function_takes_any(module: Module, function: FunctionNode) -> bool:
    """Answer whether a function has `**kwargs`, and nothing compares all that came in by it."""
    keywords = function.args.kwarg
    if keywords is None:
        return False
    kept = {keywords.arg, *(name for node in ast.walk(function) for name in _kept_in(node, keywords.arg))}
    around = [node for node in module.ancestors(function) if isinstance(node, FunctionNode | ast.Module)]
    test = around[-2] if len(around) > 1 else around[-1]  # the test that defines it, else all of them
    return not any(
        isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare) and _compares_all(node.test, kept)
        for node in ast.walk(test)
    )


def _kept_in(node: ast.AST, keywords: str) -> list[str]:
    """Return the names of what the keywords are kept in: `seen.append(kwargs)`, `seen["x"] = kwargs`."""
    match node:
        case ast.Assign(targets=[target], value=value) if _reads(value, keywords):
            return [_first_name(target)]
        case ast.Call(func=ast.Attribute(value=holder), args=args) if any(_reads(a, keywords) for a in args):
            return [_first_name(holder)]
    return []


def _compares_all(test: ast.Compare, kept: set[str]) -> bool:
    """Answer whether a comparison asks for equality with a whole table or list of arguments."""
    sides = [test.left, *test.comparators]
    is_whole = any(isinstance(side, ast.Dict | ast.List | ast.Tuple) for side in sides)
    is_equality = any(isinstance(operator, ast.Eq) for operator in test.ops)
    return is_whole and is_equality and any(_first_name(side) in kept for side in sides)


def _reads(value: ast.AST, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(value))


def _first_name(place: ast.expr) -> str:
    """Return `self.seen` for `self.seen["x"]`, `seen` for `seen[0].kwargs`."""
    while isinstance(place, ast.Subscript | ast.Call):
        place = place.value if isinstance(place, ast.Subscript) else place.func
    if isinstance(place, ast.Attribute) and not isinstance(place.value, ast.Name):
        return _first_name(place.value)
    return ast.unparse(place)


def _last_name(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]
