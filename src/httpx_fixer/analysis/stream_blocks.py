"""Blocks that close a streamed response before those read it who got its body."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from httpx_fixer.analysis.escapes import CLOSERS
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_bodies import find_bodies
from httpx_fixer.analysis.stream_clients import LIBRARIES, find_client_kind
from httpx_fixer.analysis.stream_cover import find_cover
from httpx_fixer.analysis.stream_facts import StreamBlock
from httpx_fixer.analysis.stream_flow import walk_function
from httpx_fixer.analysis.stream_follows import complete_web
from httpx_fixer.analysis.stream_freezing import freeze_body, freeze_cover, is_typed
from httpx_fixer.analysis.stream_marks import LIVE, Held, Notes, Send, Web
from httpx_fixer.analysis.stream_methods import find_closing
from httpx_fixer.analysis.stream_obstacles import describe_rebinding, iter_escape_obstacles
from httpx_fixer.analysis.stream_uses import iter_escapes
from httpx_fixer.diagnostic import RefusalReason

_OF_SEND = frozenset({"auth", "follow_redirects"})
"""Arguments of `stream` that `send` takes; `build_request` takes the others (httpx 0.28.1)."""
_REQUEST = "request"


def iter_stream_blocks(module: Module) -> Iterator[StreamBlock]:
    """Yield each block around a `stream` of an httpx client whose open body leaves it, in source order."""
    for call in module.calls:
        item = module.table.parents[call]
        if not isinstance(item, ast.withitem) or not is_stream_call(module, call):
            continue
        name, scope = item.optional_vars, module.function_scope(call)
        if isinstance(name, ast.Name) and scope is not None and isinstance(scope.node, FunctionNode):
            block = _read_block(module, call, item, name, scope.node)
            if block is not None:
                yield block


def is_stream_call(module: Module, call: ast.Call) -> bool:
    """Answer whether a call is `x.stream(...)` of an httpx client, or `httpx.stream(...)`."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "stream":
        return module.local_symbol(call.func) in {f"{library}.stream" for library in LIBRARIES}
    symbol = module.local_symbol(call.func)
    if isinstance(symbol, str) and symbol.split(".")[0] in LIBRARIES:
        return True
    return find_client_kind(module, call) is not None


def find_early_end(module: Module, web: Web, returned: ast.stmt) -> int:
    """Return the line of a block around a `return` that closes the response when it is left, 0 for none."""
    receivers = {
        ast.unparse(send.call.func.value) for send in web.sends if isinstance(send.call.func, ast.Attribute)
    }
    node: ast.AST = returned
    while node is not web.function:
        parent = module.table.parents[node]
        match parent:
            case ast.With() | ast.AsyncWith() if node in parent.body:
                if any(find_closing(web, item.context_expr) for item in parent.items):
                    return parent.lineno
                if any(enters(item, receivers) for item in parent.items):
                    return parent.lineno
            case ast.Try() if node not in parent.finalbody:
                if any(_closes(web, statement) for statement in parent.finalbody):
                    return parent.finalbody[0].lineno
        node = parent
    return 0


def enters(item: ast.withitem, receivers: set[str]) -> bool:
    """Answer whether an item of a `with` statement enters one of some clients, told by their code."""
    entered = [item.context_expr, *([item.optional_vars] if item.optional_vars is not None else [])]
    return any(ast.unparse(expression) in receivers for expression in entered)


def _closes(web: Web, statement: ast.stmt) -> bool:
    match statement:
        case ast.If(test=ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)), orelse=[]) if (
            name in web.flags
        ):
            return False
    return any(
        isinstance(node, ast.Attribute) and node.attr in CLOSERS and web.find_owner(node) is not None
        for node in ast.walk(statement)
    )


def _read_block(
    module: Module, call: ast.Call, item: ast.withitem, name: ast.Name, function: FunctionNode
) -> StreamBlock | None:
    statement = module.table.parents[item]
    assert isinstance(statement, ast.With | ast.AsyncWith)
    is_async = isinstance(statement, ast.AsyncWith)
    send = Send(call, ast.Assign([name], call), is_async)
    web = _build_web(module, name, function, send)
    # The block's own statements, as a function that is given the response open.
    inner = replace(web, function=_as_function(statement), starts_open=True)
    notes = walk_function(inner)
    if not _is_taken_out(module, web, notes):
        return None
    bodies = [body for body in find_bodies(module, web, send) if body.escape.handed in notes.returns]
    obstacles = [
        *_iter_obstacles(module, call, statement, web),
        *iter_escape_obstacles(module, web, notes, 0),
        *(obstacle for body in bodies for obstacle in body.obstacles),
    ]
    cover = None if obstacles else find_cover(module, inner, notes, 0)
    if not obstacles and cover is None:
        obstacles = [describe_rebinding(inner, notes, 0)]
    return StreamBlock(
        module.path,
        module.anchor(call),
        module.anchor(statement),
        f"{ast.unparse(call.func)}(...)",
        name.id,
        is_async,
        _write_opening(module, call, name.id, statement),
        tuple(obstacles),
        None if cover is None else freeze_cover(module, cover.trial),
        tuple(freeze_body(module, body, function) for body in bodies),
        is_typed(module, call),
    )


def _build_web(module: Module, name: ast.Name, function: FunctionNode, send: Send) -> Web:
    home = module.table.enclosing(name).find(name.id)
    nodes = frozenset(
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name)
        and node.id == name.id
        and module.table.enclosing(node).find(name.id) is home
    )
    web = Web(function, name.id, (send,), nodes)
    return complete_web(module, web)


def _as_function(statement: ast.With | ast.AsyncWith) -> FunctionNode:
    arguments = ast.arguments([], [], None, [], [], None, [])
    if isinstance(statement, ast.AsyncWith):
        return ast.AsyncFunctionDef("block", arguments, statement.body, [], lineno=statement.lineno)
    return ast.FunctionDef("block", arguments, statement.body, [], lineno=statement.lineno)


def _is_taken_out(module: Module, web: Web, notes: Notes) -> bool:
    """Answer whether the body leaves the block while the response is open.

    A response that is itself returned may be looked at without being read.
    """
    handed = [state for node, state in notes.returns.items() if node in web.handed]
    is_handed = any((Held.HANDED, 0) in state for state in handed)
    if is_handed and find_bodies(module, web, web.sends[0]):
        return True
    return any(
        how.endswith("is returned") and any((held, 0) in notes.uses.get(node, ()) for held in LIVE)
        for node, how in iter_escapes(module, web)
    )


def _iter_obstacles(
    module: Module, call: ast.Call, statement: ast.With | ast.AsyncWith, web: Web
) -> Iterator[Obstacle]:
    for node in web.nodes:
        if not any(parent is statement for parent in module.ancestors(node)):
            detail = f"`{web.name}` is used outside of its block"
            yield Obstacle(RefusalReason.REBOUND, detail, node.lineno)
    is_own = not isinstance(call.func, ast.Attribute) or module.local_symbol(call.func.value) in LIBRARIES
    line = statement.lineno if is_own else find_early_end(module, web, statement)
    others = [item for item in statement.items if item.context_expr is not call]
    is_beside = bool(others) and _enters_client(call, others)
    if line or is_beside:
        detail = "the client that reads the body is closed before the body is sent"
        yield Obstacle(RefusalReason.CLOSED_EARLY, detail, line or statement.lineno)
    if others and not is_beside:
        detail = "the block enters something else, too"
        yield Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, statement.lineno)
    if isinstance(call.func, ast.Attribute) and not _is_dotted(call.func.value):
        detail = f"`{ast.unparse(call.func.value)}` may be another client when it is called twice"
        yield Obstacle(RefusalReason.UNSUPPORTED_BINDING, detail, call.lineno)
    if any(keyword.arg is None for keyword in call.keywords) or any(
        isinstance(argument, ast.Starred) for argument in call.args
    ):
        detail = "the arguments of `stream` are not all visible"
        yield Obstacle(RefusalReason.UNKNOWN_ARGUMENT, detail, call.lineno)


def _enters_client(call: ast.Call, items: list[ast.withitem]) -> bool:
    """Answer whether the items beside a `stream` enter nothing but its client."""
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    return all(
        item.optional_vars is not None and ast.unparse(item.optional_vars) == ast.unparse(receiver)
        for item in items
    )


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _write_opening(module: Module, call: ast.Call, name: str, statement: ast.With | ast.AsyncWith) -> str:
    """Return statements that open the response by `build_request` and `send`."""
    if not isinstance(call.func, ast.Attribute):
        return ""
    receiver = ast.unparse(call.func.value)
    given = [_code_of(module, value, statement) for value in call.args]
    keywords = [(k.arg, f"{k.arg}={_code_of(module, k.value, statement)}") for k in call.keywords]
    given += [code for keyword, code in keywords if keyword not in _OF_SEND]
    moved = [code for keyword, code in keywords if keyword in _OF_SEND]
    above, request = "", f"{receiver}.build_request({', '.join(given)})"
    scope = module.function_scope(call)
    if scope is not None and scope.find(_REQUEST) is None:
        above, request = f"{_REQUEST} = {request}\n", _REQUEST
    await_ = "await " if isinstance(statement, ast.AsyncWith) else ""
    blank = "\n" if isinstance(statement.body[0], FunctionNode) else ""
    return f"{above}{name} = {await_}{receiver}.send({', '.join([request, *moved, 'stream=True'])})\n{blank}"


def _code_of(module: Module, value: ast.expr, statement: ast.stmt) -> str:
    """Return the code of an argument, its lines indented as below a statement at the margin."""
    return module.code(value).replace("\n" + " " * statement.col_offset, "\n")
