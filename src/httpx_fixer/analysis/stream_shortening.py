"""Sends whose request is built on the spot, and which `client.stream(...)` does in one."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.moved_code import has_long_text, write_dedented
from httpx_fixer.analysis.stream_clients import ClientKind, find_client_kind
from httpx_fixer.analysis.stream_facts import StreamOpening
from httpx_fixer.analysis.stream_flow import CoverKind, Trial
from httpx_fixer.analysis.stream_results import Result

_OF_SEND = frozenset({"auth", "follow_redirects", "stream"})
"""Arguments of `send` that `stream` has as well, or brings along (httpx 0.28.1)."""


def find_opening(module: Module, result: Result, trial: Trial) -> StreamOpening | None:
    """Return what opens the response of a send by a `with` block, None where that is not the same.

    `stream` is `build_request`, `send(..., stream=True)` and a close in a `finally` (httpx 0.28.1, httpx2).
    """
    statement = module.statement_of(result.call)
    name = result.name
    if trial.kind is not CoverKind.WRAP or trial.may_be_none or name is None:
        return None
    block = module.block_of(statement)
    at = block.index(statement)
    is_plain = isinstance(statement, ast.Assign) and statement.value is result.node
    if not is_plain or block[at + 1 : at + 2] != [trial.first] or not _is_bare(result):
        return None
    if _is_bound_in(block[at + 1 : block.index(trial.last) + 1], name.id):
        return None  # The block would close the first response, whatever the name holds then.
    if find_client_kind(module, result.call) not in {ClientKind.ASYNC, ClientKind.SYNC}:
        return None
    above = block[at - 1] if at else None
    built = _find_built(module, result.call, above)
    if built is None:
        return None
    request, gone = built
    removed = [statement] if gone is None else [gone, statement]
    arguments = _write_arguments(module, result.call, request)
    if arguments is None or any("#" in module.code(one) for one in removed):
        return None
    assert isinstance(result.call.func, ast.Attribute)
    prefix = "async with" if result.is_async else "with"
    header = f"{prefix} {ast.unparse(result.call.func.value)}.stream({arguments}) as {name.id}:"
    return StreamOpening(header, tuple(module.anchor(one) for one in removed))


def _is_bound_in(statements: list[ast.stmt], name: str) -> bool:
    nodes = (node for statement in statements for node in ast.walk(statement))
    return any(
        isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
        for node in nodes
    )


def _is_bare(result: Result) -> bool:
    """Answer whether the call is awaited where it stands, or not at all, with nothing around it."""
    node = result.node.value if isinstance(result.node, ast.Await) else result.node
    return node is result.call and isinstance(result.node, ast.Await) == result.is_async


def _find_built(
    module: Module, call: ast.Call, above: ast.stmt | None
) -> tuple[ast.Call, ast.stmt | None] | None:
    """Return the `build_request` of a send, and the statement right above that is there for it alone."""
    if len(call.args) != 1 or not isinstance(call.func, ast.Attribute):
        return None
    given, receiver = call.args[0], call.func.value
    if isinstance(given, ast.Call):
        return (given, None) if _builds(given, receiver) else None
    match above:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as request) if isinstance(
            given, ast.Name
        ):
            pass
        case _:
            return None
    home = module.table.enclosing(given).find(name)
    reads = [node for node in module.mentions.reads.get(name, ()) if node is not given]
    is_lone = home is module.function_scope(call) and home is not None and len(home.bindings[name]) == 1
    others = any(module.table.enclosing(node).find(name) is home for node in reads)
    return (
        (request, above)
        if given.id == name and is_lone and not others and _builds(request, receiver)
        else None
    )


def _builds(request: ast.Call, receiver: ast.expr) -> bool:
    match request.func:
        case ast.Attribute(attr="build_request", value=owner):
            return ast.dump(owner) == ast.dump(receiver) and _is_dotted(owner)
    return False


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _write_arguments(module: Module, call: ast.Call, request: ast.Call) -> str | None:
    """Return the arguments of both calls as those of `stream`, None where they are not all plain.

    Where one has several lines each stands on lines of its own.
    """
    keywords = [*request.keywords, *call.keywords]
    stream = next((k.value for k in call.keywords if k.arg == "stream"), None)
    if not isinstance(stream, ast.Constant) or stream.value is not True:
        return None
    if any(k.arg is None for k in keywords) or any(isinstance(one, ast.Starred) for one in request.args):
        return None
    if any(k.arg in _OF_SEND for k in request.keywords) or any(k.arg not in _OF_SEND for k in call.keywords):
        return None
    named = [(f"{k.arg}=", k.value) for k in keywords if k.value is not stream]
    given = [*(("", one) for one in request.args), *named]
    if any(has_long_text(value) for _, value in given):
        return None
    codes = [f"{name}{write_dedented(module, value)}" for name, value in given]
    if any("\n" in code for code in codes):
        return "".join(f"\n    {code.replace(chr(10), chr(10) + '    ')}," for code in codes) + "\n"
    return ", ".join(codes)
