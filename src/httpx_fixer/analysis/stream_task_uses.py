"""Where the responses are used last that several tasks return, and who gets them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import field

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.analysis.stream_follows import complete_web
from httpx_fixer.analysis.stream_marks import Send, Web
from httpx_fixer.analysis.stream_uses import find_fate, iter_escapes
from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.values import dataclass

_PAIRING = frozenset({"enumerate", "zip"})
_LOOKING = frozenset({"bool", "len", "print", "repr", "str"})


def find_last_use(
    module: Module, send: ast.Call, awaited: ast.expr, first: ast.stmt, *, is_single: bool
) -> ast.stmt | Obstacle:
    """Return the last statement, of the block that `first` stands in, that uses what was awaited.

    An obstacle says where a response goes to somebody else, or is used outside of that block.
    """
    uses = _Uses(module, send)
    uses.follow(awaited, is_single=is_single)
    uses.follow_names()
    if uses.obstacle is not None:
        return uses.obstacle
    block = module.block_of(first)
    at = next(index for index, one in enumerate(block) if one is first)
    places = {node: index for index, one in enumerate(block) if index >= at for node in ast.walk(one)}
    for node in uses.nodes:
        if node not in places:
            detail = f"`{node.id}` is used outside of the block that awaits the tasks"
            return Obstacle(RefusalReason.REBOUND, detail, node.lineno)
    return block[max((places[node] for node in uses.nodes), default=places[awaited])]


@dataclass(slots=True)
class _Uses:
    """The names that hold the responses, `groups` those that hold all of them."""

    module: Module
    send: ast.Call
    groups: list[ast.Name] = field(default_factory=list)
    singles: list[ast.Name] = field(default_factory=list)
    nodes: list[ast.Name] = field(default_factory=list)
    obstacle: Obstacle | None = None

    def follow(self, node: ast.expr, *, is_single: bool) -> None:
        """Follow an expression whose value is a response, or a list of them, to the names that get it."""
        parent = self.module.table.parents[node]
        match parent:
            case ast.Expr():
                return
            case ast.Assign(targets=[target], value=value) if value is node:
                self._bind(target, is_single=is_single)
                return
        if is_single:
            fate = find_fate(self.module, node)
            if fate is not None:
                self._stop(node, fate.how)
        else:
            self._follow_list(node, parent)

    def _follow_list(self, node: ast.expr, parent: ast.AST) -> None:
        match parent:
            case ast.Subscript(slice=index) if not isinstance(index, ast.Slice):
                self.follow(parent, is_single=True)
            case ast.For(target=target, iter=iterated) | ast.comprehension(target=target, iter=iterated):
                if iterated is node:
                    self._bind(target, is_single=True, is_item=True)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in _PAIRING:
                self._follow_pairing(parent, arguments, node, name)
            case ast.Call(func=ast.Name(id=name)) if name in _LOOKING:
                return
            case ast.Compare() | ast.If() | ast.UnaryOp(op=ast.Not()) | ast.FormattedValue():
                return
            case ast.Return():
                self._stop(node, "are returned")
            case _:
                self._stop(node, "are passed on")

    def follow_names(self) -> None:
        """Follow every name that was found, those found meanwhile included."""
        at = 0
        while at < len(self.groups) and self.obstacle is None:
            group = self.groups[at]
            for node in self._iter_nodes(group):
                if isinstance(node.ctx, ast.Load):
                    self.follow(node, is_single=False)
            self._count(group, self.groups)
            at += 1
        for name in self.singles if self.obstacle is None else ():
            self._follow_response(name)
            self._count(name, self.singles)

    def _bind(self, target: ast.expr, *, is_single: bool, is_item: bool = False) -> None:
        match target:
            case ast.Name():
                (self.singles if is_single else self.groups).append(target)
            case ast.Tuple(elts=elements) if not is_single and not is_item:
                for element in elements:
                    if isinstance(element, ast.Name):
                        self.singles.append(element)
                    else:
                        self._stop(element, "are unpacked by `*` or into something else than names")
            case _:
                self._stop(target, f"are kept in `{ast.unparse(target)}`")

    def _follow_pairing(self, call: ast.Call, arguments: list[ast.expr], node: ast.expr, name: str) -> None:
        """Follow `for url, response in zip(urls, responses)`."""
        at = arguments.index(node) + (name == "enumerate")
        match self.module.table.parents[call]:
            case (
                ast.For(target=ast.Tuple(elts=elements)) | ast.comprehension(target=ast.Tuple(elts=elements))
            ):
                if at < len(elements):
                    self._bind(elements[at], is_single=True, is_item=True)
                    return
        self._stop(node, f"are passed to `{name}`")

    def _follow_response(self, name: ast.Name) -> None:
        module = self.module
        scope = module.function_scope(name)
        if scope is None or not isinstance(scope.node, FunctionNode):
            return
        nodes = frozenset(self._iter_nodes(name))
        send = Send(self.send, ast.Assign([name], self.send), is_async=True)
        web = complete_web(module, Web(scope.node, name.id, (send,), nodes))
        handed = min(web.handed, key=lambda statement: statement.lineno, default=None)
        if handed is not None:
            detail = f"`{name.id}` is handed on, and the other responses are not"
            self.obstacle = Obstacle(RefusalReason.ESCAPES, detail, handed.lineno)
        for node, how in iter_escapes(module, web):
            self.obstacle = Obstacle(RefusalReason.ESCAPES, f"`{name.id}` {how}", node.lineno)
            return

    def _iter_nodes(self, name: ast.Name) -> Iterator[ast.Name]:
        table = self.module.table
        scope = self.module.function_scope(name)
        home = table.enclosing(name).find(name.id)
        for node in ast.walk(scope.node if scope is not None else self.module.tree):
            is_named = isinstance(node, ast.Name) and node.id == name.id
            if isinstance(node, ast.Name) and is_named and table.enclosing(node).find(name.id) is home:
                yield node

    def _count(self, name: ast.Name, known: list[ast.Name]) -> None:
        """Take up the uses of a name; one that is bound to something else, too, stands in the way."""
        self.nodes += self._iter_nodes(name)
        for node in self._iter_nodes(name):
            if not isinstance(node.ctx, ast.Load) and all(node is not one for one in known):
                detail = f"`{name.id}` is assigned again"
                self.obstacle = self.obstacle or Obstacle(RefusalReason.REBOUND, detail, node.lineno)

    def _stop(self, node: ast.expr, how: str) -> None:
        detail = how if how.startswith("is ") else f"the responses {how}"
        detail = f"the response {how}" if how.startswith("is ") else detail
        self.obstacle = self.obstacle or Obstacle(RefusalReason.ESCAPES, detail, node.lineno)
