"""The bodies of streamed responses that are given to a response of a web framework."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

from httpx_fixer.analysis.escapes import last_name
from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_cover import Cover, find_cover
from httpx_fixer.analysis.stream_flow import walk_function
from httpx_fixer.analysis.stream_follows import build_inner_web, build_part_web
from httpx_fixer.analysis.stream_marks import Send, Web
from httpx_fixer.analysis.stream_methods import ITERATORS
from httpx_fixer.analysis.stream_obstacles import describe_rebinding, iter_escape_obstacles
from httpx_fixer.analysis.stream_takers import Escape, find_iterator_reads
from httpx_fixer.analysis.stream_uses import iter_takings
from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.values import dataclass

_RESPONDERS = {
    "EventSourceResponse": frozenset({"fastapi", "sse_starlette", "starlette"}),
    "ResponseStream": frozenset({"sanic"}),
    "Response": frozenset({"aiohttp", "flask", "quart", "werkzeug"}),
    "ServerSentEvent": frozenset({"litestar"}),
    "Stream": frozenset({"litestar"}),
    "StreamingHttpResponse": frozenset({"django"}),
    "StreamingResponse": frozenset({"fastapi", "starlette"}),
}
"""`{class that sends a body piece by piece: packages that have it}`."""
_BASES = 3
"""How many classes of the module may stand between a response's class and that of the framework."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body that a framework's response sends after the function has returned.

    `web` is that of the generator which reads it, None where the plain iterator was given. With a
    generator that leaves it open one of `cover` and `obstacles` says more.
    """

    escape: Escape
    web: Web | None
    is_closed: bool
    cover: Cover | None = None
    obstacles: tuple[Obstacle, ...] = ()


def find_bodies(module: Module, web: Web, send: Send) -> tuple[Body, ...]:
    """Return the bodies of a function's responses that it gives to a framework."""
    return tuple(
        _build_body(module, taking, send)
        for taking in iter_takings(module, web)
        if taking.taker is not None and is_responder(module, taking.taker.func) and _is_body(taking)
    )


def is_responder(module: Module, function: ast.expr, depth: int = _BASES) -> bool:
    """Answer whether an expression is a response class of a framework that sends a body in pieces."""
    symbol = module.local_symbol(function)
    if isinstance(symbol, str):
        package, name = symbol.split(".")[0], symbol.rpartition(".")[2]
        return package in _RESPONDERS.get(name, ())
    definition = module.classes.get(symbol.name) if isinstance(symbol, Symbol) else None
    bases = [] if definition is None or depth == 0 else definition.bases
    return any(is_responder(module, base, depth - 1) for base in bases)


def _is_body(taking: Escape) -> bool:
    return taking.generator is not None or taking.body is not None or any(_iter_iterations(taking.given))


def _iter_iterations(node: ast.expr | None) -> Iterator[str]:
    for inner in [] if node is None else ast.walk(node):
        match inner:
            case ast.Call(func=ast.Attribute(attr=method)) if method in ITERATORS:
                yield method


def find_item_type(body: Body) -> str:
    """Return the type of what a plain iterator over the body yields, "" where that is not known."""
    given = body.escape.given
    match body.escape.body if isinstance(given, ast.Name) else given:
        case ast.Call(func=ast.Attribute(attr=method)) if method in ITERATORS:
            return "bytes" if method.endswith(("bytes", "raw")) else "str"
    return ""


def _build_body(module: Module, taking: Escape, send: Send) -> Body:
    if taking.generator is None or taking.home is None:
        return Body(taking, None, is_closed=False)
    home = taking.home
    name = taking.closed or taking.parameter
    if taking.part:
        web = build_part_web(home, taking.generator, name, send, taking.part)
    else:
        web = build_inner_web(home, taking.generator, name, send)
    if taking.closed:
        reads = (node for node in ast.walk(taking.generator) if isinstance(node, ast.Name))
        web = replace(web, iterators=frozenset(node for node in reads if node.id == taking.parameter))
    notes = walk_function(web)
    if not notes.leaks:
        return Body(taking, web, is_closed=True)
    obstacles = (
        *iter_escape_obstacles(home, web, notes, 0),
        *_iter_other_callers(home, taking.generator),
        *_iter_guarded_closes(taking.generator, name),
    )
    cover = None if obstacles else find_cover(home, web, notes, 0)
    if cover is None:
        obstacles = obstacles or (describe_rebinding(web, notes, 0),)
        if home is not module:
            # The line of an obstacle is one of the site's own file.
            line = module.statement_of(taking.given).lineno if taking.given is not None else 0
            obstacles = tuple(replace(one, line=line) for one in obstacles)
        return Body(taking, web, is_closed=False, obstacles=obstacles)
    return Body(taking, web, is_closed=False, cover=cover)


def _iter_guarded_closes(generator: FunctionNode, name: str) -> Iterator[Obstacle]:
    """Yield an obstacle for each close whose exceptions are caught: a `finally` would come first."""
    for node in ast.walk(generator):
        if not isinstance(node, ast.Try) or not node.handlers:
            continue
        inside = [inner for one in node.body for inner in ast.walk(one)]
        sends = any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in inside)
        if not sends and any(_is_close_of(inner, name) for inner in inside):
            detail = f"`{generator.name}` catches what the close of `{name}` raises"
            yield Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, node.lineno)


def _is_close_of(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=given), attr="aclose" | "close")):
            return given == name
    return False


def _iter_other_callers(home: Module, generator: FunctionNode) -> Iterator[Obstacle]:
    """Yield an obstacle for each place that may read on where a generator has stopped."""
    outer = home.table.of[generator].parent
    if outer is not None and isinstance(outer.node, FunctionNode):
        return  # A nested one is followed only if it is called once.
    for module in home.iter_users(generator.name):
        for node in module.table.parents:
            if _is_read(node, generator.name) and not _is_sent(module, node):
                where = "here" if module is home else f"in `{module.path}`"
                detail = f"`{generator.name}` is used {where}, too, where the response may be read on"
                yield Obstacle(RefusalReason.ESCAPES, detail, node.lineno)


def _is_read(node: ast.AST, name: str) -> TypeGuard[ast.Name | ast.Attribute]:
    return (
        isinstance(node, ast.Name | ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and last_name(node) == name
    )


def _is_sent(module: Module, node: ast.Name | ast.Attribute) -> bool:
    """Answer whether a read of a generator's name makes one that a framework's response sends."""
    call = module.table.parents[node]
    if not isinstance(call, ast.Call) or call.func is not node:
        return False
    taker = module.table.parents[call]
    match taker:
        case ast.Assign(targets=[ast.Name() as target]):
            reads = find_iterator_reads(module, target)
            taker = module.table.parents[reads[0]] if len(reads) == 1 else taker
    taker = module.table.parents[taker] if isinstance(taker, ast.keyword) else taker
    return _sends(module, taker)


def _sends(module: Module, taker: ast.AST) -> bool:
    return isinstance(taker, ast.Call) and is_responder(module, taker.func)
