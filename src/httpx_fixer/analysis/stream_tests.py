"""What the test of a branch says about a streamed response."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from httpx_fixer.analysis.stream_marks import LIVE, RESPONSE, UNREACHED, Held, State, Web


def split_by_test(web: Web, test: ast.expr, state: State) -> tuple[State, State]:
    """Return what of a state is left where a test is true and where it is false."""
    match test:
        case ast.Constant(value=value):
            return (state, UNREACHED) if value else (UNREACHED, state)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            true, false = split_by_test(web, operand, state)
            return false, true
        case ast.BoolOp(op=operator, values=[first, *others]):
            return _split_terms(web, operator, first, others, state)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _split_comparison(web, left, operator, right, state)
        case ast.Attribute(attr="is_closed") if web.find_owner(test):
            return keep_kinds(state, frozenset(Held) - {Held.OPEN, Held.GUARDED}), state
        case ast.Name() if web.is_manager(test):
            return state, keep_kinds(state, frozenset(Held) - LIVE)
        case ast.Name() if web.find_name(test):
            return keep_kinds(state, RESPONSE | {Held.OTHER}), keep_kinds(
                state, frozenset({Held.NONE, Held.OTHER})
            )
        case ast.Name(id=name) if name in web.flags:
            return keep_kinds(state, frozenset(Held) - LIVE), keep_kinds(
                state, frozenset(Held) - {Held.HANDED}
            )
        case ast.Name() | ast.Attribute() if any(send.flag for send in web.sends):
            return state, web.settle_unstreamed(ast.dump(test), state)
    return state, state


def _split_terms(
    web: Web, operator: ast.boolop, first: ast.expr, others: Sequence[ast.expr], state: State
) -> tuple[State, State]:
    true, false = split_by_test(web, first, state)
    for term in others:
        if isinstance(operator, ast.And):
            true, missed = split_by_test(web, term, true)
            false |= missed
        else:
            found, false = split_by_test(web, term, false)
            true |= found
    return true, false


def _split_comparison(
    web: Web, left: ast.expr, operator: ast.cmpop, right: ast.expr, state: State
) -> tuple[State, State]:
    match right:
        case ast.Constant(value=None) if web.is_manager(left):
            if isinstance(operator, ast.Is | ast.Eq):
                return keep_kinds(state, frozenset(Held) - LIVE), state
            if isinstance(operator, ast.IsNot | ast.NotEq):
                return state, keep_kinds(state, frozenset(Held) - LIVE)
        case ast.Constant(value=None) if web.find_name(left):
            some = keep_kinds(state, RESPONSE | {Held.OTHER})
            none = keep_kinds(state, frozenset({Held.NONE, Held.OTHER}))
            if isinstance(operator, ast.Is | ast.Eq):
                return none, some
            if isinstance(operator, ast.IsNot | ast.NotEq):
                return some, none
        case ast.Call(func=ast.Name(id="locals"), args=[]):
            if isinstance(left, ast.Constant) and left.value == web.name and isinstance(operator, ast.In):
                return keep_kinds(state, frozenset(Held) - {Held.UNBOUND}), keep_kinds(
                    state, frozenset({Held.UNBOUND})
                )
    return state, state


def keep_kinds(state: State, kinds: frozenset[Held]) -> State:
    """Return what of a state is of some kinds."""
    return frozenset(mark for mark in state if mark[0] in kinds)
