"""Where a module opens streamed responses with `send`, and whether every path closes them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.facts import Obstacle
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.stream_clients import ClientKind, find_client_kind
from httpx_fixer.analysis.stream_cover import find_cover
from httpx_fixer.analysis.stream_facts import CloseBelow, ExtendTry, StreamCover, StreamSite, WrapUses
from httpx_fixer.analysis.stream_flow import CoverKind, Trial, walk_function
from httpx_fixer.analysis.stream_marks import LIVE, Notes, Send, Web
from httpx_fixer.analysis.stream_results import (
    find_stream_argument,
    follow_result,
    is_consumed_at_once,
    is_in_task,
)
from httpx_fixer.analysis.stream_uses import iter_escapes, iter_failure_readers
from httpx_fixer.diagnostic import RefusalReason


def iter_stream_sites(module: Module) -> Iterator[StreamSite]:
    """Yield every `send` of an httpx client whose `stream` is or may be true, in source order."""
    for call in module.calls:
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr == "send"
            and find_stream_argument(call) is not None
        ):
            kind = find_client_kind(module, call)
            if kind is not None:
                yield _SiteBuilder(module, call, kind).build()


def is_closed_on_every_path(module: Module, send_call: ast.Call) -> bool:
    """Answer whether no way out of the function leaves the response of a `send` open.

    A call without `stream`, or with `stream=False`, reads and closes the response itself.
    """
    if find_stream_argument(send_call) is None and all(
        keyword.arg is not None for keyword in send_call.keywords
    ):
        return True
    return _SiteBuilder(module, send_call, ClientKind.LIKELY).build().closed_on_every_path


class _SiteBuilder:
    """Describes one send."""

    def __init__(self, module: Module, call: ast.Call, kind: ClientKind) -> None:
        self.module = module
        self.call = call
        self.kind = kind
        self.result = follow_result(module, call)
        self.is_async = self.result.is_awaited or kind is ClientKind.ASYNC or is_in_task(module, self.result)

    def build(self) -> StreamSite:
        try:
            is_closed, obstacles, cover = self._judge()
        except RecursionError:
            detail = "the function is nested too deeply to be followed"
            is_closed, obstacles, cover = (
                False,
                [self._obstacle(RefusalReason.UNSUPPORTED_BINDING, detail)],
                None,
            )
        module, name = self.module, self.result.name
        return StreamSite(
            module.path,
            module.function_name(self.call),
            module.anchor(self.call),
            module.anchor(module.statement_of(self.call)),
            self._receiver(),
            "" if name is None else name.id,
            self.is_async,
            self._is_cut(),
            is_closed,
            tuple(obstacles),
            cover,
            module.is_test,
        )

    def _judge(self) -> tuple[bool, list[Obstacle], StreamCover | None]:
        """Return whether every path closes; if not, what stands in the way of a close, or where it goes."""
        web = self._build_web()
        if web is None:
            is_closed = is_consumed_at_once(self.module, self.result, is_async=self.is_async)
            return is_closed, [] if is_closed else [*self._dynamic(), self._describe_binding()], None
        send = next(i for i, one in enumerate(web.sends) if one.call is self.call)
        notes = walk_function(web)
        if send not in notes.leaks:
            return True, [], None
        obstacles = [*self._dynamic(), *self._unsupported(), *self._escapes(web, notes, send)]
        if obstacles:
            return False, obstacles, None
        trial = find_cover(self.module, web, notes, send)
        if trial is None:
            return False, [self._rebound(web, notes, send)], None
        obstacles.extend(self._failure_readers(web, trial))
        return False, obstacles, None if obstacles else self._freeze(trial)

    # -- what the name holds

    def _build_web(self) -> Web | None:
        """Return the responses that the function keeps under the name of this one, None for no such name."""
        scope = self.module.function_scope(self.call)
        name = self.result.name
        if scope is None or name is None or self.module.table.enclosing(name).find(name.id) is not scope:
            return None
        function = scope.node
        assert isinstance(function, FunctionNode)
        nodes = frozenset(
            node
            for node in ast.walk(function)
            if isinstance(node, ast.Name)
            and node.id == name.id
            and self.module.table.enclosing(node).find(name.id) is scope
        )
        return Web(function, name.id, tuple(self._iter_sends(nodes)), nodes)

    def _iter_sends(self, nodes: frozenset[ast.Name]) -> Iterator[Send]:
        for call in self.module.calls:
            if call is self.call:
                assert self.result.binder is not None
                yield Send(call, self.result.binder, self.is_async)
            elif (
                isinstance(call.func, ast.Attribute)
                and call.func.attr == "send"
                and find_stream_argument(call)
            ):
                result = follow_result(self.module, call)
                if result.name in nodes and result.binder is not None:
                    yield Send(call, result.binder, result.is_awaited)

    def _is_cut(self) -> bool:
        """Answer whether a `with` block around the call closes its client."""
        assert isinstance(self.call.func, ast.Attribute)
        receiver = self._receiver()
        for parent in self.module.ancestors(self.call):
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                return False
            if isinstance(parent, ast.With | ast.AsyncWith):
                for item in parent.items:
                    entered = [item.context_expr, item.optional_vars or item.context_expr]
                    if any(ast.unparse(expression) == receiver for expression in entered):
                        return True
        return False

    def _receiver(self) -> str:
        assert isinstance(self.call.func, ast.Attribute)
        return ast.unparse(self.call.func.value)

    # -- obstacles

    def _obstacle(self, reason: RefusalReason, detail: str, line: int = 0) -> Obstacle:
        return Obstacle(reason, detail, line or self.call.lineno)

    def _dynamic(self) -> Iterator[Obstacle]:
        argument = find_stream_argument(self.call)
        if argument is not None and not isinstance(argument, ast.Constant):
            detail = f"only the run time tells whether `stream={ast.unparse(argument)}` streams"
            yield self._obstacle(RefusalReason.DYNAMIC_ARGUMENT, detail, argument.lineno)

    def _unsupported(self) -> Iterator[Obstacle]:
        if self.is_async and not self.result.is_awaited:
            detail = "the coroutine is not awaited where it is made"
            yield self._obstacle(RefusalReason.UNSUPPORTED_BINDING, detail)
        elif isinstance(self.result.binder, ast.NamedExpr):
            detail = "the response is bound by `:=` inside of a larger statement"
            yield self._obstacle(RefusalReason.UNSUPPORTED_BINDING, detail)

    def _describe_binding(self) -> Obstacle:
        """Say why there is no local name to close the response by."""
        escapes, unsupported = RefusalReason.ESCAPES, RefusalReason.UNSUPPORTED_BINDING
        if is_in_task(self.module, self.result):
            return self._obstacle(unsupported, "the response is the result of a task")
        if self.is_async and not self.result.is_awaited and not isinstance(self.result.parent, ast.Return):
            return self._obstacle(unsupported, "the coroutine is not awaited where it is made")
        if self.result.name is not None:
            return self._obstacle(escapes, f"the response is kept in the global `{self.result.name.id}`")
        match self.result.parent:
            case ast.Return() | ast.Lambda():
                return self._obstacle(escapes, "the response is returned")
            case ast.Yield():
                return self._obstacle(escapes, "the response is yielded")
            case ast.Expr():
                return self._obstacle(unsupported, "the response is bound to no name")
            case ast.Attribute():
                return self._obstacle(
                    unsupported, "the response is used in the same expression and bound to no name"
                )
            case (
                ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target])
                | ast.AnnAssign(target=ast.Attribute() | ast.Subscript() as target)
            ):
                return self._obstacle(escapes, f"the response is kept in `{ast.unparse(target)}`")
            case ast.Call(func=function):
                return self._obstacle(escapes, f"the response is passed to `{ast.unparse(function)}`")
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._obstacle(escapes, "the responses are collected")
        return self._obstacle(unsupported, "the response is part of a larger expression")

    def _escapes(self, web: Web, notes: Notes, send: int) -> Iterator[Obstacle]:
        for node, how in iter_escapes(self.module, web):
            state = notes.uses.get(node)
            if state is None and "captured" not in how:
                continue
            if state is None or any((held, send) in state for held in LIVE):
                yield self._obstacle(RefusalReason.ESCAPES, f"`{web.name}` {how}", node.lineno)

    def _failure_readers(self, web: Web, trial: Trial) -> Iterator[Obstacle]:
        if trial.kind is CoverKind.BELOW:
            return
        for line in iter_failure_readers(self.module, web):
            if not trial.first.lineno <= line <= (trial.last.end_lineno or line):
                detail = f"`raise_for_status()` hands `{web.name}` to the handler that reads its body"
                yield self._obstacle(RefusalReason.ESCAPES, detail, line)

    def _rebound(self, web: Web, notes: Notes, send: int) -> Obstacle:
        if send in notes.lost:
            detail = f"`{web.name}` is assigned again while its response may be open"
            return self._obstacle(RefusalReason.REBOUND, detail, notes.lost[send])
        live = [
            node.lineno for node, state in notes.uses.items() if any((held, send) in state for held in LIVE)
        ]
        detail = f"`{web.name}` is used outside of the block that sends"
        return self._obstacle(RefusalReason.REBOUND, detail, max(live, default=0))

    def _freeze(self, trial: Trial) -> StreamCover:
        first, last = self.module.anchor(trial.first), self.module.anchor(trial.last)
        dropped = None if trial.dropped is None else self.module.anchor(trial.dropped)
        match trial.kind:
            case CoverKind.WRAP:
                return WrapUses(first, last, dropped, trial.may_be_none)
            case CoverKind.EXTEND:
                return ExtendTry(first, dropped)
            case CoverKind.BELOW:
                return CloseBelow(first, dropped)


__all__ = ["StreamSite", "is_closed_on_every_path", "iter_stream_sites"]
