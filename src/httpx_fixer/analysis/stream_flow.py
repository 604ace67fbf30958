"""Control flow through one function, as far as it matters for a streamed response."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from httpx_fixer.analysis.escapes import last_name
from httpx_fixer.analysis.functions import own_nodes
from httpx_fixer.analysis.stream_exits import Exits, finish
from httpx_fixer.analysis.stream_marks import DONE, LIVE, UNREACHED, Held, Notes, State, Web
from httpx_fixer.analysis.stream_methods import find_body_iterator, find_closing
from httpx_fixer.analysis.stream_statements import SimpleStatements
from httpx_fixer.analysis.stream_tests import split_by_test
from httpx_fixer.values import dataclass

_QUIET_MANAGERS = frozenset(
    {"CancelScope", "fail_after", "move_on_after", "nullcontext", "suppress", "timeout", "timeout_at"}
)
"""Context managers that neither enter nor exit with an exception of their own where the body had none."""
_SWALLOWING_MANAGERS = frozenset({"CancelScope", "move_on_after", "suppress"})


class CoverKind(Enum):
    """How a close is added."""

    WRAP = "a try around statements"
    GUARD = "a try around statements, for their exceptions"
    EXTEND = "at the end of a finally"
    BELOW = "below a statement"
    STACK = "an exit stack around statements, emptied before each send"


WRAPPING = frozenset({CoverKind.WRAP, CoverKind.GUARD, CoverKind.STACK})


@dataclass(frozen=True, slots=True)
class Trial:
    """A close to try: a walk with one sees the function as it would be with the close in it.

    From `first` to `last` for `WRAPPING`; else both are the statement that is extended or
    stands above. `dropped` is a close that has nothing left to close then, `early` are the returns
    that get a close of their own above them. A `STACK` of that name closes what the statement `renewed`
    sends, which is the send of that index.
    """

    kind: CoverKind
    first: ast.stmt
    last: ast.stmt
    may_be_none: bool = False
    dropped: ast.stmt | None = None
    early: tuple[ast.Return, ...] = ()
    renewed: ast.stmt | None = None
    send: int = -1
    stack: str = ""


def walk_function(web: Web, trial: Trial | None = None, planned: Sequence[Trial] = ()) -> Notes:
    """Follow every path through a function and write down what becomes of its streamed responses.

    The closes of `planned` count as if they stood in the source already.
    """
    return _Walker(web, trial, planned).walk()


def is_quiet(web: Web, statement: ast.stmt) -> bool:
    """Answer whether a statement neither raises nor leaves its block nor touches the response."""
    probe = frozenset({(Held.OPEN, 0)})
    return _Walker(web, None, ()).statement(statement, probe) == Exits(normal=probe)


class _Walker:
    def __init__(self, web: Web, trial: Trial | None, planned: Sequence[Trial]) -> None:
        self.web = web
        self.trial = trial
        self.closes = planned if trial is None else (*planned, trial)
        self.notes = Notes()
        self.simple = SimpleStatements(web, self.notes)
        self.reader = self.simple.reader
        self.is_generator = any(
            isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(web.function)
        )

    def walk(self) -> Notes:
        arguments = self.web.function.args
        names = {argument.arg for argument in ast.walk(arguments) if isinstance(argument, ast.arg)}
        start = Held.OTHER if self.web.name in names else Held.UNBOUND
        mark = (Held.OPEN, 0) if self.web.starts_open else (start, -1)
        exits = self.block(self.web.function.body, frozenset({mark}))
        # The statements of a block may leave the loop around it.
        self.notes.ends = exits.normal | exits.returns | exits.breaks | exits.continues
        self.notes.fails = exits.raises
        self.notes.falls_through = bool(exits.normal)
        for held, send in self.notes.ends | exits.raises:
            if held is Held.OPEN:
                self.notes.leaks.add(send)
        return self.notes

    # Blocks.

    def block(self, statements: Sequence[ast.stmt], state: State) -> Exits:
        wraps = [close for close in self.closes if close.kind in WRAPPING]
        return self._run(statements, state, wraps) if wraps else self._sequence(statements, state)

    def _run(self, statements: Sequence[ast.stmt], state: State, wraps: Sequence[Trial]) -> Exits:
        """Run statements, some of which stand in a `try` that is not in the source yet."""
        order = {id(statement): index for index, statement in enumerate(statements)}
        here = [wrap for wrap in wraps if id(wrap.first) in order]
        if not here:
            return self._sequence(statements, state)
        outer = min(here, key=lambda wrap: (order[id(wrap.first)], -order.get(id(wrap.last), 0)))
        others = [wrap for wrap in here if wrap is not outer]
        at, end = order[id(outer.first)], order.get(id(outer.last), len(statements)) + 1
        before = self._sequence(statements[:at], state)
        inside = self._run(statements[at:end], before.normal, others)
        if outer.kind is not CoverKind.GUARD:
            inside = finish(inside, lambda held: self._close(outer, held))
        elif inside.raises:
            inside = replace(inside, raises=self._close(outer, inside.raises).normal)
        after = self._run(statements[end:], inside.normal, others)
        return before.followed_by(inside.followed_by(after))

    def _close(self, close: Trial, state: State) -> Exits:
        if close.kind is CoverKind.STACK:
            self.notes.clash |= (Held.HANDED, close.send) in state
            return Exits(normal=self.web.empty(state, close.send, is_trial=close is self.trial))
        if close is not self.trial:
            return Exits(normal=self.web.settle(state))
        allowed = LIVE | DONE | ({Held.NONE} if close.may_be_none else set())
        kinds = {self.web.sends[send].is_async for _, send in state if send >= 0}
        if len(kinds) > 1 or any(held not in allowed for held, _ in state):
            self.notes.clash = True
        return Exits(normal=self.web.cover(state))

    def _sequence(self, statements: Sequence[ast.stmt], state: State) -> Exits:
        exits = Exits(normal=state)
        for statement in statements:
            if not exits.normal:
                break
            for close in self.closes:
                if close.renewed is statement:
                    exits = exits.followed_by(self._close(close, exits.normal))
            exits = exits.followed_by(self.statement(statement, exits.normal))
            for close in self._closes_at(CoverKind.BELOW, statement):
                exits = exits.followed_by(self._close(close, exits.normal))
        return exits

    def _closes_at(self, kind: CoverKind, statement: ast.stmt) -> list[Trial]:
        return [close for close in self.closes if close.kind is kind and close.first is statement]

    def statement(self, node: ast.stmt, state: State) -> Exits:
        match node:
            case ast.If():
                return self._if(node, state)
            case ast.For() | ast.AsyncFor():
                return self._for(node, state)
            case ast.While():
                return self._while(node, state)
            case ast.With() | ast.AsyncWith():
                return self._with(node, state)
            case ast.Try() | ast.TryStar():
                return self._try(node, state)
            case ast.Match():
                return self._match(node, state)
            case ast.Return():
                for close in self.closes:
                    state = self._close(close, state).normal if node in close.early else state
        return self.simple.run(node, state)

    # Compound statements.

    def _if(self, node: ast.If, state: State) -> Exits:
        exits = Exits()
        while True:  # not by recursion: a chain of `elif` may be longer than the stack
            after, raised = self.reader.read(node.test, state)
            true, state = split_by_test(self.web, node.test, after)
            exits = exits.join(Exits(raises=raised), self.block(node.body, true))
            match node.orelse:
                case [ast.If() as inner] if not any(inner is close.first for close in self.closes):
                    node = inner
                case _:
                    return exits.join(self.block(node.orelse, state))

    def _for(self, node: ast.For | ast.AsyncFor, state: State) -> Exits:
        head, raised = self.reader.read(node.iter, state)
        reads_body = find_body_iterator(self.web, node.iter) is not None and not self._binds(node)
        is_async = isinstance(node, ast.AsyncFor)
        while True:
            bound = self.simple.bind_all([node.target], head, node.lineno)
            body = self.block(node.body, bound.normal)
            after = head | body.normal | body.continues
            if after == head:
                break
            head = after
        at_end = self.web.close(head, is_async=is_async) if reads_body else head
        done = self.block(node.orelse, at_end)
        leaving = Exits(body.breaks, body.raises | bound.raises | raised | at_end, body.returns)
        return leaving.join(done)

    def _binds(self, node: ast.For | ast.AsyncFor) -> bool:
        """Answer whether a loop binds the variable: then its end closes the body of an earlier response."""
        inside = (inner for inner in ast.walk(node) if isinstance(inner, ast.Name))
        return any(self.web.find_name(inner) and not isinstance(inner.ctx, ast.Load) for inner in inside)

    def _while(self, node: ast.While, state: State) -> Exits:
        head = state
        while True:
            after, raised = self.reader.read(node.test, head)
            true, false = split_by_test(self.web, node.test, after)
            body = self.block(node.body, true)
            joined = head | body.normal | body.continues
            if joined == head:
                break
            head = joined
        leaving = Exits(body.breaks, body.raises | raised, body.returns)
        return leaving.join(self.block(node.orelse, false))

    def _with(self, node: ast.With | ast.AsyncWith, state: State) -> Exits:
        return self._with_items(node, 0, state)

    def _with_items(self, node: ast.With | ast.AsyncWith, index: int, state: State) -> Exits:
        if index == len(node.items):
            return self.block(node.body, state)
        item, is_async = node.items[index], isinstance(node, ast.AsyncWith)
        after, raised = self.reader.read(item.context_expr, state)
        name = last_name(item.context_expr.func) if isinstance(item.context_expr, ast.Call) else ""
        closing = find_closing(self.web, item.context_expr)
        is_own = closing == ("aclosing" if is_async else "closing")
        if is_own or name in _QUIET_MANAGERS:
            raised = UNREACHED
        else:
            raised |= after
        after = self.web.guard(after, is_async=is_async) if is_own else after
        bound = self.simple.bind_all(
            [] if item.optional_vars is None else [item.optional_vars], after, node.lineno
        )
        body = self._with_items(node, index + 1, bound.normal)
        if is_own:
            body = finish(body, lambda held: Exits(self.web.release(held)))
        elif name in _SWALLOWING_MANAGERS:
            body = body.join(Exits(body.raises))
        elif isinstance(item.context_expr, ast.Call) and name not in _QUIET_MANAGERS:
            # What stands ready (a lock, a semaphore) is taken to exit quietly, what is built here is not.
            body = body.join(Exits(raises=body.normal | body.returns | body.breaks | body.continues))
        return Exits(raises=raised | bound.raises).join(body)

    def _try(self, node: ast.Try | ast.TryStar, state: State) -> Exits:
        body = self.block(node.body, state)
        handled = [self._handler(handler, body.raises) for handler in node.handlers]
        missed = Exits(raises=UNREACHED if self._catches_all(node) else body.raises)
        left = Exits(UNREACHED, UNREACHED, body.returns, body.breaks, body.continues)
        inside = left.join(missed, self.block(node.orelse, body.normal), *handled)

        def run_finally(held: State) -> Exits:
            exits = self.block(node.finalbody, held)
            for close in self._closes_at(CoverKind.EXTEND, node) if exits.normal else ():
                exits = exits.followed_by(self._close(close, exits.normal))
            return exits

        return finish(inside, run_finally)

    def _handler(self, handler: ast.ExceptHandler, state: State) -> Exits:
        if not state:
            return Exits()
        return self.block(handler.body, self.simple.rebind(handler.name, state, handler.lineno))

    def _catches_all(self, node: ast.Try | ast.TryStar) -> bool:
        """Answer whether no exception that matters passes the handlers.

        `Exception` alone lets a cancellation pass, and what closes a generator; what ends the whole
        process does not count.
        """
        names: set[str] = set()
        for handler in node.handlers:
            types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            names.update("BaseException" if kind is None else last_name(kind) for kind in types)
        if "BaseException" in names:
            return True
        is_async = isinstance(self.web.function, ast.AsyncFunctionDef)
        return "Exception" in names and not self.is_generator and (not is_async or "CancelledError" in names)

    def _match(self, node: ast.Match, state: State) -> Exits:
        left, raised = self.reader.read(node.subject, state)
        exits = Exits(raises=raised | left)
        for case in node.cases:
            names = {getattr(part, "name", None) for part in ast.walk(case.pattern)}
            bound = (
                self.simple.rebind(self.web.name, left, case.pattern.lineno)
                if self.web.name in names
                else left
            )
            guarded, raised = self.reader.read(case.guard, bound)
            exits = exits.join(Exits(raises=raised), self.block(case.body, guarded))
            if case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                return exits
        return exits.join(Exits(left))
