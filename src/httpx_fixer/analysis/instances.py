"""Whether the objects of a class live for one call of the functions that build them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from httpx_fixer.analysis.endless import Endless
from httpx_fixer.analysis.escapes import CLOSERS
from httpx_fixer.analysis.facts import Function, ObjectUse, Reference, Symbol
from httpx_fixer.analysis.followed_uses import iter_local_uses
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.linked_module import Links
from httpx_fixer.analysis.local_clients import build_local_client
from httpx_fixer.analysis.local_uses import UseKind
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.references import find_references
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import ClientSite, Closing
from httpx_fixer.analysis.store import is_test_path

_CACHES = frozenset({"alru_cache", "cache", "cached_property", "lru_cache"})
_KEEPING = frozenset(
    {UseKind.CAPTURED, UseKind.PASSED, UseKind.RETURNED, UseKind.STORED, UseKind.YIELDED, UseKind.ENTERED}
)
_LOOKERS = frozenset({"cast", "isinstance", "issubclass", "type"})


def is_built_per_call(links: Links, init: Function, attribute: str, *, is_async: bool) -> bool:
    """Answer whether a class, of which `init` is the constructor, is built for one call wherever it is.

    `attribute` holds its client, of which no stream may be left open: nothing closes it with the
    object. One that `is_async` has to be made on the event loop: not where FastAPI itself calls the
    class or a sync provider, which it does in a thread.
    """
    module = links.module(init.path)
    if module is None or init.name != "__init__" or _may_leave_stream(module, attribute):
        return False
    name = init.owner.rpartition(".")[2]
    references = find_references(links.resolver, replace(init, qualname=init.owner, name=name, owner=""))
    found = [_kind_of(links, one, name, is_async=is_async) for one in references if not one.is_test]
    return "built" in found and "kept" not in found


def is_left_by_makers(links: Links, init: Function, attribute: str, *, is_async: bool) -> bool:
    """Answer whether a class has a method that closes its client, and nothing that makes an object calls it.

    Each object lives for one call, as above, and none is entered.
    """
    module = links.module(init.path)
    owner = None if module is None else module.classes.get(init.owner)
    if module is None or owner is None:
        return False
    closers = {
        method.name
        for method in owner.body
        if isinstance(method, FunctionNode) and any(_is_close(node, attribute) for node in ast.walk(method))
    }
    if not closers or "__del__" in closers:
        return False
    closers |= {"__aexit__", "__exit__"}  # which may call one of the others
    named = "|".join(map(re.escape, sorted(closers)))
    called = re.compile(
        rf"\.(?:{named})\b|\.{re.escape(attribute)}\.a?close\b|[\"'](?:{named})[\"']".encode()
    )
    own = "\n".join(module.code(node) for node in module.tree.body if node is not owner)
    rest = "\n".join(module.code(m) for m in owner.body if getattr(m, "name", "") not in closers)
    word = init.owner.rpartition(".")[2].encode()
    others = (
        path for path in links.resolver.store.paths_with(word) if path != init.path and not is_test_path(path)
    )
    texts = (own.encode(), rest.encode(), *map(links.resolver.store.data, others))
    if any(called.search(text) for text in texts):
        return False
    return is_built_per_call(links, init, attribute, is_async=is_async)


def _is_close(node: ast.AST, attribute: str) -> bool:
    match node:
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr=held), attr=name):
            return held == attribute and name in CLOSERS
    return False


def iter_blocks(links: Links, maker: Function) -> Iterator[ObjectUse | None]:
    """Yield each place outside of tests that makes an object of the class of a method, which closes it.

    None stands for one that may live for longer than one call of the function that makes it.
    """
    name = maker.owner.rpartition(".")[2]
    references = find_references(links.resolver, replace(maker, qualname=maker.owner, name=name, owner=""))
    for reference in references:
        if reference.is_test or reference.how in {"import", "text"}:
            continue
        module = links.module(reference.path)
        call = None if module is None or reference.call is None else module.call_at(reference.call.anchor)
        if module is None:
            yield None
        elif call is not None:
            yield _find_block(links, module, call)
        else:
            nodes = [node for node in _iter_named(module, name) if node.lineno == reference.line]
            if not nodes or any(_kind_of_value(module, node) for node in nodes):
                yield None


def is_entered_per_call(links: Links, manager: Function) -> bool:
    """Answer whether every place outside of tests that names a context manager enters it for one call.

    None of them is a lifespan, or goes on until the process is stopped.
    """
    uses = [one for one in find_references(links.resolver, manager) if not one.is_test]
    uses = [one for one in uses if one.how not in {"import", "text"}]
    return bool(uses) and all(_is_entered_here(links, one) for one in uses)


def _is_entered_here(links: Links, reference: Reference) -> bool:
    module = links.module(reference.path)
    call = None if module is None or reference.call is None else module.call_at(reference.call.anchor)
    if module is None or call is None or not isinstance(module.table.parents[call], ast.withitem):
        return False
    return _find_block(links, module, call) is not None


def _find_block(links: Links, module: Module, call: ast.Call) -> ObjectUse | None:
    """Return the function that makes an object and closes it: by `with`, or in a `finally`."""
    scope = module.function_scope(call)
    function = None if scope is None else scope.node
    if scope is None or not isinstance(function, FunctionNode) or _is_kept_open(module, function):
        return None
    endless = Endless(links.resolver)
    parent = module.table.parents[call]
    match parent:
        case ast.withitem():
            block = module.statement_of(call)
            assert isinstance(block, ast.With | ast.AsyncWith)
            is_kept = endless.block(module, block)
            return None if is_kept else ObjectUse(module.path, scope.qualname)
        case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()):
            local = build_local_client(module, call, is_async=True)
            is_closed = local is not None and local.closing is Closing.ALWAYS and not local.is_stored
            if is_closed and not endless.function(Symbol(module.path, scope.qualname)):
                return ObjectUse(module.path, scope.qualname)
    return None


def is_closed_where_built(links: Links, site: ClientSite) -> bool:
    """Answer whether the function that puts a client into an attribute closes it in a `finally`."""
    module = links.module(site.path)
    node = None if module is None else module.functions.get(site.function)
    if module is None or node is None:
        return False
    finals = [
        final
        for inner in own_nodes(node)
        if isinstance(inner, ast.Try | ast.TryStar)
        for final in inner.finalbody
    ]
    return any(
        isinstance(inner, ast.Attribute) and inner.attr in CLOSERS and module.code(inner.value) == site.name
        for final in finals
        for inner in ast.walk(final)
    )


def _may_leave_stream(module: Module, attribute: str) -> bool:
    """Answer from the text whether a stream of the client is opened other than by `with`."""
    text = module.source.text
    if ".send(" in text and re.search(r"\bstream\s*=\s*(?!False\b)", text):
        return True
    lines = re.findall(rf"^.*\bself\.{re.escape(attribute)}\.stream\(.*$", text, re.MULTILINE)
    return any(not re.match(r"\s*(?:async )?with\b", line) for line in lines)


def _kind_of(links: Links, reference: Reference, name: str, *, is_async: bool) -> str:
    """Return "built" where an object is made for one call, "kept" where it may not be, "" for no object."""
    if reference.how in {"import", "text"}:
        return ""
    module = links.module(reference.path)
    if module is None:
        return "kept"
    if reference.call is None:
        nodes = [node for node in _iter_named(module, name) if node.lineno == reference.line]
        kinds = {_kind_of_value(module, node) for node in nodes}
        if "kept" in kinds or not kinds or (is_async and "built" in kinds):
            return "kept"
        return max(kinds)
    call = module.call_at(reference.call.anchor)
    scope = None if call is None else module.function_scope(call)
    if call is None or scope is None or (is_async and not isinstance(scope.node, ast.AsyncFunctionDef)):
        return "kept"
    return "built" if _is_for_one_call(links, module, call) else "kept"


def _iter_named(module: Module, name: str) -> Iterator[ast.Name | ast.Attribute]:
    for node in module.table.parents:
        match node:
            case ast.Name(id=found) | ast.Attribute(attr=found) if found == name:
                yield node


def _kind_of_value(module: Module, node: ast.expr) -> str:
    """A dependency builds one object a request; an annotation builds none."""
    child: ast.AST = node
    for parent in module.ancestors(node):
        match parent:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return "built" if name == "Depends" else ("" if name in _LOOKERS else "kept")
            case ast.arg():
                return ""
            case ast.AnnAssign() if parent.annotation is child:
                return ""
            case ast.FunctionDef() | ast.AsyncFunctionDef() if parent.returns is child:
                return ""
            case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)) if name == "Annotated":
                return ""
            case ast.stmt():
                return "kept"
        child = parent
    return "kept"


def _is_for_one_call(links: Links, module: Module, call: ast.Call) -> bool:
    scope = module.function_scope(call)
    function = None if scope is None else scope.node
    if scope is None or not isinstance(function, FunctionNode) or _is_kept_open(module, function):
        return False
    parent = module.table.parents[call]
    match parent:
        case ast.Attribute():
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            if name in scope.elsewhere:
                return False
            uses = iter_local_uses(module, scope, name, is_async=False)
            return not any(use.kind in _KEEPING for use in uses)
        case ast.Return():
            return _is_provider(links, module, scope.qualname)
    return False


def _is_kept_open(module: Module, function: FunctionNode) -> bool:
    """Answer whether a function is a generator, or runs once for all its callers."""
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function)):
        return True
    targets = [node.func if isinstance(node, ast.Call) else node for node in function.decorator_list]
    return any(module.code(target).rpartition(".")[2] in _CACHES for target in targets)


def _is_provider(links: Links, module: Module, qualname: str) -> bool:
    """Answer whether a function is a dependency, and nothing else calls it."""
    function = links.resolver.function(Symbol(module.path, qualname))
    if function is None or function.owner or function.decorators:
        return False
    uses = [r for r in find_references(links.resolver, function) if not r.is_test and r.how != "import"]
    return bool(uses) and all(_is_depended_on(links, use, function.name) for use in uses)


def _is_depended_on(links: Links, use: Reference, name: str) -> bool:
    module = links.module(use.path)
    if module is None or use.how != "value":
        return False
    nodes = [node for node in _iter_named(module, name) if node.lineno == use.line]
    return bool(nodes) and all(_kind_of_value(module, node) == "built" for node in nodes)
