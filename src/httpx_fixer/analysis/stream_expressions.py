"""What evaluating an expression does to a streamed response, in the order of evaluation."""

from __future__ import annotations

import ast

from httpx_fixer.analysis.escapes import CLOSERS, last_name
from httpx_fixer.analysis.stream_marks import UNREACHED, Held, Notes, State, Web
from httpx_fixer.analysis.stream_methods import (
    AWAITING,
    ITERATORS,
    PLAIN_ATTRIBUTES,
    find_body_iterator,
    find_closing,
    is_close_of_other,
    is_plain_log,
)
from httpx_fixer.analysis.stream_tests import keep_kinds, split_by_test

_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_CONSUMERS = frozenset({"list", "set", "sum", "tuple"})
_PUSHED = {
    "callback": "close",
    "enter_async_context": "aclosing",
    "enter_context": "closing",
    "push_async_callback": "aclose",
}
"""`{method of an exit stack: what it has to be given}`; with the other one it would never close."""


class ExpressionReader:
    """Follows the expressions of one function."""

    def __init__(self, web: Web, notes: Notes) -> None:
        self.web = web
        self.notes = notes
        self._raised: State = UNREACHED

    def read(self, node: ast.expr | None, state: State) -> tuple[State, State]:
        """Return the state after an expression, and the one in which it raises (`UNREACHED`: never)."""
        if node is None:
            return state, UNREACHED
        self._raised = UNREACHED
        after = self._visit(node, state)
        return after, self._raised

    def _raise(self, state: State) -> State:
        self._raised |= state
        return state

    def _visit(self, node: ast.expr, state: State) -> State:
        match node:
            case ast.Constant() | ast.Lambda():
                return state
            case ast.Name():
                return self._use(node, state) if isinstance(node.ctx, ast.Load) else state
            case ast.Attribute():
                state = self._visit(node.value, state)
                is_plain = node.attr in PLAIN_ATTRIBUTES | CLOSERS and self.web.find_owner(node)
                return state if is_plain else self._raise(state)
            case ast.Call():
                return self._visit_call(node, state)
            case ast.Await():
                return self._visit_await(node, state)
            case ast.Tuple() | ast.List() | ast.UnaryOp(op=ast.Not()) | ast.Compare():
                state = self._visit_all(node, state)
                return state if self._is_quiet(node) else self._raise(state)
            case ast.IfExp() | ast.BoolOp() | ast.NamedExpr():
                return self._visit_branching(node, state)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._visit_comprehension(node, state)
        state = self._visit_all(node, state)
        if isinstance(node, ast.Yield | ast.YieldFrom):
            self.notes.yields |= state
        return self._raise(state)

    def _use(self, node: ast.Name, state: State) -> State:
        """Return the state after a read of a name; where nothing is bound it raises."""
        if self.web.find_name(node) is None:
            if node in self.web.iterators:
                self.notes.use(node, state)
            return state
        self.notes.use(node, state)
        unbound = keep_kinds(state, frozenset({Held.UNBOUND}))
        self._raise(unbound)
        return state - unbound

    def _visit_all(self, node: ast.AST, state: State) -> State:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                state = self._visit(child, state)
            elif isinstance(child, ast.keyword):
                state = self._visit(child.value, state)
        return state

    def _is_quiet(self, node: ast.expr) -> bool:
        """Answer whether a display or comparison runs no code of the operands that could raise."""
        match node:
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return not any(isinstance(element, ast.Starred) for element in elements)
            case ast.Compare(ops=operators, left=left, comparators=others):
                if all(
                    isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq) for operator in operators
                ):
                    return True
                return all(isinstance(term, ast.Constant) or self._is_plain(term) for term in (left, *others))
        return True

    def _is_plain(self, node: ast.expr) -> bool:
        match node:
            case ast.Attribute(attr="status_code") if self.web.find_owner(node):
                return True
            case ast.Call(func=ast.Name(id="locals"), args=[]):
                return True
        return False

    def _visit_branching(self, node: ast.IfExp | ast.BoolOp | ast.NamedExpr, state: State) -> State:
        match node:
            case ast.IfExp():
                true, false = split_by_test(self.web, node.test, self._visit(node.test, state))
                return self._visit(node.body, true) | self._visit(node.orelse, false)
            case ast.BoolOp():
                done = UNREACHED
                for term in node.values[:-1]:
                    true, false = split_by_test(self.web, term, self._visit(term, state))
                    state, stopped = (true, false) if isinstance(node.op, ast.And) else (false, true)
                    done |= stopped
                return done | self._visit(node.values[-1], state)
            case ast.NamedExpr():
                state = self._visit(node.value, state)
                return self.bind(node, state) if self.web.find_name(node.target) else state

    def bind(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr, state: State) -> State:
        """Return the state after the variable was given the value of an assignment."""
        send = self.web.index_of(node)
        is_none = isinstance(node.value, ast.Constant) and node.value.value is None
        self.notes.lose(state, node.lineno)
        if send is not None:
            return frozenset({(Held.OPEN, send)}) if state else state
        return frozenset({(Held.NONE if is_none else Held.OTHER, -1)}) if state else state

    def _visit_comprehension(self, node: _Comprehension, state: State) -> State:
        first = node.generators[0]
        inner = state = self._visit(first.iter, state)
        for index, generator in enumerate(node.generators):
            parts = [*([generator.iter] if index else []), *generator.ifs]
            for part in parts:
                inner = self._visit(part, inner)
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for element in elements:
            inner = self._visit(element, inner)
        state |= inner
        method = None if isinstance(node, ast.GeneratorExp) else find_body_iterator(self.web, first.iter)
        if method is not None:
            state = self.web.close(state, is_async=first.is_async == 1)
        return self._raise(state)

    def _visit_await(self, node: ast.Await, state: State) -> State:
        state = self._visit(node.value, state)
        if is_close_of_other(self.web, node.value):
            return state
        match node.value:
            case ast.Call(func=function, args=[ast.Call() as call, *_]) if last_name(function) in AWAITING:
                pass
            case ast.Call() as call:
                pass
            case _:
                return self._raise(state)
        is_own = self.web.find_owner(call.func) and last_name(call.func) in {"aclose", "aread"}
        if is_own or call in self.web.exits:
            state = self.web.close(state, is_async=True)
        return self._raise(state)

    def _visit_call(self, node: ast.Call, state: State) -> State:
        if is_plain_log(node):
            raised, state = self._raised, self._visit_arguments(node, state)
            self._raised = raised
            return state
        owner = self.web.find_owner(node.func)
        if owner is not None and isinstance(node.func, ast.Attribute):
            state = self._visit_arguments(node, self._use(owner, state))
            return self._visit_method(node.func.attr, state)
        if node in self.web.exits:
            # What it is given says how the block ended, and is taken not to raise.
            is_sync = last_name(node.func) == "__exit__"
            return self._raise(self.web.close(state, is_async=False)) if is_sync else state
        state = self._visit_arguments(node, self._visit_callee(node.func, state))
        pushed = self._find_pushed(node)
        if pushed is not None:
            return self.web.guard(state, is_async=pushed.startswith("a"))
        effect = self.web.effects.get(node)
        if effect is not None:
            self._raise(self.web.apply(effect.raises, state))
            return self.web.apply(effect.normal, state)
        if self._is_quiet_call(node):
            return state
        if self._consumes_body(node):
            state = self.web.close(state, is_async=False)
        return self._raise(state)

    def _visit_arguments(self, node: ast.Call, state: State) -> State:
        for argument in node.args:
            state = self._visit(argument, state)
        for keyword in node.keywords:
            state = self._visit(keyword.value, state)
        return state

    def _visit_callee(self, function: ast.expr, state: State) -> State:
        """Looking up a function or method by its dotted name is taken not to raise."""
        while isinstance(function, ast.Attribute):
            function = function.value
        return self._visit(function, state)

    def _visit_method(self, method: str, state: State) -> State:
        """Return the state after a method of the response was called; a coroutine has not run yet."""
        if method in ITERATORS | {"aclose", "aread"}:
            return state
        if method in {"close", "read"}:
            state = self.web.close(state, is_async=False)
        return self._raise(state)

    def _find_pushed(self, node: ast.Call) -> str | None:
        """Return what an exit stack is told to call or enter: `aclose`, `close`, `aclosing` or `closing`."""
        match node:
            case ast.Call(func=ast.Attribute(attr=how), args=[ast.Attribute() as method]):
                name = method.attr if self.web.find_owner(method) else None
            case ast.Call(func=ast.Attribute(attr=how), args=[inner]):
                name = find_closing(self.web, inner)
            case _:
                return None
        return name if name is not None and _PUSHED.get(how) == name else None

    def _is_quiet_call(self, node: ast.Call) -> bool:
        is_quiet = last_name(node.func) in AWAITING | {"locals"}
        return is_quiet or is_close_of_other(self.web, node) or find_closing(self.web, node) is not None

    def _consumes_body(self, node: ast.Call) -> bool:
        """Answer whether a call reads a whole body: `list(r.iter_lines())`, `b"".join(r.iter_bytes())`."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=[inner]):
                return name in _CONSUMERS and find_body_iterator(self.web, inner) is not None
            case ast.Call(func=ast.Attribute(attr="join", value=ast.Constant()), args=[inner]):
                return find_body_iterator(self.web, inner) is not None
        return False
