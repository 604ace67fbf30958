"""From what was found out about a streamed response to the facts that leave the trees."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_bodies import Body, find_bodies, find_item_type
from httpx_fixer.analysis.stream_cover import Cover
from httpx_fixer.analysis.stream_facts import (
    CloseBelow,
    ExtendTry,
    GuardUses,
    StackUses,
    StreamCover,
    StreamedBody,
    WrapUses,
)
from httpx_fixer.analysis.stream_flow import CoverKind, Trial
from httpx_fixer.analysis.stream_results import Result, build_web
from httpx_fixer.analysis.stream_takers import WRITER_TAKERS

_GENERATOR_NAMES = ("body", "stream_body", "relay_body", "iterate_body")
_STACK_NAMES = ("rounds", "stack", "responses", "exit_stack")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_ITEM_NAMES = {"str": ("line", "piece"), "bytes": ("chunk", "piece"), "": ("item", "piece")}


def freeze_cover(module: Module, trial: Trial) -> StreamCover:
    """Describe a close that holds."""
    first, last = module.anchor(trial.first), module.anchor(trial.last)
    dropped = None if trial.dropped is None else module.anchor(trial.dropped)
    match trial.kind:
        case CoverKind.WRAP:
            return WrapUses(first, last, dropped, trial.may_be_none)
        case CoverKind.GUARD:
            early = tuple(module.anchor(statement) for statement in trial.early)
            return GuardUses(first, last, dropped, trial.may_be_none, early)
        case CoverKind.EXTEND:
            return ExtendTry(first, dropped)
        case CoverKind.BELOW:
            return CloseBelow(first, dropped)
        case CoverKind.STACK:
            assert trial.renewed is not None
            repeats = _repeats(module, trial)
            return StackUses(first, last, module.anchor(trial.renewed), trial.stack, repeats)


def name_stacks(module: Module, covers: Iterable[Cover]) -> Iterator[Cover]:
    """Give each exit stack a name that is free in its function, where another may stand inside of it."""
    taken: dict[FunctionNode, set[str]] = {}
    for cover in covers:
        if cover.trial.kind is not CoverKind.STACK:
            yield cover
            continue
        function = cover.web.function
        if function not in taken:
            taken[function] = {*names_in(function), *module.table.module.bindings}
        names = _STACK_NAMES if _repeats(module, cover.trial) else _STACK_NAMES[1:]
        more = (f"{names[0]}_{number}" for number in itertools.count(2))
        stack = next(name for name in itertools.chain(names, more) if name not in taken[function])
        taken[function].add(stack)
        yield replace(cover, trial=replace(cover.trial, stack=stack))


def _repeats(module: Module, trial: Trial) -> bool:
    """Answer whether the send of an exit stack may run more than once in what that is around."""
    assert trial.renewed is not None
    around = itertools.takewhile(lambda node: node is not trial.first, module.ancestors(trial.renewed))
    return any(isinstance(node, _LOOPS) for node in (trial.first, *around))


def iter_streamed_bodies(module: Module, result: Result) -> Iterator[StreamedBody]:
    """Describe each body of a function's responses that a framework sends later."""
    web = build_web(module, result)
    if web is None:
        return
    send = next(one for one in web.sends if one.call is result.call)
    for body in find_bodies(module, web, send):
        yield freeze_body(module, body, web.function)


def freeze_body(module: Module, body: Body, function: FunctionNode) -> StreamedBody:
    """Describe a body that a framework sends after a function has returned."""
    escape = body.escape
    assert escape.given is not None
    assert escape.taker is not None
    item_type = find_item_type(body)
    names = names_in(function) | frozenset(module.table.module.bindings)
    return StreamedBody(
        ast.unparse(escape.taker.func),
        module.anchor(escape.given),
        module.code(escape.given),
        module.anchor(module.statement_of(escape.given)),
        escape.closed or ".".join(filter(None, (escape.parameter, escape.part))),
        body.is_closed,
        None if body.cover is None else freeze_cover(escape.home or module, body.cover.trial),
        body.obstacles,
        next((name for name in _GENERATOR_NAMES if name not in names), ""),
        next((name for name in _ITEM_NAMES[item_type] if name not in names), ""),
        item_type,
        module.local_symbol(escape.taker.func) in WRITER_TAKERS,
    )


def names_in(function: FunctionNode) -> frozenset[str]:
    """Return every name that a function uses or binds, those of functions inside included."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    return frozenset(
        names | {n.name for n in ast.walk(function) if isinstance(n, FunctionNode | ast.ClassDef)}
    )


def is_typed(module: Module, call: ast.Call) -> bool:
    """Answer whether the function around says what it returns."""
    scope = module.function_scope(call)
    return scope is not None and isinstance(scope.node, FunctionNode) and scope.node.returns is not None
