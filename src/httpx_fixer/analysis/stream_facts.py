"""Frozen facts about streamed responses: what leaves the syntax trees."""

from __future__ import annotations

from httpx_fixer.analysis.site_facts import Obstacle
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class WrapUses:
    """Close in a `finally` of a new `try` around the statements from `first` to `last`.

    `dropped` is a close further down that has nothing left to close then.
    `may_be_none` says that the name may hold None there, so that the close has to ask first.
    """

    first: Anchor
    last: Anchor
    dropped: Anchor | None = None
    may_be_none: bool = False


@dataclass(frozen=True, slots=True)
class GuardUses:
    """Close where an exception leaves the statements from `first` to `last`: they hand the response on.

    `early` are returns among them that do not, and get a close above them; the rest as in `WrapUses`.
    """

    first: Anchor
    last: Anchor
    dropped: Anchor | None = None
    may_be_none: bool = False
    early: tuple[Anchor, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtendTry:
    """Close at the end of the `finally` of the try statement at `anchor`; `dropped` as in `WrapUses`."""

    anchor: Anchor
    dropped: Anchor | None = None


@dataclass(frozen=True, slots=True)
class CloseBelow:
    """Close right below the statement at `anchor`: nothing uses the response after it."""

    anchor: Anchor
    dropped: Anchor | None = None


@dataclass(frozen=True, slots=True)
class StackUses:
    """Close by an exit stack around the statements from `first` to `last`, of a name that is free.

    It is filled below the statement `renewed`, and emptied above it where that `repeats`.
    """

    first: Anchor
    last: Anchor
    renewed: Anchor
    stack: str
    repeats: bool
    dropped: None = None


StreamCover = WrapUses | GuardUses | ExtendTry | CloseBelow | StackUses
"""Where a close has to go so that every path runs it after the last use of the response."""


@dataclass(frozen=True, slots=True)
class StreamOpening:
    """`async with x.stream(...) as r:`, which does what the statements at `removed` and a close do."""

    header: str
    removed: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class Replacement:
    """The expression `code` in place of the one at `anchor`."""

    anchor: Anchor
    code: str


@dataclass(frozen=True, slots=True)
class TaskedSends:
    """Sends that run as tasks, and the statements from `first` to `last`, which use what they return.

    `holder` is the variable that has the tasks, `above` a statement that makes it, "" where one is
    there; `is_single`: it holds one task, not a list. `replaced` is what changes with it. `task` and
    `result` are free words, `library` is how the code calls `asyncio`, "" where it does not.
    `is_harmless` says that a send may be cut off: it changes nothing at the other end.
    """

    holder: str
    above: str
    is_single: bool
    replaced: tuple[Replacement, ...]
    first: Anchor
    last: Anchor
    task: str
    result: str
    library: str
    is_harmless: bool


@dataclass(frozen=True, slots=True)
class StreamedBody:
    """A body that a framework's response, made by the call of `responder`, sends later.

    `given` is the argument, `code` its code, `statement` where it stands. `parameter` is what the
    generator there calls the response, "" for a plain iterator, and `cover` where its close goes.
    For an iterator, `name`, `item` and `item_type` are words for a generator around it.
    `is_cancelled_twice` says so of the framework, where a client goes away: Sanic 25.12 does.
    """

    responder: str
    given: Anchor
    code: str
    statement: Anchor
    parameter: str
    is_closed: bool
    cover: StreamCover | None
    obstacles: tuple[Obstacle, ...]
    name: str
    item: str
    item_type: str
    is_cancelled_twice: bool


@dataclass(frozen=True, slots=True)
class StreamSite:
    """A call `x.send(..., stream=True)`, or of a function that returns what such a call does.

    `function` is the qualified name of the function around, "" at module or class level. `receiver`
    is the code of `x`, "" for none, and `shown` the call in short. `name` is the variable that holds
    the response, "" for none. `is_cut` says that the client is closed by a `with` block around the
    call, which cuts an open stream. `obstacles` come in the order in which they should be told; `cover`
    is None where there are any or where nothing is to be done; `opening` is a shorter way to the same as
    a `WrapUses`, `tasks` says how those are closed that run as tasks. `bodies` are sent by a framework
    later; `is_typed` says that the function around says what it returns. `ends_early` is the line of a
    block that closes the response, or its client, when one of the bodies is handed over, 0 for none.
    """

    path: str
    function: str
    anchor: Anchor
    statement: Anchor
    receiver: str
    shown: str
    name: str
    is_async: bool
    is_cut: bool
    closed_on_every_path: bool
    obstacles: tuple[Obstacle, ...]
    cover: StreamCover | None
    opening: StreamOpening | None
    tasks: TaskedSends | None
    bodies: tuple[StreamedBody, ...]
    is_typed: bool
    ends_early: int
    is_test: bool

    @property
    def line(self) -> int:
        """The line that the call begins on."""
        return self.anchor.start.line


@dataclass(frozen=True, slots=True)
class StreamBlock:
    """A block `async with x.stream(...) as r:` out of which the body is handed to somebody.

    `anchor` is the call, `shown` it in short, `statement` the `with`. `opening` are statements
    that open the same response without a block. `cover` is for the statements of the block, `bodies`
    are sent by a framework later, and the rest is as in `StreamSite`.
    """

    path: str
    anchor: Anchor
    statement: Anchor
    shown: str
    name: str
    is_async: bool
    opening: str
    obstacles: tuple[Obstacle, ...]
    cover: StreamCover | None
    bodies: tuple[StreamedBody, ...]
    is_typed: bool


@dataclass(frozen=True, slots=True)
class EntryBlock:
    """A `with` statement that `header` begins, around the statements from `first` to `last`.

    `removed` are statements that it takes the place of, `replaced` is what the response is called where
    it had no name.
    """

    header: str
    removed: tuple[Anchor, ...]
    first: Anchor
    last: Anchor
    replaced: Replacement | None


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """A call `x.stream(...)`, the code of its function in `callee`, that no `with` statement enters.

    `is_entered` says that `__aenter__` or `__enter__` is called by hand. Without an `obstacle` there is a
    `block` to enter it by, or a `cover` says where the response, which is called `name`, is to be closed.
    """

    path: str
    anchor: Anchor
    callee: str
    is_entered: bool
    obstacle: Obstacle | None = None
    block: EntryBlock | None = None
    name: str = ""
    cover: StreamCover | None = None
    is_async: bool = False


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A part of a response (`.json()`) that could be kept in its place, and what would have to change."""

    part: str
    replacements: tuple[Replacement, ...]


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """A request, the code of its function in `callee`, whose response `keeper` keeps (words).

    `part` is what all its readers use, None where that is not known.
    """

    path: str
    anchor: Anchor
    callee: str
    keeper: str
    part: KeptPart | None


@dataclass(frozen=True, slots=True)
class GeneratorType:
    """What a generator should say that it returns, in place of the iterator `before` at `anchor`.

    `code` begins with `name`, or its dotted form; `library` is what the name comes from, "" where it
    needs no import of its own.
    """

    anchor: Anchor
    code: str
    name: str
    library: str
    before: str


@dataclass(frozen=True, slots=True)
class AbandonedGenerator:
    """A call, `callee` the code of its function, of a generator that holds a stream open as it waits.

    `kept` is the variable or attribute that holds the generator, "" for none, and `leave` the line where
    it is left. `code` is the call, `name` what it may be called there, "" where no name is free.
    `statement` has the call in it, and does nothing but assign it where `is_assigned`; `first` to
    `last` are the statements that use it. `typed` is None where the type that it says can be closed.
    """

    path: str
    anchor: Anchor
    callee: str
    kept: str
    leave: int
    is_async: bool
    code: str
    name: str
    is_assigned: bool
    statement: Anchor
    first: Anchor
    last: Anchor
    typed: GeneratorType | None
    obstacle: Obstacle | None
