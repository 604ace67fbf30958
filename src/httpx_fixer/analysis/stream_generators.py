"""Generators that hold a streamed response open between their items, and who calls them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from httpx_fixer.analysis.callees import find_callee, is_generator
from httpx_fixer.analysis.files import mentions_httpx
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.linked_module import Links
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.store import FileStore
from httpx_fixer.analysis.stream_blocks import is_stream_call
from httpx_fixer.analysis.stream_clients import find_client_kind
from httpx_fixer.analysis.stream_facts import GeneratorType
from httpx_fixer.analysis.stream_flow import walk_function
from httpx_fixer.analysis.stream_marks import LIVE
from httpx_fixer.analysis.stream_results import build_web, follow_result, is_streaming_send
from httpx_fixer.values import dataclass

_ROUNDS = 4
"""How many generators may pass on the items of one another."""
_EVENT_SOURCES = frozenset({"httpx_sse.aconnect_sse", "httpx_sse.connect_sse"})

_ABLE = {
    "AsyncIterable": ("AsyncGenerator", ", None"),
    "AsyncIterator": ("AsyncGenerator", ", None"),
    "Iterable": ("Generator", ", None, None"),
    "Iterator": ("Generator", ", None, None"),
}
"""`{type that a generator may say it returns: (type that can be closed, its other arguments)}`."""

Generators = Mapping[FunctionNode, Module]


@dataclass(frozen=True, slots=True)
class GeneratorCall:
    """A call, in `module`, of a generator of the module `home` that holds a stream open."""

    module: Module
    call: ast.Call
    home: Module
    generator: FunctionNode

    @property
    def is_async(self) -> bool:
        """Whether the generator is an async one."""
        return isinstance(self.generator, ast.AsyncFunctionDef)


def iter_generator_calls(store: FileStore, links: Links, targets: Sequence[str]) -> Iterator[GeneratorCall]:
    """Yield the calls of generators that hold a stream open, in some files, by path and position."""
    found: dict[ast.Call, GeneratorCall] = {}
    newest = dict(_iter_generators(store, links))
    known = dict(newest)
    for _ in range(_ROUNDS if newest else 0):
        calls = [call for path in store.files for call in _iter_calls(store, links, path, newest)]
        found |= {one.call: one for one in calls}
        outer = ((one.module, _find_relaying(one)) for one in calls)
        newest = {node: module for module, node in outer if node is not None and node not in known}
        known |= newest
        if not newest:
            break
    wanted = frozenset(targets)
    ordered = sorted(found.values(), key=lambda one: (one.module.path, one.call.lineno, one.call.col_offset))
    yield from (one for one in ordered if one.module.path in wanted)


def _iter_generators(store: FileStore, links: Links) -> Iterator[tuple[FunctionNode, Module]]:
    """Yield the generators of the project that open a stream themselves, and their modules."""
    for path in store.paths_with(b"stream(", b"stream=", b"connect_sse("):
        data = store.data(path)
        is_near = mentions_httpx(data) or b".build_request(" in data or b"httpx_sse" in data
        module = links.module(path) if is_near and b"yield" in data else None
        for function in module.functions.values() if module is not None else ():
            assert module is not None
            if is_generator(function) and _holds_stream(module, function):
                yield function, module


def _holds_stream(module: Module, function: FunctionNode) -> bool:
    for node in own_nodes(function):
        match node:
            case ast.With() | ast.AsyncWith():
                if any(_opens(module, item.context_expr) for item in node.items) and yields_in(node.body):
                    return True
            case ast.Call() if is_streaming_send(node) and find_client_kind(module, node) is not None:
                web = build_web(module, follow_result(module, node))
                if web is not None and any(held in LIVE for held, _ in walk_function(web).yields):
                    return True
    return False


def _opens(module: Module, expression: ast.expr) -> bool:
    if not isinstance(expression, ast.Call):
        return False
    return is_stream_call(module, expression) or module.local_symbol(expression.func) in _EVENT_SOURCES


def yields_in(statements: Sequence[ast.stmt]) -> bool:
    """Answer whether some statements yield, without those of functions inside."""
    todo: list[ast.AST] = [*statements]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            todo.extend(ast.iter_child_nodes(node))
    return False


def _iter_calls(store: FileStore, links: Links, path: str, generators: Generators) -> Iterator[GeneratorCall]:
    names = {function.name for function in generators}
    data = store.data(path)
    if not any(name.encode() in data for name in names):
        return
    module = links.module(path)
    for call in module.calls_of(tuple(sorted(names))) if module is not None else ():
        assert module is not None
        callee = find_callee(module, call)
        if callee is not None and callee.function in generators:
            yield GeneratorCall(module, call, callee.module, callee.function)


def _find_relaying(called: GeneratorCall) -> FunctionNode | None:
    """Return the generator around a call that yields while the called one is between its items."""
    scope = called.module.function_scope(called.call)
    if scope is None or not isinstance(scope.node, FunctionNode) or not is_generator(scope.node):
        return None
    if scope.node.decorator_list:
        return None  # A context manager, for one.
    match called.module.statement_of(called.call):
        case ast.For(body=body) | ast.AsyncFor(body=body) | ast.With(body=body) | ast.AsyncWith(body=body):
            return scope.node if yields_in(body) else None
        case ast.Assign() | ast.AnnAssign() as statement:
            block = called.module.block_of(statement)
            below = block[block.index(statement) + 1 :]
            return scope.node if yields_in(below) else None
    is_delegated = isinstance(called.module.table.parents[called.call], ast.YieldFrom)
    return scope.node if is_delegated else None


def find_generator_type(home: Module, generator: FunctionNode) -> GeneratorType | None:
    """Return what a generator should say that it returns, None where the type that it says can be closed."""
    match generator.returns:
        case ast.Subscript(value=ast.Name() | ast.Attribute() as said, slice=item):
            symbol = home.local_symbol(said)
        case _:
            return None
    library, _, before = symbol.rpartition(".") if isinstance(symbol, str) else ("", "", "")
    if library not in {"collections.abc", "typing"} or before not in _ABLE:
        return None
    name, others = _ABLE[before]
    anchor, code = home.anchor(generator.returns), f"[{home.code(item)}{others}]"
    if isinstance(said, ast.Attribute):
        return GeneratorType(anchor, f"{ast.unparse(said.value)}.{name}{code}", name, "", before)
    return GeneratorType(anchor, f"{name}{code}", name, library, before if said.id == before else said.id)
