"""What becomes of a client that a function keeps in a local variable."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from httpx_fixer.analysis.followed_uses import iter_local_uses
from httpx_fixer.analysis.local_uses import LocalUse, UseKind
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import Closing, LocalClient, Obstacle
from httpx_fixer.diagnostic import RefusalReason

_CLOSES = (UseKind.CLOSED, UseKind.CLOSED_OTHERWISE)
_LASTING = (UseKind.PASSED, UseKind.CAPTURED, UseKind.PENDING, UseKind.STREAM)
"""Uses that may go on after the statement that they stand in."""


def build_local_client(module: Module, value: ast.expr, *, is_async: bool) -> LocalClient | None:
    """Describe the variable that a client is assigned to, None where it is no plain local."""
    statement = module.statement_of(value)
    scope = module.function_scope(value)
    if scope is None or not isinstance(statement, ast.Assign | ast.AnnAssign):
        return None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    if not isinstance(target, ast.Name) or target.id in scope.elsewhere:
        return None
    uses = tuple(iter_local_uses(module, scope, target.id, is_async=is_async))
    return _LocalReader(module, statement, target.id, uses).build(value)


class _LocalReader:
    def __init__(
        self,
        module: Module,
        statement: ast.Assign | ast.AnnAssign,
        name: str,
        uses: Sequence[LocalUse],
    ) -> None:
        self.module = module
        self.statement = statement
        self.name = name
        self.uses = uses
        self.span = self._find_span()

    def build(self, value: ast.expr) -> LocalClient:
        inside = {id(node) for statement in self.span for node in ast.walk(statement)}
        mine = [use for use in self.uses if id(use.node) in inside]
        closing = self._find_closing(mine)
        last = self._find_last(mine)
        final = None if closing is Closing.ALWAYS else self._find_final_close(mine)
        closes = [use for use in mine if use.kind is UseKind.CLOSED]
        if final is not None:
            last = self.span[self.span.index(final) - 1] if final is not self.span[0] else None
        obstacles = tuple(self._iter_obstacles(value, inside, mine, final))
        return LocalClient(
            self.module.anchor(self.statement),
            None if last is None else self.module.anchor(self.span[0]),
            None if last is None else self.module.anchor(last),
            tuple(self.module.anchor(self.module.statement_of(use.node)) for use in closes),
            closing,
            any(use.kind is UseKind.STORED for use in self.uses if self._may_read(use, inside)),
            any(use.kind is UseKind.RETURNED for use in self.uses if self._may_read(use, inside)),
            any(use.opens_stream for use in mine),
            tuple(sorted(obstacles, key=lambda obstacle: obstacle.line)),
        )

    def _find_span(self) -> Sequence[ast.stmt]:
        """Return the statements of the block that the assigned client may reach."""
        block = self.module.block_of(self.statement)
        start = block.index(self.statement) + 1
        for index in range(start, len(block)):
            if _assigned_name(block[index]) == self.name:
                return block[start:index]
        return block[start:]

    def _find_last(self, mine: Sequence[LocalUse]) -> ast.stmt | None:
        """Return the last statement of the span that uses the client for more than its close."""
        used = {id(use.node) for use in mine if use.kind is not UseKind.CLOSED}
        found = [one for one in self.span if any(id(node) in used for node in ast.walk(one))]
        return found[-1] if found else None

    def _find_final_close(self, mine: Sequence[LocalUse]) -> ast.stmt | None:
        """Return the plain close in the block itself that every other use stands before."""
        for use in mine:
            statement = self.module.statement_of(use.node)
            if use.kind is UseKind.CLOSED and statement in self.span:
                below = self.span[self.span.index(statement) + 1 :]
                later = {id(node) for one in below for node in ast.walk(one)}
                if not any(id(other.node) in later for other in mine):
                    return statement
        return None

    def _find_closing(self, mine: Sequence[LocalUse]) -> Closing:
        if self._is_guarded():
            return Closing.ALWAYS
        ends = (*_CLOSES, UseKind.ENTERED)
        elsewhere = (use for use in self.uses if not self._belongs_elsewhere(use))
        return Closing.SOMETIMES if any(u.kind in ends for u in (*mine, *elsewhere)) else Closing.NEVER

    def _is_guarded(self) -> bool:
        """Answer whether a `finally` around or below closes the client, before it is used or after."""
        child: ast.AST = self.statement
        while not isinstance(child, FunctionNode):
            parent = self.module.table.parents[child]
            is_try = isinstance(parent, ast.Try | ast.TryStar) and child not in parent.finalbody
            if is_try and self._closes_in(getattr(parent, "finalbody", ())):
                return True
            if isinstance(child, ast.stmt):
                block = self.module.block_of(child)
                for one in block[block.index(child) + 1 :]:
                    if self._guards(one):
                        return True
                    inside = {id(node) for node in ast.walk(one)}
                    if any(id(u.node) in inside and u.kind is not UseKind.LOOKED_AT for u in self.uses):
                        return False
            child = parent
        return False

    def _closes_in(self, body: Sequence[ast.stmt]) -> bool:
        inside = {id(node) for one in body for node in ast.walk(one)}
        return any(id(use.node) in inside and use.kind in _CLOSES for use in self.uses)

    def _guards(self, statement: ast.stmt) -> bool:
        """Answer whether a statement closes the client however it is left."""
        match statement:
            case ast.Try() | ast.TryStar():
                return self._closes_in(statement.finalbody)
            case ast.With() | ast.AsyncWith():
                parts: list[ast.AST] = [item.context_expr for item in statement.items]
            case ast.Expr():
                parts = [statement]
            case _:
                return False
        inside = {id(node) for part in parts for node in ast.walk(part)}
        return any(id(use.node) in inside and use.kind is UseKind.ENTERED for use in self.uses)

    def _iter_obstacles(
        self, value: ast.expr, inside: set[int], mine: Sequence[LocalUse], final: ast.stmt | None
    ) -> Iterator[Obstacle]:
        """Yield what stands against a `with` block around the uses."""
        if self.statement.value is not value:
            detail = f"`{self.name}` may also hold a client that somebody else made"
            yield Obstacle(RefusalReason.MAY_BE_INJECTED, detail, self.statement.lineno)
        for use in self.uses:
            if id(use.node) not in inside and not self._belongs_elsewhere(use):
                detail = f"`{self.name}` is used outside of the block that it is assigned in"
                yield Obstacle(RefusalReason.REBOUND, detail, use.node.lineno)
        for use in mine:
            reason = self._find_reason(use, final)
            if reason is not None:
                yield Obstacle(reason, f"`{self.name}` {use.how}", use.node.lineno)

    def _find_reason(self, use: LocalUse, final: ast.stmt | None) -> RefusalReason | None:
        statement = self.module.statement_of(use.node)
        match use.kind:
            case UseKind.BOUND:
                return RefusalReason.REBOUND
            case UseKind.STORED | UseKind.RETURNED:
                return RefusalReason.ESCAPES
            case UseKind.CLOSED_OTHERWISE | UseKind.ENTERED:
                return RefusalReason.MIXED_WITH_MANUAL_CLOSE
            case UseKind.CLOSED if statement not in self.span and not self._may_go(statement):
                return RefusalReason.MIXED_WITH_MANUAL_CLOSE
            case UseKind.STREAM if final is None:
                return RefusalReason.STREAM_LEFT_OPEN
            case kind if kind in _LASTING and final is None:
                return RefusalReason.ESCAPES
        return None

    def _may_go(self, close: ast.stmt) -> bool:
        """Answer whether a close in a branch may go: it has company there, and is in no loop."""
        for parent in self.module.ancestors(close):
            if parent in self.span:
                break
            if isinstance(parent, ast.For | ast.AsyncFor | ast.While):
                return False
        parent = self.module.table.parents[close]
        is_last_resort = isinstance(parent, ast.Try | ast.TryStar) and close in parent.finalbody
        return len(self.module.block_of(close)) > 1 and not is_last_resort

    def _may_read(self, use: LocalUse, inside: set[int]) -> bool:
        """Answer whether a use may read this client: `if client is None: client = ...` goes on below."""
        return id(use.node) in inside or not self._belongs_elsewhere(use)

    def _belongs_elsewhere(self, use: LocalUse) -> bool:
        """Answer whether a use is the assignment itself, or reads what another one assigned before."""
        if self.module.statement_of(use.node) is self.statement:
            return True
        if any(self._is_held_by(parent) for parent in self.module.ancestors(use.node)):
            return True
        if use.kind is UseKind.BOUND:
            return _assigned_name(self.module.statement_of(use.node)) == self.name
        child: ast.AST = self.module.statement_of(use.node)
        while not isinstance(child, FunctionNode):
            if isinstance(child, ast.stmt):
                above = self.module.block_of(child)
                for other in above[: above.index(child)]:
                    if other is not self.statement and _assigned_name(other) == self.name:
                        return True
            child = self.module.table.parents[child]
        return False

    def _is_held_by(self, parent: ast.AST) -> bool:
        """Answer whether a node is a `with ... as client` that holds a client of its own."""
        return isinstance(parent, ast.With | ast.AsyncWith) and any(
            isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == self.name
            for item in parent.items
        )


def _assigned_name(statement: ast.stmt) -> str:
    """Return the one name that a statement assigns, "" where it is not just that."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            return name
    return ""
