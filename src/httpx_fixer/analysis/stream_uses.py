"""Which uses of a streamed response hand it, or its body, to somebody else."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from httpx_fixer.analysis.callees import find_callee, is_generator
from httpx_fixer.analysis.escapes import CLOSERS, Way, find_step, is_builtin, last_name
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_captures import find_capturer, find_only_reader
from httpx_fixer.analysis.stream_marks import Web
from httpx_fixer.analysis.stream_methods import (
    BODY_CONSUMERS,
    BODY_WRAPPERS,
    ITERATORS,
    READERS,
    find_closing,
)
from httpx_fixer.analysis.stream_takers import (
    EVENT_ITERATORS,
    WRITER_TAKERS,
    Escape,
    builds_object,
    describe_taker,
    find_iterator_reads,
    find_return_of,
    is_awaited,
    is_context_manager,
    is_event_source,
    is_kept_by_owner,
    is_plain_call,
    reads_plain_extension,
)

_METHODS = ITERATORS | CLOSERS | READERS | {"json", "raise_for_status"}
_ENTERING = frozenset({"enter_async_context", "enter_context"})


def iter_escapes(module: Module, web: Web) -> Iterator[tuple[ast.Name, str]]:
    """Yield each read of the variable by which the response goes to somebody unknown, and how."""
    reader = _UseReader(module, web)
    for node in sorted(web.nodes, key=lambda name: (name.lineno, name.col_offset)):
        escape = reader.read(node)
        if escape is not None and escape.handed is None:
            yield node, escape.how


def find_handing(module: Module, web: Web) -> frozenset[ast.stmt]:
    """Return the statements that hand the response on to somebody who is known to have it then."""
    return frozenset(one.handed for one in iter_takings(module, web) if one.handed is not None)


def iter_takings(module: Module, web: Web) -> Iterator[Escape]:
    """Yield the uses that hand the response on to somebody who is known to have it then."""
    reader = _UseReader(module, web)
    for node in sorted(web.nodes, key=lambda name: (name.lineno, name.col_offset)):
        escape = reader.read(node)
        if escape is not None and escape.handed is not None:
            yield escape


def find_fate(module: Module, node: ast.expr) -> Escape | None:
    """Return how the response escapes by an expression whose value it is, None where it does not."""
    return _UseReader(module, None).follow_value(node)


class _UseReader:
    """Tells for one read of the variable how the response escapes by it, None where it does not."""

    def __init__(self, module: Module, web: Web | None) -> None:
        self.module = module
        self.web = web
        self.parents = module.table.parents

    def read(self, node: ast.Name) -> Escape | None:
        inner = find_capturer(self.module, self.web.function if self.web else None, node)
        if inner is not None:
            return self._captured(inner, node.id)
        follow = self._events if self.web is not None and self.web.part else self.follow_value
        return follow(node) if isinstance(node.ctx, ast.Load) else None

    def _captured(self, inner: ast.AST, name: str) -> Escape:
        """Follow a nested generator that reads the response to the object that it is given to."""
        unknown = Escape("is captured by a nested function")
        if not isinstance(inner, FunctionNode) or inner.decorator_list:
            return unknown
        home = self.module.table.of[inner].parent
        names = (n for n in ast.walk(self.web.function if self.web else inner) if isinstance(n, ast.Name))
        find = self.module.table.enclosing
        reads = [n for n in names if n.id == inner.name and find(n).find(n.id) is home]
        given = self._find_given(inner, reads[0]) if len(reads) == 1 else None
        taker = unknown if given is None else self._find_taker(given, "")
        if taker.handed is None or taker.taker is None:
            return unknown
        return replace(taker, given=given, generator=inner, home=self.module, parameter=name)

    def _find_given(self, inner: FunctionNode, read: ast.Name) -> ast.expr | None:
        """Return what is passed on of a nested function: the generator that it makes, or itself to Sanic."""
        call = self.parents[read]
        if not isinstance(call, ast.Call):
            return None
        if is_generator(inner):
            return call if call.func is read else None
        symbol = self.module.local_symbol(call.func)
        return read if isinstance(symbol, str) and symbol in WRITER_TAKERS else None

    def follow_value(self, node: ast.expr) -> Escape | None:
        """Follow an expression whose value is the response itself."""
        step = find_step(self.module, node)
        match step.way, step.around:
            case Way.LOOKED_AT, _:
                return None
            case Way.MEMBER, ast.Attribute() as attribute:
                return self._attribute(attribute)
            case Way.YIELDED, ast.Yield() as lending if is_context_manager(self.module, lending):
                return None
            case Way.PASSED, ast.Call() as call:
                if is_event_source(self.module, call):
                    is_returned = isinstance(self.parents[call], ast.Return)
                    return self._find_taker(node, "") if is_returned else self._events(call)
                if self._closes(call) or self._is_followed(call):
                    return None
        return self._find_taker(node, "")

    def _find_taker(self, node: ast.expr, shown: str) -> Escape:
        """Follow an expression that holds the response, or its body, to whoever gets it."""
        step = find_step(self.module, node)
        match step.way, step.around:
            case Way.RETURNED, ast.Return() as statement:
                return Escape(describe_taker(step, shown), statement)
            case Way.COLLECTED, ast.expr() as whole:
                taker = self._find_taker(whole, shown)
                return taker if taker.handed is not None else Escape(describe_taker(step, shown))
            case Way.PASSED, ast.Call() as call if node is not call.func:
                return self._find_object(call, node, shown)
            case Way.ASSIGNED, ast.Assign(targets=[target]) | ast.AnnAssign(target=target) as statement:
                return self._find_name(node, target, statement, shown) or Escape(describe_taker(step, shown))
        return Escape(describe_taker(step, shown))

    def _find_name(
        self, node: ast.expr, target: ast.expr, statement: ast.Assign | ast.AnnAssign, shown: str
    ) -> Escape | None:
        """Follow what is given a name, or is kept; None where that is not known."""
        if is_kept_by_owner(self.module, target):
            return Escape(f"{shown} is kept in `{ast.unparse(target)}`".strip(), statement)
        if not isinstance(target, ast.Name) or not isinstance(node, ast.Call):
            return None
        if builds_object(self.module, node):
            returned = find_return_of(self.module, target)
            return Escape("is returned", returned) if returned else None
        reads = find_iterator_reads(self.module, target)
        return self._find_taker(reads[0], shown) if len(reads) == 1 else None

    def _find_object(self, call: ast.Call, given: ast.expr, shown: str) -> Escape:
        """Follow the object that a call makes of the response, or of its body."""
        how = describe_taker(find_step(self.module, given), shown)
        if builds_object(self.module, call):
            taker = self._find_taker(call, shown)
            return Escape(how) if taker.handed is None else replace(taker, taker=call, given=given)
        callee = find_callee(self.module, call)
        if callee is None or not is_generator(callee.function):
            return Escape(how)
        taker = self._find_taker(call, shown)
        parameter = callee.parameter_of(given)
        if taker.handed is None or taker.taker is None or parameter is None:
            return Escape(how)
        return replace(taker, given=call, generator=callee.function, home=callee.module, parameter=parameter)

    def _events(self, node: ast.expr) -> Escape | None:
        """Follow an expression whose value reads the body as Server-Sent Events."""
        parent = self.parents[node]
        match parent:
            case ast.Attribute(attr="response"):
                return self.follow_value(parent)
            case ast.Attribute(attr=name) if name in EVENT_ITERATORS:
                call = self.parents[parent]
                return self._body(call, f"whose `{name}`") if isinstance(call, ast.Call) else None
            case ast.Assign(targets=[ast.Name() as target]):
                reads = find_iterator_reads(self.module, target)
                fates = [self._events(read) for read in reads]
                if reads and len(taken := [fate for fate in fates if fate is not None]) < 2:
                    return taken[0] if taken else None
                inner = self._find_only_reader(target, self._events)
                if inner is not None and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Name):
                    return replace(self._captured(inner, target.id), closed=node.args[0].id)
            case ast.Call() | ast.keyword():
                taker = self._find_taker(node, "whose `EventSource`")
                return replace(taker, part="response") if taker.generator else Escape(taker.how)
        return Escape(describe_taker(find_step(self.module, node), "whose `EventSource`"))

    def _find_only_reader(
        self, target: ast.Name, follow: Callable[[ast.expr], Escape | None]
    ) -> FunctionNode | None:
        """Return the nested function that alone gets what a variable of the web's function holds."""
        if self.web is None:
            return None
        return find_only_reader(self.module, self.web.function, target, lambda read: follow(read) is None)

    def _closes(self, call: ast.Call) -> bool:
        """Answer whether a call is a `closing` that is entered."""
        is_closing = self.web is not None and find_closing(self.web, call) is not None
        return is_closing and self._is_entered(call)

    def _is_followed(self, call: ast.Call) -> bool:
        return self.web is not None and call in self.web.effects

    def _is_entered(self, call: ast.Call) -> bool:
        match self.parents[call]:
            case ast.withitem():
                return True
            case ast.Call(func=function):
                return last_name(function) in _ENTERING
        return False

    def _attribute(self, node: ast.Attribute) -> Escape | None:
        """Follow `r.<attribute>`."""
        parent = self.parents[node]
        call = parent if isinstance(parent, ast.Call) and parent.func is node else None
        shown = f"whose `{node.attr}`"
        if node.attr == "stream":
            return self._body(node, shown)
        if node.attr == "extensions":
            is_plain = reads_plain_extension(self.module, node)
            return None if is_plain else Escape(f"{shown} may hold the connection, is used by hand")
        if node.attr not in _METHODS:
            return None
        if call is None:
            return self._bound_method(node, shown)
        if node.attr in ITERATORS:
            return self._body(call, shown)
        if node.attr == "raise_for_status":
            return self.follow_value(call)
        if node.attr == "aread":
            return None if is_awaited(self.module, call) else Escape(f"{shown} is awaited elsewhere")
        return None

    def _bound_method(self, node: ast.Attribute, shown: str) -> Escape | None:
        """Follow a method that is passed on; a close may run once more, wherever it was given to."""
        taker = self._find_taker(node, shown)
        return None if node.attr in CLOSERS and taker.handed is None else taker

    def _body(self, node: ast.expr, shown: str) -> Escape | None:
        """Follow an expression whose value is an iterator over the body."""
        parent = self.parents[node]
        match parent:
            case ast.For() | ast.AsyncFor() | ast.Expr() | ast.YieldFrom():
                return None
            case ast.comprehension():
                owner = self.parents[parent]
                assert isinstance(owner, ast.expr)
                return self._body(owner, shown) if isinstance(owner, ast.GeneratorExp) else None
            case ast.Call(func=ast.Name() as function) if is_builtin(self.module, function):
                if function.id in BODY_CONSUMERS:
                    return None
                if function.id in BODY_WRAPPERS:
                    return self._body(parent, shown)
            case ast.Call(func=ast.Attribute(attr="join", value=ast.Constant())):
                return None
            case ast.Attribute(attr="__anext__" | "__next__" | "aclose" | "close"):
                return None
            case ast.Assign(targets=[ast.Name() as target]):
                fate = self._kept_body(node, target, shown)
                if fate is None or fate.handed is not None:
                    return fate
        taker = self._find_taker(node, shown)
        # Whoever gets the bare iterator has nothing to close the response by.
        if not isinstance(parent, ast.Call | ast.keyword):
            return Escape(taker.how)
        is_made_later = taker.generator is None or is_plain_call(taker.given, node)
        return replace(taker, generator=None, home=None, body=node) if is_made_later else Escape(taker.how)

    def _kept_body(self, node: ast.expr, target: ast.Name, shown: str) -> Escape | None:
        """Follow a variable that holds an iterator over the body; its first item may be taken out of it."""
        reads = find_iterator_reads(self.module, target)
        fates = [self._body(read, shown) for read in reads]
        taken = [fate for fate in fates if fate is not None]
        if reads and len(taken) < 2:
            return replace(taken[0], body=node) if taken else None
        inner = self._find_only_reader(target, lambda read: self._body(read, shown))
        if inner is None or self.web is None:
            return Escape(f"{shown} is kept in a variable")
        return replace(self._captured(inner, target.id), closed=self.web.name)
