"""Whether every path leaves a `stream` that is entered by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from httpx_fixer.analysis.escapes import last_name
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.moved_code import write_dedented
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_cover import Cover, find_cover, holds
from httpx_fixer.analysis.stream_facts import EntryBlock, StreamEntry
from httpx_fixer.analysis.stream_flow import CoverKind, Trial, walk_function
from httpx_fixer.analysis.stream_freezing import freeze_cover
from httpx_fixer.analysis.stream_marks import Held, Notes, Web
from httpx_fixer.analysis.stream_obstacles import (
    describe_rebinding,
    iter_binding_obstacles,
    iter_escape_obstacles,
)
from httpx_fixer.analysis.stream_results import Opener, Result, build_web, follow_result
from httpx_fixer.diagnostic import RefusalReason

_Calls = Sequence[ast.Call]


def judge_entry(
    module: Module, call: ast.Call, enter: ast.Call, enters: _Calls, exits: _Calls
) -> Iterator[StreamEntry]:
    """Yield an entry where some path does not leave what `enter` enters, which `call` made.

    `enters` and `exits` are all calls of `__aenter__` and `__aexit__` of the same variable.
    """
    openers = {one: Opener(last_name(one.func) == "__aenter__") for one in enters}
    result = follow_result(module, enter, openers)
    web = build_web(module, result)
    if web is None:
        if not any(_is_in_finally(module, one) for one in exits):
            yield refuse_entry(module, call, _describe_unnamed(result, exits))
        return
    assert isinstance(enter.func, ast.Attribute)
    manager = enter.func.value.id if isinstance(enter.func.value, ast.Name) else ""
    web = replace(web, exits=frozenset(exits), manager=manager)
    send = next(index for index, one in enumerate(web.sends) if one.call is enter)
    notes = walk_function(web)
    handed = _find_handing(web, notes, send)
    if handed is not None:
        detail = f"the manager is gone when the function ends, and closes `{web.name}`, which it hands on"
        yield refuse_entry(module, call, Obstacle(RefusalReason.CLOSED_EARLY, detail, handed.lineno))
    elif send in notes.leaks:
        yield _judge_leak(module, call, result, web, notes)


def _judge_leak(module: Module, call: ast.Call, result: Result, web: Web, notes: Notes) -> StreamEntry:
    send = next(index for index, one in enumerate(web.sends) if one.call is result.call)
    obstacles = (*iter_binding_obstacles(result), *iter_escape_obstacles(module, web, notes, send))
    for obstacle in obstacles:
        return refuse_entry(module, call, obstacle)
    cover = find_cover(module, web, notes, send)
    if cover is None:
        return refuse_entry(module, call, describe_rebinding(web, notes, send))
    return StreamEntry(
        module.path,
        module.anchor(call),
        ast.unparse(call.func),
        is_entered=True,
        block=_find_block(module, call, result, cover),
        name=web.name,
        cover=freeze_cover(module, cover.trial),
        is_async=result.is_async,
    )


def refuse_entry(module: Module, call: ast.Call, obstacle: Obstacle) -> StreamEntry:
    """Return a stream that is entered by hand, and why nothing is done about it."""
    return StreamEntry(module.path, module.anchor(call), ast.unparse(call.func), True, obstacle)


def _describe_unnamed(result: Result, exits: _Calls) -> Obstacle:
    line = result.call.lineno
    if not exits and not isinstance(result.parent, ast.Expr | ast.Attribute):
        detail = "nothing holds the manager any more, which closes the response when it is collected"
        return Obstacle(RefusalReason.CLOSED_EARLY, detail, line)
    detail = "an exit runs on some paths only" if exits else "nothing exits it"
    return Obstacle(RefusalReason.STREAM_LEFT_OPEN, detail, line)


def _find_handing(web: Web, notes: Notes, send: int) -> ast.stmt | None:
    """Return the statement by which the response leaves the function that has its manager."""
    returned = (node for node, state in notes.returns.items() if (Held.HANDED, send) in state)
    kept = (node for node in web.handed if not isinstance(node, ast.Return))
    return next(iter(sorted([*returned, *kept], key=lambda node: node.lineno)), None)


def _is_in_finally(module: Module, node: ast.AST) -> bool:
    for parent in module.ancestors(node):
        if isinstance(parent, FunctionNode):
            return False
        if isinstance(parent, ast.Try) and any(
            inner is node for statement in parent.finalbody for inner in ast.walk(statement)
        ):
            return True
    return False


def _find_block(module: Module, call: ast.Call, result: Result, cover: Cover) -> EntryBlock | None:
    """Return the `with` statement that does the same as enter, cover and exits, None where none does."""
    web, trial = cover.web, cover.trial
    statement = module.statement_of(result.call)
    block = module.block_of(statement)
    at = block.index(statement)
    is_plain = isinstance(statement, ast.Assign) and statement.value is result.node
    if not is_plain or trial.kind is not CoverKind.WRAP or block[at + 1 : at + 2] != [trial.first]:
        return None
    is_bare = result.node is result.call or getattr(result.node, "value", None) is result.call
    if not is_bare or len(web.sends) > 1:
        return None
    exits = sorted(web.exits, key=lambda one: (one.lineno, one.col_offset))
    leaves = [module.statement_of(one) for one in exits]
    if not all(_is_plain_leave(one) for one in leaves):
        return None
    below = [one for one in leaves if any(one is other for other in block)]
    last = max([block.index(trial.last), *(block.index(one) - 1 for one in below)])
    inner = [one for one in leaves if one not in below]
    if len(below) > 1 or not all(_is_at_end(module, one, block[at + 1 : last + 1]) for one in inner):
        return None
    if last <= at or any(block.index(one) <= last for one in below) or not _does(module, cover, block[last]):
        return None
    assert isinstance(result.call.func, ast.Attribute)
    manager = result.call.func.value
    made = module.statement_of(call)
    removed = [statement, *leaves]
    if manager is call or (at and block[at - 1] is made and isinstance(made, ast.Assign)):
        removed = removed if manager is call else [made, *removed]
        code = write_dedented(module, call)
    else:
        code = ast.unparse(manager)
    prefix = "async with" if result.is_async else "with"
    return EntryBlock(
        f"{prefix} {code} as {web.name}:",
        tuple(module.anchor(one) for one in removed),
        module.anchor(trial.first),
        module.anchor(block[last]),
        None,
    )


def _does(module: Module, cover: Cover, last: ast.stmt) -> bool:
    """Answer whether a close at the end of the statements up to `last` does for all of the exits."""
    web = replace(cover.web, exits=frozenset())
    trial = Trial(CoverKind.WRAP, cover.trial.first, last)
    return holds(module, cover.notes, cover.send, walk_function(web, trial))


def _is_plain_leave(statement: ast.stmt) -> bool:
    """Answer whether a statement is `await cm.__aexit__(None, None, None)` and nothing else."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call) or last_name(call.func) not in {"__aexit__", "__exit__"}:
        return False
    return not call.keywords and all(
        isinstance(argument, ast.Constant) and argument.value is None for argument in call.args
    )


def _is_at_end(module: Module, leave: ast.stmt, covered: Sequence[ast.stmt]) -> bool:
    """Answer whether an exit in the covered statements is the last that they do on its path."""
    if not any(one is leave or one in module.ancestors(leave) for one in covered):
        return False
    block = module.block_of(leave)
    after = block[block.index(leave) + 1 :]
    return isinstance(after[0], ast.Return | ast.Raise | ast.Break | ast.Continue) if after else False
