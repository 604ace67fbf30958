"""Where a module builds clients, or sends requests without one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.factories import decorators_of
from httpx_fixer.analysis.followed_uses import iter_local_uses
from httpx_fixer.analysis.local_clients import build_local_client
from httpx_fixer.analysis.local_uses import UseKind
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.sent_urls import find_sent_urls
from httpx_fixer.analysis.single_requests import CLIENTS, find_chained_request, find_single_request
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite, ClientUsage, WithBlock
from httpx_fixer.analysis.spec import build_spec
from httpx_fixer.analysis.usage import VERBS, build_usage
from httpx_fixer.patterns import compile_later

_CACHES = frozenset({"alru_cache", "cache", "lru_cache"})
"""Decorators that keep what a function returned."""
_HANDING_OUT = frozenset({UseKind.BOUND, UseKind.LOOKED_AT, UseKind.RETURNED})
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_STACKS = frozenset({"AsyncExitStack", "ExitStack"})
_CLOSES = frozenset({"__aexit__", "__exit__", "aclose", "close"})
_COLLECTIONS = (ast.Dict, ast.DictComp, ast.List, ast.ListComp, ast.Set, ast.SetComp, ast.Tuple)
_HINT = compile_later(
    rb"Client\s*\(|Client\s+as\b|import\s+httpx2?\s+as\b|from\s+httpx2?\s+import\s*[(*]"
    rb"|\bhttpx2?\s*\.\s*(?:get|options|head|post|put|patch|delete|request|stream)\b"
    rb"|from\s+httpx2?\s+import[^\n]*\b(?:get|options|head|post|put|patch|delete|request|stream)\b"
)
"""What a construction or a top-level request looks like, under every form of import."""


def may_hold_client_sites(data: bytes) -> bool:
    """Answer from the bytes alone whether a module that imports httpx may hold a site."""
    return _HINT.search(data) is not None


def iter_client_sites(module: Module) -> Iterator[ClientSite]:
    """Yield every construction of a client and every top-level request, in source order."""
    for call in module.calls:
        target = module.local_symbol(call.func)
        if not isinstance(target, str):
            continue
        package, _, name = target.rpartition(".")
        if package not in {"httpx", "httpx2"}:
            continue
        library = package if _is_one_library(module, call) else ""
        if name in CLIENTS:
            yield _client_site(module, call, library, name)
        elif name in VERBS or name == "stream":
            yield _top_level_site(module, call, library, name)


def _is_one_library(module: Module, call: ast.Call) -> bool:
    """Answer whether the name behind a call is imported from one library only."""
    base = call.func
    while isinstance(base, ast.Attribute):
        base = base.value
    if not isinstance(base, ast.Name):
        return False
    home = module.table.enclosing(base).find(base.id)
    bindings = [] if home is None else home.bindings[base.id]
    return len({binding.target for binding in bindings if binding.target}) == 1


def _top_level_site(module: Module, call: ast.Call, library: str, name: str) -> ClientSite:
    return ClientSite(
        module.path,
        module.function_name(call),
        build_spec(module, call, library, ""),
        module.anchor(call),
        BindingForm.DISCARDED,
        _in_loop(module, call),
        "",
        None,
        None,
        name,
        find_single_request(module, call, name, call.func),
        module.is_test,
        urls=find_sent_urls(module, call, ""),
    )


def _client_site(module: Module, call: ast.Call, library: str, class_name: str) -> ClientSite:
    form, name = _find_cache(module, call, *_form_of(module, call))
    owner = _find_default_owner(module, call)
    function = f"{owner[0]}.__init__" if owner is not None else module.function_name(call)
    form, name = (BindingForm.INSTANCE, f"self.{owner[1]}") if owner is not None else (form, name)
    block, usage = _with_block(module, call) if form is BindingForm.WITH else (None, None)
    name = block.target if block is not None else name
    return ClientSite(
        module.path,
        function,
        build_spec(module, call, library, class_name),
        module.anchor(call),
        form,
        _in_loop(module, call),
        name,
        block,
        usage,
        "",
        find_chained_request(module, call) if form is BindingForm.CHAINED else None,
        module.is_test,
        build_local_client(module, call, is_async=class_name == "AsyncClient")
        if form is BindingForm.LOCAL
        else None,
        find_sent_urls(module, call, name if form in {BindingForm.LOCAL, BindingForm.WITH} else ""),
    )


def _form_of(module: Module, call: ast.Call) -> tuple[BindingForm, str]:
    """Return how the client is kept, and the name or attribute that it is kept under."""
    parent = module.table.parents[call]
    is_named = False
    while isinstance(parent, ast.BoolOp | ast.IfExp | ast.Await | ast.NamedExpr):
        is_named = is_named or isinstance(parent, ast.NamedExpr)
        parent = module.table.parents[parent]
    match parent:
        case ast.withitem() if parent.context_expr is call:
            return BindingForm.WITH, ""
        case ast.withitem():
            return BindingForm.STACKED, ""  # entered, if it is the one that is chosen
        case ast.Attribute() if is_named:
            return BindingForm.OTHER, ""  # what becomes of that name is not followed
        case ast.Attribute():
            return BindingForm.CHAINED, ""
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            return _target_form(module, target)
        case ast.Return():
            return BindingForm.RETURNED, ""
        case ast.Yield():
            return BindingForm.YIELDED, ""
        case ast.Call() if _enters(module, parent):
            return BindingForm.STACKED, ""
        case ast.Call() | ast.keyword():
            return BindingForm.ARGUMENT, ""
        case ast.Expr():
            return BindingForm.DISCARDED, ""
    return _find_container(module, call)


def _find_container(module: Module, call: ast.Call) -> tuple[BindingForm, str]:
    """Return the form and the name of the collection that a client is written into, if it is."""
    parent = module.table.parents[call]
    while isinstance(parent, _COLLECTIONS):
        parent = module.table.parents[parent]
    match parent:
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)]):
            return BindingForm.ITEM, name
        case ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name)):
            return BindingForm.ITEM, name
        case ast.Return():
            return BindingForm.ITEM, ""
    return BindingForm.OTHER, ""


def _find_cache(module: Module, call: ast.Call, form: BindingForm, name: str) -> tuple[BindingForm, str]:
    """Return the form and the name of a client whose function does nothing but hand it to its cache.

    The result of a cached property is an attribute of its object.
    """
    scope = module.function_scope(call)
    function = None if scope is None else scope.node
    if scope is None or not isinstance(function, FunctionNode):
        return form, name
    found = decorators_of(module, function) & (_CACHES | {"cached_property"})
    if form is BindingForm.LOCAL and found:
        uses = iter_local_uses(module, scope, name, is_async=False)
        is_plain = all(use.kind in _HANDING_OUT for use in uses)
    else:
        is_plain = form is BindingForm.RETURNED
    if not found or not is_plain:
        return form, name
    if "cached_property" not in found:
        return BindingForm.CACHED, function.name
    holder = function.args.args[0].arg if function.args.args else "self"
    return BindingForm.INSTANCE, f"{holder}.{function.name}"


def _find_default_owner(module: Module, call: ast.Call) -> tuple[str, str] | None:
    """Return the class and the attribute that a client is made for with each object, where it is.

    `client: AsyncClient = field(default_factory=lambda: AsyncClient())`, also of attrs and pydantic.
    """
    factory = module.table.parents[call]
    keyword = module.table.parents.get(factory)
    if not isinstance(factory, ast.Lambda) or not isinstance(keyword, ast.keyword):
        return None
    statement = module.table.parents.get(module.table.parents[keyword])
    match statement:
        case ast.Assign(targets=[ast.Name() as target]) | ast.AnnAssign(target=ast.Name() as target):
            scope = module.table.enclosing(target)
            is_factory = keyword.arg in {"default_factory", "factory"}
            return (scope.qualname, target.id) if is_factory and scope.is_class() else None
    return None


def _enters(module: Module, call: ast.Call) -> bool:
    """Answer whether a call closes what it is given: `stack.enter_async_context(...)`, `closing(...)`.

    A stack that is no local variable may live longer than the function.
    """
    match call.func:
        case ast.Attribute(value=ast.Name(id=name), attr="enter_async_context" | "enter_context"):
            scope = module.function_scope(call)
            bindings = scope.bindings.get(name, []) if scope is not None else []
            parents = [module.table.parents.get(binding.node) for binding in bindings]
            is_entered = bool(parents) and all(isinstance(parent, ast.withitem) for parent in parents)
            return is_entered or _is_closed_stack(module, call, name)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            is_entered = isinstance(module.table.parents[call], ast.withitem)
            return name in {"aclosing", "closing"} and is_entered
    return False


def _is_closed_stack(module: Module, call: ast.Call, name: str) -> bool:
    """Answer whether a local variable is an exit stack that its function closes, and gives to nobody."""
    scope = module.function_scope(call)
    bindings = [] if scope is None or name in scope.elsewhere else scope.bindings.get(name, [])
    made = [one.value.func for one in bindings if isinstance(one.value, ast.Call)]
    if not made or len(made) < len(bindings):
        return False
    if any(module.code(one).rpartition(".")[2] not in _STACKS for one in made):
        return False
    qualname = module.function_name(call)
    reads = [one for one in module.mentions.reads.get(name, ()) if isinstance(one, ast.Name)]
    uses = [module.table.parents[one] for one in reads if module.function_name(one) == qualname]
    closes = [one.attr in _CLOSES for one in uses if isinstance(one, ast.Attribute) and one.attr != "pop_all"]
    entered = [one for one in uses if isinstance(one, ast.withitem)]
    return len(closes) + len(entered) == len(uses) and (any(closes) or bool(entered))


def _target_form(module: Module, target: ast.expr) -> tuple[BindingForm, str]:
    if isinstance(target, ast.Attribute):
        return BindingForm.INSTANCE, ast.unparse(target)
    match target:
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)):
            return BindingForm.ITEM, name
    if not isinstance(target, ast.Name):
        return BindingForm.OTHER, ast.unparse(target)
    scope = module.table.enclosing(target)
    if isinstance(scope.node, ast.Module):
        return BindingForm.MODULE, target.id
    if isinstance(scope.node, ast.ClassDef):
        return BindingForm.CLASS, target.id
    return (BindingForm.LAZY if scope.elsewhere.get(target.id) else BindingForm.LOCAL), target.id


def _with_block(module: Module, call: ast.Call) -> tuple[WithBlock | None, ClientUsage | None]:
    statement = module.statement_of(call)
    assert isinstance(statement, ast.With | ast.AsyncWith)
    index = next(i for i, item in enumerate(statement.items) if item.context_expr is call)
    item = statement.items[index]
    name = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else ""
    block = WithBlock(module.anchor(statement), index, name, isinstance(statement, ast.AsyncWith))
    scope = module.function_scope(call) or module.table.enclosing(call)
    if scope.is_class() or not name or name in scope.elsewhere:  # a global is no name of the block's own
        return block, None
    function = scope.node
    assert isinstance(function, FunctionNode | ast.Module)
    return block, build_usage(module, function, name, statement)


def _in_loop(module: Module, call: ast.Call) -> bool:
    for parent in module.ancestors(call):
        if isinstance(parent, _LOOPS):
            return True
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            return False
    return False
