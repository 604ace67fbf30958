"""Functions of the project that return an open response, and who calls them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from httpx_fixer.analysis.callees import find_callee, is_generator
from httpx_fixer.analysis.files import mentions_httpx
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.linked_module import Links
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_clients import ClientKind, find_client_kind
from httpx_fixer.analysis.stream_facts import CloseBelow, StreamSite
from httpx_fixer.analysis.stream_flow import walk_function
from httpx_fixer.analysis.stream_marks import Web
from httpx_fixer.analysis.stream_results import (
    Opener,
    Openers,
    Result,
    build_web,
    find_stream_argument,
    find_unpacked,
    follow_result,
    is_streaming_send,
)
from httpx_fixer.analysis.streams import iter_stream_sites
from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.patterns import compile_later
from httpx_fixer.values import dataclass

_ROUNDS = 4
"""How many functions may return the response of one another."""

_FAILURE_READER = compile_later(rb"\.response\.(?:a?read|a?iter_(?:bytes|lines|raw|text))\(")


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """A function whose every return is an open response, or a tuple with one as its part `part`.

    `by_flag`: only if its `stream` is true. `part` is -1 where it returns no tuple.
    """

    path: str
    qualname: str
    node: FunctionNode
    by_flag: bool
    part: int


def iter_project_streams(resolver: Resolver, links: Links, paths: Iterable[str]) -> Iterator[StreamSite]:
    """Yield every call of some files that opens a streamed response, in order of path and position.

    A module may use a client without importing httpx: what it sends says so (`build_request`).
    """
    targets = list(paths)
    sending = frozenset(resolver.store.paths_with(b".send("))
    openers: dict[str, dict[ast.Call, Opener]] = {}
    for path in filter(sending.__contains__, targets):
        module = links.module(path) if _may_send(resolver.store.data(path)) else None
        if module is not None:
            openers[path] = dict(_iter_sends(module))
    known: set[tuple[str, str]] = set()
    for _ in range(_ROUNDS):
        wrappers = [
            wrapper
            for path, calls in openers.items()
            for wrapper in _iter_wrappers(links, path, calls)
            if (wrapper.path, wrapper.qualname) not in known
        ]
        known |= {(wrapper.path, wrapper.qualname) for wrapper in wrappers}
        for wrapper in wrappers:
            for path, call in _iter_calls(resolver, links, targets, wrapper):
                opener = Opener(isinstance(wrapper.node, ast.AsyncFunctionDef), wrapper.part)
                openers.setdefault(path, {})[call] = opener
        if not wrappers:
            break
    for path in sorted(openers):
        module = links.module(path)
        assert module is not None
        for site in iter_stream_sites(module, openers[path]):
            reader = _find_failure_reader(resolver, module, site) if site.cover is not None else None
            yield site if reader is None else replace(site, obstacles=(reader,), cover=None)


def _find_failure_reader(resolver: Resolver, module: Module, site: StreamSite) -> Obstacle | None:
    """Return an obstacle where another file reads the body of a response out of `HTTPStatusError`.

    Those of the same module are weighed where the close is planned.
    """
    node = module.functions.get(site.function)
    if isinstance(site.cover, CloseBelow) or node is None or not _raises_for_status(node, site.name):
        return None
    for path in resolver.store.paths_with(b"HTTPStatusError"):
        if path != module.path and _FAILURE_READER.search(resolver.store.data(path)):
            detail = f"`raise_for_status()` hands `{site.name}` to a handler in `{path}` that reads its body"
            return Obstacle(RefusalReason.ESCAPES, detail, site.line)
    return None


def _raises_for_status(function: FunctionNode, name: str) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "raise_for_status"
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        for node in ast.walk(function)
    )


def _may_send(data: bytes) -> bool:
    return b"stream" in data and (b".build_request(" in data or mentions_httpx(data))


def _iter_sends(module: Module) -> Iterator[tuple[ast.Call, Opener]]:
    for call in module.calls:
        kind = find_client_kind(module, call) if is_streaming_send(call) else None
        if kind is not None:
            yield call, Opener(kind is ClientKind.ASYNC)


def _iter_wrappers(links: Links, path: str, openers: Openers) -> Iterator[_Wrapper]:
    module = links.module(path)
    for call in openers if module is not None else ():
        assert module is not None
        scope = module.function_scope(call)
        if scope is None or not isinstance(scope.node, FunctionNode) or is_generator(scope.node):
            continue
        result = follow_result(module, call, openers)
        part = _find_returned_part(module, result, scope.node)
        if part is not None:
            stream = find_stream_argument(call)
            is_constant = stream is None or isinstance(stream, ast.Constant)
            yield _Wrapper(path, scope.qualname, scope.node, not is_constant, part)


def _find_returned_part(module: Module, result: Result, function: FunctionNode) -> int | None:
    """Return where a function returns the response wherever it returns: -1 for itself, else in a tuple.

    None where it does not always, or not in the same place.
    """
    returns = [node for node in own_nodes(function) if isinstance(node, ast.Return)]
    if not returns or not isinstance(
        function.body[-1], ast.Return | ast.Raise | ast.Try | ast.With | ast.AsyncWith
    ):
        return None
    if isinstance(result.parent, ast.Return):
        return -1 if len(returns) == 1 and (result.is_awaited or not result.is_async) else None
    web = build_web(module, result)
    parts = {_find_part(web, node.value) for node in returns} if web is not None else {None}
    if web is None or len(parts) > 1 or walk_function(web).falls_through:
        return None
    return parts.pop()


def _find_part(web: Web, value: ast.expr | None) -> int | None:
    if web.find_name(value) is not None:
        return -1
    elements = value.elts if isinstance(value, ast.Tuple) else []
    found = [index for index, one in enumerate(elements) if web.find_name(one) is not None]
    return found[0] if len(found) == 1 else None


def _iter_calls(
    resolver: Resolver, links: Links, targets: Iterable[str], wrapper: _Wrapper
) -> Iterator[tuple[str, ast.Call]]:
    name = wrapper.qualname.rpartition(".")[2]
    for path in targets:
        module = links.module(path) if name.encode() in resolver.store.data(path) else None
        for call in [] if module is None else module.calls:
            assert module is not None
            if wrapper.by_flag and find_stream_argument(call) is None:
                continue
            callee = find_callee(module, call)
            if callee is not None and callee.function is wrapper.node and _is_followed(module, call, wrapper):
                yield path, call


def _is_followed(module: Module, call: ast.Call, wrapper: _Wrapper) -> bool:
    """Answer whether what a call returns is the response, or a tuple that is unpacked at once."""
    parent = module.table.parents[call]
    parent = module.table.parents[parent] if isinstance(parent, ast.Await) else parent
    match parent:
        case ast.Assign(targets=[target]) if wrapper.part >= 0:
            return find_unpacked(target, wrapper.part) is not None
    return wrapper.part < 0
