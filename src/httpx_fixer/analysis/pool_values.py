"""Constructor arguments that make a pool, as one who builds clients for the whole process says them."""

from __future__ import annotations

import ast
from copy import deepcopy
from dataclasses import replace

from httpx_fixer.analysis.choices import CHOSEN, Choices
from httpx_fixer.analysis.class_constants import find_class_constant
from httpx_fixer.analysis.facts import Decorator, Function
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.scopes import BindingKind, Scope
from httpx_fixer.analysis.site_facts import GIVEN_LIMITS, ClientSite, Origin, PoolValue, SpecArgument
from httpx_fixer.analysis.spec import build_argument, normal_code
from httpx_fixer.analysis.text_search import TextSearch
from httpx_fixer.analysis.transports import Transport, read_transport
from httpx_fixer.source import Anchor

_TRANSPORTS = frozenset({"mounts", "transport"})
_CACHES = frozenset({"functools.cache", "functools.lru_cache"})
_READ_ONCE = frozenset(
    {"certifi.where", "httpx.create_ssl_context", "httpx2.create_ssl_context", "ssl.create_default_context"}
)
"""Functions of libraries that return the same each time: certificates are read once a pool anyway."""
_LIMITS_POSITION = 5
_BOUND_ONCE = frozenset({BindingKind.CLASS, BindingKind.FUNCTION, BindingKind.VALUE})


class PoolValues:
    """Answers which arguments are the same for as long as the process runs, and how to say them elsewhere."""

    def __init__(self, resolver: Resolver, search: TextSearch) -> None:
        self._resolver = resolver
        self._search = search
        self._choices = Choices(resolver, search, self._is_fixed)

    def settle(self, site: ClientSite, argument: SpecArgument) -> PoolValue:
        """Return an argument with what its local variable holds, and with what cached functions return.

        Transports that it builds and that say no limits can be given those of a pool, which do not
        reach them from the client (FACTS A13).
        """
        module = self._resolver.store.module(site.path)
        value = None if module is None else _find_value(module, site, argument)
        if module is None or value is None:
            return PoolValue(argument)
        value, statement = _look_up(module, value)
        if argument.name not in _TRANSPORTS:
            if argument.name == "proxies" and self._is_changed(value):
                return PoolValue(
                    argument, obstacle="`proxies=` reads a table that code changes", is_choice=True
                )
            constant = find_class_constant(module, self._search, value)
            if constant is not None:
                return PoolValue(_say_of_class(argument, *constant), statement, is_own=True)
            built = build_argument(module, argument.name, value, lambda call: self._is_fixed(module, call))
            is_own = self._is_own(module, built, value)
            is_choice = argument.name in CHOSEN and self._choices.may_share(module, argument.name, value)
            return PoolValue(built, statement, is_own, is_choice=is_choice)
        transports = self._find_transports(module, value, site)
        if transports is None:
            return PoolValue(argument, obstacle=f"`{argument.name}=` brings a transport of its own")
        calls = {one.call for one in transports}
        built = build_argument(
            module, argument.name, value, lambda call: call in calls or self._is_fixed(module, call)
        )
        if built.origin is Origin.SCOPED:
            return PoolValue(argument, obstacle=f"`{argument.name}=` is decided on each call")
        unlimited = [one.call for one in transports if one.takes_limits and not _says_limits(one.call)]
        if unlimited and GIVEN_LIMITS in built.names:
            return PoolValue(argument, obstacle=f"`{argument.name}=` reads a name that its owner uses itself")
        is_own = self._is_own(module, built, value)
        makers = tuple(dict.fromkeys(one.maker for one in transports if one.maker))
        return PoolValue(_limit(module, built, value, unlimited), statement, is_own, makers=makers)

    def codes_of(self, site: ClientSite, argument: SpecArgument) -> tuple[str, ...]:
        """Return the code of an argument, or of all that its local variable may hold."""
        module = self._resolver.store.module(site.path)
        value = None if module is None else _find_value(module, site, argument)
        scope = None if module is None or value is None else module.function_scope(value)
        if module is None or scope is None or not isinstance(value, ast.Name) or value.id in scope.elsewhere:
            return (argument.code,)
        held = [binding.value for binding in scope.bindings.get(value.id, ())]
        codes = tuple(module.code(one) for one in held if one is not None)
        return codes if codes and len(codes) == len(held) else (argument.code,)

    def _is_fixed(self, module: Module, call: ast.Call) -> bool:
        """Answer whether a call returns the same each time: of a cached function, with constants only."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        target = self._resolver.expression(module, call.func)
        if target is None or any(keyword.arg is None for keyword in call.keywords):
            return False
        if not target.path:
            return target.name in _READ_ONCE
        function = self._resolver.function(target)
        if function is None or not all(isinstance(value, ast.Constant) for value in given):
            return False
        return _is_cached(function) and not self._search.mentions(f"{function.name}.cache_clear".encode())

    def _is_changed(self, value: ast.expr) -> bool:
        """Answer whether something that a value reads by its name is a table that code changes."""
        read = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        read |= {node.attr for node in ast.walk(value) if isinstance(node, ast.Attribute)}
        return any(self._search.is_table_changed(name) for name in sorted(read - {"cls", "self"}))

    def _find_transports(self, module: Module, value: ast.expr, site: ClientSite) -> list[Transport] | None:
        """Return the transports that a value makes anew, None where it is, or may hold, something else."""
        match value:
            case ast.Constant(value=None):
                return []
            case ast.Dict(keys=keys, values=values):
                found = [self._find_transports(module, one, site) for one in values]
                is_plain = all(isinstance(key, ast.Constant) for key in keys)
                made = [one for some in found if some is not None for one in some]
                return made if is_plain and None not in found else None
            case ast.Call() if not _unpacks(value):
                transport = read_transport(self._resolver, module, value, site)
                return None if transport is None else [transport]
        return None

    def _is_own(self, module: Module, argument: SpecArgument, value: ast.expr) -> bool:
        """Answer whether a value reads names that its module binds once, while it is imported."""
        if argument.origin is not Origin.MODULE or any(isinstance(n, ast.Subscript) for n in ast.walk(value)):
            return False
        scope = module.table.module
        imported = {bound for _, _, bound in argument.imports}
        own = [name for name in argument.names - imported if name in scope.bindings]
        return all(_is_bound_once(module, scope, name) for name in own) and not any(
            self._search.is_attribute_assigned(name) for name in own
        )


def _say_of_class(argument: SpecArgument, owner: str, name: str) -> SpecArgument:
    """Return an argument that reads an attribute of an object as one that reads it of its class."""
    code = f"{owner}.{name}"
    names, attributes = frozenset({owner}), frozenset({name})
    return replace(
        argument, code=code, normal=code, origin=Origin.MODULE, imports=(), names=names, attributes=attributes
    )


def _find_value(module: Module, site: ClientSite, argument: SpecArgument) -> ast.expr | None:
    """Return the expression of an argument, None where an earlier run wrote something around it."""
    call = module.call_at(site.anchor)
    values = (keyword.value for keyword in (call.keywords if call else ()) if keyword.arg == argument.name)
    value = next(values, None)
    return value if value is not None and module.code(value) == argument.code else None


def _look_up(module: Module, value: ast.expr) -> tuple[ast.expr, Anchor | None]:
    """Return what a local variable holds that is there for this argument only, and its statement."""
    scope = module.function_scope(value)
    if not isinstance(value, ast.Name) or scope is None or value.id in scope.elsewhere:
        return value, None
    bindings = scope.bindings.get(value.id, [])
    reads = [n for n in module.mentions.reads.get(value.id, ()) if _is_read_of(module, n, scope)]
    if len(bindings) != 1 or len(reads) != 1 or bindings[0].value is None:
        return value, None
    statement = module.statement_of(bindings[0].node)
    is_lone = isinstance(statement, ast.Assign | ast.AnnAssign) and bindings[0].value is statement.value
    if not is_lone or (isinstance(statement, ast.Assign) and len(statement.targets) > 1):
        return value, None
    block = module.block_of(statement)
    if not any(one is around for one in block for around in module.ancestors(value)):
        return value, None
    return bindings[0].value, module.anchor(statement)


def _is_read_of(module: Module, node: ast.expr, scope: Scope) -> bool:
    return isinstance(node, ast.Name) and module.table.enclosing(node).find(node.id) is scope


def _is_cached(function: Function) -> bool:
    if function.is_async or function.is_generator or function.owner or function.outer:
        return False
    return len(function.decorators) == 1 and _keeps_result(function.decorators[0])


def _keeps_result(decorator: Decorator) -> bool:
    """Answer whether a decorator is one of `functools` that keeps what was returned."""
    if decorator.symbol is None or decorator.symbol.name not in _CACHES or decorator.symbol.path:
        return False
    return not any(given.name in {"", "maxsize"} and given.code == "0" for given in decorator.arguments or ())


def _is_bound_once(module: Module, scope: Scope, name: str) -> bool:
    bindings = scope.bindings[name]
    return len(bindings) == 1 and (
        bindings[0].kind in _BOUND_ONCE and module.table.enclosing(bindings[0].node) is scope
    )


def _unpacks(call: ast.Call) -> bool:
    starred = any(isinstance(value, ast.Starred) for value in call.args)
    return starred or any(keyword.arg is None for keyword in call.keywords)


def _says_limits(call: ast.Call) -> bool:
    return len(call.args) > _LIMITS_POSITION or any(keyword.arg == "limits" for keyword in call.keywords)


def _limit(
    module: Module, argument: SpecArgument, value: ast.expr, transports: list[ast.Call]
) -> SpecArgument:
    """Let some transports of an argument take the limits of a pool."""
    code, start = argument.code, module.offset(value.lineno, value.col_offset)
    for call in reversed(transports):
        given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        last = max(given, key=lambda one: (one.lineno, one.col_offset)) if given else None
        if last is None:
            at, text = module.offset(call.end_lineno or 0, call.end_col_offset or 0) - 1, f"**{GIVEN_LIMITS}"
        else:
            at = module.offset(last.end_lineno or 0, last.end_col_offset or 0)
            lead = module.source.lines[last.lineno - 1][: last.col_offset]
            gap = f"\n{lead}" if lead and not lead.strip() else " "
            text = f",{gap}**{GIVEN_LIMITS}"
        code = f"{code[: at - start]}{text}{code[at - start :]}"
    limited = deepcopy(value)
    for node, twin in zip(ast.walk(value), ast.walk(limited), strict=False):
        if isinstance(twin, ast.Call) and any(node is call for call in transports):
            twin.keywords.append(ast.keyword(None, ast.Name(GIVEN_LIMITS, ast.Load())))
    return replace(argument, code=code, normal=normal_code(limited))
