"""What a variable that holds streamed responses may hold at one point of a function."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.values import dataclass


class Held(Enum):
    """What the variable holds."""

    UNBOUND = "unbound"
    NONE = "None"
    OTHER = "something else"
    OPEN = "open"
    GUARDED = "guarded"
    """Open, and an exit stack closes it."""
    CLOSED = "closed"
    COVERED = "covered"
    """Closed by the close that is on trial, and open without it."""
    HANDED = "handed on"
    """Open, and somebody else's: whoever called the function, or the object that it was kept in."""


Mark = tuple[Held, int]
"""What is held, and the index of the send in its `Web`, -1 where it is none of them."""
State = frozenset[Mark]
"""Everything that the variable may hold; empty: the point is never reached."""

UNREACHED: State = frozenset()
LIVE = frozenset({Held.OPEN, Held.GUARDED})
DONE = frozenset({Held.CLOSED, Held.COVERED})
RESPONSE = LIVE | DONE | {Held.HANDED}


@dataclass(frozen=True, slots=True)
class Effect:
    """What a function does with an open response: what it may be when it returns, and when it raises."""

    normal: frozenset[Held]
    raises: frozenset[Held]


Binder = ast.Assign | ast.AnnAssign | ast.NamedExpr


@dataclass(frozen=True, slots=True)
class Send:
    """A send whose response is bound to the name of its `Web` by the node `binder`.

    `flag` tells the variable that says at run time whether it streams, "" for none (`dump` of `ast`).
    """

    call: ast.Call
    binder: Binder
    is_async: bool
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Web:
    """The streamed responses that one variable of one function holds, one after another.

    `nodes` are the reads and bindings of the variable, those of nested functions included. `handed`
    are the statements that hand the response to whoever called the function, or to its owner. With
    `starts_open` the function is given the response of its only send, open. `effects` are those of
    functions that get the response and leave it in the hands of this one: {call: effect}. `iterators`
    are the reads of variables that hold an iterator of its body, or what has one, `exits` the calls of
    `__aexit__` and `__exit__` of its context manager, which close it, and `manager` the name of that, ""
    for none. `part` is the attribute of what the variable holds that is the response, "" where it holds
    the response itself. `flags` are the variables that say that the response has been handed on.
    """

    function: FunctionNode
    name: str
    sends: tuple[Send, ...]
    nodes: frozenset[ast.Name]
    handed: frozenset[ast.stmt] = frozenset()
    starts_open: bool = False
    effects: Mapping[ast.Call, Effect] = field(default_factory=dict)
    iterators: frozenset[ast.Name] = frozenset()
    exits: frozenset[ast.Call] = frozenset()
    manager: str = ""
    flags: frozenset[str] = frozenset()
    part: str = ""

    @property
    def key(self) -> tuple[int, str]:
        """What tells one variable of the module from every other."""
        return id(self.function), self.name

    def index_of(self, binder: ast.AST) -> int | None:
        """Return the index of the send that a node binds, None for any other node."""
        return next((i for i, send in enumerate(self.sends) if send.binder is binder), None)

    def find_name(self, node: ast.AST | None) -> ast.Name | None:
        """Return the node if it reads or binds the variable."""
        return node if isinstance(node, ast.Name) and node in self.nodes else None

    def is_manager(self, node: ast.expr) -> bool:
        """Answer whether an expression is the context manager that opened the response."""
        return isinstance(node, ast.Name) and node.id == self.manager

    def find_owner(self, node: ast.AST | None) -> ast.Name | None:
        """Return the read of the variable in `<variable>.<attribute>`, or behind its part."""
        owner = node.value if isinstance(node, ast.Attribute) else None
        if self.part and isinstance(owner, ast.Attribute) and owner.attr == self.part:
            owner = owner.value
        return self.find_name(owner)

    def close(self, state: State, *, is_async: bool) -> State:
        """Return the state after `aclose()` (`is_async`) or `close()`; the wrong one of them raises."""
        return self._move(state, LIVE, Held.CLOSED, is_async=is_async)

    def cover(self, state: State) -> State:
        """Return the state after the close that is on trial, whichever of the two methods it calls."""
        return frozenset((Held.COVERED, send) if held in LIVE else (held, send) for held, send in state)

    def empty(self, state: State, send: int, *, is_trial: bool) -> State:
        """Return the state after an exit stack closed what one send opened, whatever the name holds."""
        done = Held.COVERED if is_trial else Held.CLOSED
        return frozenset((done, one) if held in LIVE and one == send else (held, one) for held, one in state)

    def settle(self, state: State) -> State:
        """Return the state after a close that is planned."""
        return frozenset((Held.CLOSED, send) if held in LIVE else (held, send) for held, send in state)

    def guard(self, state: State, *, is_async: bool) -> State:
        """Return the state after an exit stack was told to close the response."""
        return self._move(state, frozenset({Held.OPEN}), Held.GUARDED, is_async=is_async)

    def release(self, state: State) -> State:
        """Return the state after an exit stack, or `closing`, has closed what it guards."""
        return frozenset(
            (Held.CLOSED, send) if held is Held.GUARDED else (held, send) for held, send in state
        )

    def apply(self, kinds: frozenset[Held], state: State) -> State:
        """Return the state after a function left the open response in one of some ways."""
        open_sends = {send for held, send in state if held is Held.OPEN}
        after = {(held, send) for held in kinds for send in open_sends}
        return frozenset(after | {mark for mark in state if mark[0] is not Held.OPEN})

    def hand_on(self, state: State) -> State:
        """Return the state after the response became somebody else's."""
        return frozenset((Held.HANDED, send) if held in LIVE else (held, send) for held, send in state)

    def settle_unstreamed(self, flag: str, state: State) -> State:
        """Return the state where the variable of a flag is false: such responses were read by `send`."""
        return frozenset(
            (Held.CLOSED, send) if held in LIVE and self.sends[send].flag == flag else (held, send)
            for held, send in state
        )

    def _move(self, state: State, of: frozenset[Held], to: Held, *, is_async: bool) -> State:
        return frozenset(
            (to, send) if held in of and self.sends[send].is_async == is_async else (held, send)
            for held, send in state
        )


@dataclass(slots=True)
class Notes:
    """What a walk through a function wrote down.

    `uses` maps each read of the variable to all that it may hold there, `lost` the index of a send
    to the line where its response is forgotten while open. `leaks` are the sends whose response some
    exit leaves open. `clash` says that the close on trial may meet something that has no such method,
    or that is somebody else's by then. `returns` maps each `return` to what is held when it is done,
    and `ends` and `fails` are what is held where the function ends without and with an exception,
    `yields` where it yields. `falls_through` says that its last statement may be followed by its end.
    """

    uses: dict[ast.Name, State] = field(default_factory=dict)
    lost: dict[int, int] = field(default_factory=dict)
    leaks: set[int] = field(default_factory=set)
    clash: bool = False
    returns: dict[ast.Return, State] = field(default_factory=dict)
    ends: State = UNREACHED
    fails: State = UNREACHED
    yields: State = UNREACHED
    falls_through: bool = False

    def use(self, node: ast.Name, state: State) -> None:
        """Write down that a read of the variable is reached with a state."""
        self.uses[node] = self.uses.get(node, UNREACHED) | state

    def lose(self, state: State, line: int) -> None:
        """Write down that the variable no longer holds what it held."""
        for held, send in state:
            if held is Held.OPEN:
                self.lost.setdefault(send, line)
                self.leaks.add(send)
