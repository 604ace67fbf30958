"""What a simple statement does to a streamed response."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from httpx_fixer.analysis.stream_exits import Exits
from httpx_fixer.analysis.stream_expressions import ExpressionReader
from httpx_fixer.analysis.stream_marks import UNREACHED, Held, Notes, State, Web
from httpx_fixer.analysis.stream_tests import split_by_test


class SimpleStatements:
    """Follows the statements of one function that hold no other statements."""

    def __init__(self, web: Web, notes: Notes) -> None:
        self.web = web
        self.notes = notes
        self.reader = ExpressionReader(web, notes)

    def run(self, node: ast.stmt, state: State) -> Exits:
        """Return the ways out of a statement; one of an unknown kind may raise."""
        match node:
            case ast.Pass() | ast.Global() | ast.Nonlocal():
                return Exits(normal=state)
            case ast.Return():
                after, raised = self.reader.read(node.value, state)
                after = self.web.hand_on(after) if node in self.web.handed else after
                self.notes.returns[node] = self.notes.returns.get(node, UNREACHED) | after
                return Exits(raises=raised, returns=after)
            case ast.Break():
                return Exits(breaks=state)
            case ast.Continue():
                return Exits(continues=state)
            case ast.Expr():
                return self._read_all([node.value], state)
            case ast.Assign() | ast.AnnAssign():
                return self._assign(node, state)
            case ast.Raise():
                exits = self._read_all([node.exc, node.cause], state)
                return Exits(raises=exits.raises | exits.normal)
            case ast.Assert():
                after, raised = self.reader.read(node.test, state)
                true, false = split_by_test(self.web, node.test, after)
                return Exits(true, raised | false | self._read_all([node.msg], false).raises)
        return self._define(node, state)

    def _define(self, node: ast.stmt, state: State) -> Exits:
        match node:
            case ast.Delete():
                return self.bind_all(node.targets, state, node.lineno)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                outer = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
                exits = self._read_all(outer, state)
                return exits.followed_by(Exits(self.rebind(node.name, exits.normal, node.lineno)))
            case ast.Import() | ast.ImportFrom():
                names = [(alias.asname or alias.name).split(".")[0] for alias in node.names]
                bound = self.rebind(self.web.name, state, node.lineno) if self.web.name in names else state
                return Exits(bound, state)
            case ast.AugAssign():
                exits = self._read_all([node.value], state)
                bound_exits = self.bind_all([node.target], exits.normal, node.lineno)
                return exits.join(Exits(raises=exits.normal)).followed_by(bound_exits)
        return Exits(state, state)

    def _read_all(self, parts: Sequence[ast.expr | None], state: State) -> Exits:
        raised = UNREACHED
        for part in parts:
            state, more = self.reader.read(part, state)
            raised |= more
        return Exits(state, raised)

    def _assign(self, node: ast.Assign | ast.AnnAssign, state: State) -> Exits:
        if node.value is None:
            return Exits(state)
        after, raised = self.reader.read(node.value, state)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) == 1 and self.web.find_name(targets[0]):
            return Exits(self.reader.bind(node, after), raised)
        if self.web.index_of(node) is not None:
            return Exits(self.reader.bind(node, after), raised)  # a part of a tuple, each with a name
        exits = Exits(raises=raised).join(self.bind_all(targets, after, node.lineno))
        return replace(exits, normal=self.web.hand_on(exits.normal)) if node in self.web.handed else exits

    def bind_all(self, targets: Sequence[ast.expr], state: State, line: int) -> Exits:
        """Return the ways out of assigning to targets, or deleting them, where no send is bound."""
        raised = UNREACHED
        for target in targets:
            match target:
                case ast.Name():
                    if self.web.find_name(target):
                        state = self.rebind(self.web.name, state, line)
                case ast.Tuple(elts=elements) | ast.List(elts=elements):
                    inner = self.bind_all(elements, state, line)
                    raised |= state | inner.raises
                    state = inner.normal
                case ast.Starred(value=value):
                    state = self.bind_all([value], state, line).normal
                case _:
                    state, more = self.reader.read(target, state)
                    raised |= more | state
        return Exits(state, raised)

    def rebind(self, name: str | None, state: State, line: int) -> State:
        """Return the state after `name` was bound to something unknown."""
        if name != self.web.name or not state:
            return state
        self.notes.lose(state, line)
        return frozenset({(Held.OTHER, -1)})
