"""Where a close has to go so that every path runs it after the last use of the response."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from httpx_fixer.analysis.escapes import CLOSERS
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_flow import WRAPPING, CoverKind, Trial, is_quiet, walk_function
from httpx_fixer.analysis.stream_marks import DONE, LIVE, Held, Notes, Web
from httpx_fixer.analysis.stream_methods import LASTING_ATTRIBUTES
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Cover:
    """A close that does for one send; `notes` are those of the walk without it."""

    web: Web
    notes: Notes
    send: int
    trial: Trial


def find_cover(
    module: Module, web: Web, notes: Notes, send: int, planned: Sequence[Trial] = ()
) -> Cover | None:
    """Return the first close that holds on every path and that nothing uses the response after.

    Tried are the block of the send, then the blocks around it, then those of the sends above it whose
    blocks hold this one; if none of these closes holds, all of them again, and uses of what a closed
    response still has may follow. `planned` are the closes that other sends will get.
    """
    starts = [send, *_iter_senders_around(module, web, send)]
    for is_lenient in (False, True):
        for start in starts:
            for trial in _iter_trials(module, web, notes, start):
                tried = walk_function(web, trial, planned)
                if start not in tried.leaks and holds(module, notes, send, tried, is_lenient=is_lenient):
                    dropped = _find_superfluous(module, web, trial, tried)
                    return Cover(web, notes, send, replace(trial, dropped=dropped))
    return _find_stack(module, web, notes, send, planned)


def _find_stack(module: Module, web: Web, notes: Notes, send: int, planned: Sequence[Trial]) -> Cover | None:
    """Return an exit stack around a statement that sends inside and what uses the response below it.

    `for _ in range(3): r = send(); if r.is_success: break`, and `r` is read below; or the name may hold
    something else there: a stack closes what it was given.
    """
    binder = web.sends[send].binder
    if web.starts_open or web.manager or not isinstance(binder, ast.Assign | ast.AnnAssign):
        return None
    live = _find_live(module, notes, send)
    for outer in itertools.takewhile(lambda node: node is not web.function, module.ancestors(binder)):
        if not isinstance(outer, ast.stmt):
            continue
        block = module.block_of(outer)
        using = [one for one in block if any(inner in live for inner in ast.walk(one))]
        last = using[-1] if using and block.index(using[-1]) > block.index(outer) else outer
        trial = Trial(CoverKind.STACK, outer, last, renewed=binder, send=send)
        tried = walk_function(web, trial, planned)
        if holds(module, notes, send, tried):
            return Cover(web, notes, send, trial)
    return None


def holds(module: Module, notes: Notes, send: int, tried: Notes, *, is_lenient: bool = True) -> bool:
    """Answer whether a close closes the response of a send and comes too early for no use.

    Not `is_lenient`: no use at all may follow, though a closed response still has its status.
    """
    if tried.clash or send in tried.leaks or not tried.leaks <= notes.leaks:
        return False
    return not any(
        held is Held.COVERED
        and not _is_blind(module, node)
        and not (is_lenient and _is_lasting(module, node))
        for node, state in tried.uses.items()
        for held, _ in state
    )


def _iter_senders_around(module: Module, web: Web, send: int) -> Iterator[int]:
    """Yield the sends above a send in the blocks around its own, nearest last.

    The close below such a one does for a send in a loop further down:
    `r = send(); while r.is_redirect: r.close(); r = send()`.
    """
    if web.starts_open:
        return  # The send is in another function.
    own = module.statement_of(web.sends[send].call)
    around = {id(statement) for statement in module.ancestors(own)}
    for other in range(send):
        statement = module.statement_of(web.sends[other].call)
        block = _block_of(module.table.parents[statement], statement) or []
        if any(id(sibling) in around for sibling in block):
            yield other


def align_covers(module: Module, covers: Sequence[Cover]) -> list[Cover]:
    """Make the covers of a module fit together; the order stays.

    One that does for another send of the same variable takes its place. Those of a block nest: where
    two overlap, the upper one reaches as far as the lower one. A close that would be dropped stays
    where another cover begins or ends with it.
    """
    aligned = [_find_wider(module, cover, covers) for cover in covers]
    for _ in covers:
        longer = [_reach_over(module, cover, aligned) for cover in aligned]
        if longer == aligned:
            break
        aligned = longer
    ends = {id(end) for cover in aligned for end in (cover.trial.first, cover.trial.last)}
    return [
        replace(cover, trial=replace(cover.trial, dropped=None)) if id(cover.trial.dropped) in ends else cover
        for cover in aligned
    ]


def _find_wider(module: Module, cover: Cover, others: Sequence[Cover]) -> Cover:
    """Return the cover of another send that spans this one and does for both, else this one."""
    for other in others:
        if other.web.key == cover.web.key and _spans(other.trial, cover.trial):
            tried = walk_function(cover.web, other.trial)
            if holds(module, cover.notes, cover.send, tried):
                return replace(cover, trial=other.trial)
    return cover


def _spans(outer: Trial, inner: Trial) -> bool:
    first, last = inner.first, inner.last
    if outer.first is first and outer.last is last:
        return False
    is_above = (outer.first.lineno, outer.first.col_offset) <= (first.lineno, first.col_offset)
    return is_above and (last.end_lineno or 0) <= (outer.last.end_lineno or 0)


def _reach_over(module: Module, cover: Cover, others: Sequence[Cover]) -> Cover:
    trial = cover.trial
    block = _block_of(module.table.parents[trial.first], trial.first) or []
    order = {id(statement): index for index, statement in enumerate(block)}
    first, last = order[id(trial.first)], order[id(trial.last)]
    if trial.kind not in WRAPPING:
        return cover
    for other in others:
        other_first, other_last = order.get(id(other.trial.first), -1), order.get(id(other.trial.last), -1)
        if other.trial.kind in WRAPPING and first < other_first <= last < other_last:
            longer = replace(trial, last=other.trial.last)
            if holds(module, cover.notes, cover.send, walk_function(cover.web, longer)):
                return replace(cover, trial=longer)
    return cover


def _find_superfluous(module: Module, web: Web, trial: Trial, tried: Notes) -> ast.stmt | None:
    """Return the plain close further down in the block that finds everything closed already."""
    block = _block_of(module.table.parents[trial.last], trial.last) or []
    below = False
    for statement in block:
        if below:
            name = _find_lone_close(module, web, statement)
            state = frozenset() if name is None else tried.uses.get(name, frozenset())
            if state and all(held in DONE for held, _ in state):
                return statement
        below = below or statement is trial.last
    return None


def _is_blind(module: Module, node: ast.Name) -> bool:
    """Answer whether a use does not see that the response is closed: another close, a test for None.

    A close of what is closed already is silent (httpx 0.28.1 and httpx2, sync and async).
    """
    parent = module.table.parents[node]
    match parent:
        case ast.Attribute(attr=method):
            return method in CLOSERS
        case ast.Compare(comparators=[ast.Constant(value=None)]):
            return True
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            return test is node
    return False


def _is_lasting(module: Module, node: ast.Name) -> bool:
    """Answer whether a use reads what a closed response still has."""
    parent = module.table.parents[node]
    return isinstance(parent, ast.Attribute) and parent.attr in LASTING_ATTRIBUTES


def _iter_trials(module: Module, web: Web, notes: Notes, send: int) -> Iterator[Trial]:
    """Yield the closes to try, the plainest first, from the block of a send outward."""
    live = _find_live(module, notes, send)
    if web.starts_open:
        start = 1 if ast.get_docstring(web.function) is not None else 0
        yield from _iter_block_trials(web, notes, web.function.body, start, live)
        return
    node: ast.AST = module.statement_of(web.sends[send].call)
    while node is not web.function:
        parent = module.table.parents[node]
        block = _block_of(parent, node)
        if block is not None and isinstance(node, ast.stmt):
            index = next(i for i, statement in enumerate(block) if statement is node)
            yield from _iter_block_trials(web, notes, block, index + 1, live)
            if isinstance(parent, ast.Try | ast.TryStar) and block is parent.body and parent.orelse:
                yield from _iter_block_trials(web, notes, parent.orelse, 0, live)
        node = parent


def _find_live(module: Module, notes: Notes, send: int) -> set[ast.AST]:
    """Return where the open response of a send is used, or handed on."""
    live: set[ast.AST] = {
        node
        for node, state in notes.uses.items()
        if any((held, send) in state for held in LIVE) and not _is_blind(module, node)
    }
    return live | {node for node, state in notes.returns.items() if (Held.HANDED, send) in state}


def _block_of(parent: ast.AST, node: ast.AST) -> list[ast.stmt] | None:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and any(statement is node for statement in block):
            return block
    return None


def _iter_block_trials(
    web: Web, notes: Notes, block: Sequence[ast.stmt], start: int, live: set[ast.AST]
) -> Iterator[Trial]:
    """Yield the closes to try among the statements of a block from index `start` on."""
    using = [i for i in range(start, len(block)) if any(inner in live for inner in ast.walk(block[i]))]
    if not using and start:
        yield Trial(CoverKind.BELOW, block[start - 1], block[start - 1])
    for end in _iter_ends(web, block, start, using):
        first = next((s for s in block[start : end + 1] if not is_quiet(web, s)), block[start])
        is_try = isinstance(first, ast.Try | ast.TryStar) and first is block[end]
        if is_try and all(is_quiet(web, statement) for statement in getattr(first, "finalbody", ())):
            yield Trial(CoverKind.EXTEND, first, first)
        yield Trial(CoverKind.WRAP, block[start], block[end])
        yield Trial(CoverKind.WRAP, block[start], block[end], may_be_none=True)
        if web.handed:
            # A function that is defined first is read where it is used: it stays above the `try`.
            defined = itertools.takewhile(lambda s: isinstance(s, FunctionNode), block[start:end])
            yield from _iter_guards(notes, block[start + sum(1 for _ in defined)], block[end])


def _iter_guards(notes: Notes, first: ast.stmt, last: ast.stmt) -> Iterator[Trial]:
    """Yield the closes to try where the response is handed on at the end."""
    early = tuple(
        statement
        for statement, state in notes.returns.items()
        if first.lineno <= statement.lineno <= (last.end_lineno or 0)
        and any(held in LIVE for held, _ in state)
    )
    for may_be_none in (False, True):
        yield Trial(CoverKind.GUARD, first, last, may_be_none)
        if early:
            yield Trial(CoverKind.GUARD, first, last, may_be_none, early=early)


def _iter_ends(web: Web, block: Sequence[ast.stmt], start: int, using: Sequence[int]) -> Iterator[int]:
    """Yield where the covered statements may end: at the last use.

    Where the variable is bound again further down, the last use before that is an end too.
    """
    bound = [index for index in range(start, len(block)) if _binds(web, block[index])]
    before = {max((use for use in using if use < index), default=-1) for index in bound}
    yield from sorted({*using[-1:], *before} - {-1}, reverse=True)


def _binds(web: Web, statement: ast.stmt) -> bool:
    return any(
        web.find_name(inner) is not None and not isinstance(inner.ctx, ast.Load)
        for inner in ast.walk(statement)
        if isinstance(inner, ast.Name)
    )


def _find_lone_close(module: Module, web: Web, statement: ast.stmt) -> ast.Name | None:
    """Return the name in a plain close that has its line to itself and no comment about it."""
    match statement:
        case ast.Expr(value=ast.Await(value=ast.Call(func=ast.Attribute(attr="aclose") as function))):
            name = web.find_owner(function)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="close") as function)):
            name = web.find_owner(function)
        case _:
            return None
    anchor, lines = module.anchor(statement), module.source.lines
    left = lines[anchor.start.line - 1][: anchor.start.column]
    right = lines[anchor.end.line - 1][anchor.end.column :]
    above = lines[anchor.start.line - 2].strip() if anchor.start.line > 1 else ""
    return name if not left.strip() and not right.strip() and not above.startswith("#") else None
