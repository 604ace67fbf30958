"""Frozen facts about the user's code: what leaves the syntax trees."""

from __future__ import annotations

from enum import Enum

from httpx_fixer.analysis.site_facts import SpecArgument
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """What a name refers to.

    A definition of the project: `path` is its file and `name` the qualified name there, "" for the
    module itself. Anything else: `path` is "" and `name` the dotted import name.
    """

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `kind` is "positional-only", "plain", "vararg", "keyword-only" or "kwarg"."""

    name: str
    kind: str
    has_default: bool
    annotation: str


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call; `name` is "" for a positional one, "*" and "**" for unpacking.

    `text` is the value of a string literal, `symbol` what a name or attribute refers to, `factory`
    what is called where the argument is the result of a call.
    """

    name: str
    code: str
    anchor: Anchor
    text: str | None
    symbol: Symbol | None
    factory: Symbol | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call: `symbol` is the callee as far as known; for `x.f()` `receiver` is what `x` is.

    `function` is the qualified name of the function around, "" at module level. `statement` is the
    innermost statement around, `bound` the symbol that the result is assigned to, and `target` the
    name or dotted name that it is assigned to first, as written, "" for none.
    """

    path: str
    function: str
    symbol: Symbol | None
    receiver: Symbol | None
    attribute: str
    arguments: tuple[Argument, ...]
    anchor: Anchor
    statement: Anchor
    bound: Symbol | None
    target: str = ""

    def argument(self, name: str, position: int = -1) -> Argument | None:
        """Return the argument of that name, or the one at that position, or None."""
        for argument in self.arguments:
            if argument.name == name:
                return argument
        plain = [argument for argument in self.arguments if argument.name == ""]
        return plain[position] if 0 <= position < len(plain) else None

    @property
    def line(self) -> int:
        """The line that the call begins on."""
        return self.anchor.start.line


@dataclass(frozen=True, slots=True)
class Decorator:
    """A decorator: `symbol`, `receiver` and `attribute` as in `Call`; `arguments` None if not called."""

    symbol: Symbol | None
    receiver: Symbol | None
    attribute: str
    arguments: tuple[Argument, ...] | None
    line: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method of the project.

    `qualname` has no `<locals>`. `owner` is the class around, "" for none; `outer` the function
    around, "" for none. `names` holds every name that is read or bound anywhere inside.
    """

    path: str
    qualname: str
    name: str
    anchor: Anchor
    is_async: bool
    is_generator: bool
    owner: str
    outer: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Decorator, ...]
    names: frozenset[str]

    @property
    def symbol(self) -> Symbol:
        """The function as a symbol."""
        return Symbol(self.path, self.qualname)

    @property
    def line(self) -> int:
        """The line of `def`."""
        return self.anchor.start.line


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that names a function: `how` is "call", "value", "import", "text" or "decorated".

    "text" is a string that holds the dotted name (`patch("pkg.mod.f")`). `function` is the
    qualified name of the function around, "" at module level.
    """

    path: str
    line: int
    how: str
    function: str
    call: Call | None
    is_test: bool


@dataclass(frozen=True, slots=True)
class Program:
    """A function that goes on until the process is stopped; `call` runs it and has the place of its `def`."""

    entry: Symbol
    call: Call


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, a class or a name that a module's level assigns.

    `first_line` is that of the first decorator. `normal` is the code with layout and comments taken
    out, for comparing. `callee` and `arguments` are those of the call whose result is assigned, or
    returned at the end of a function; `rows` those of a table: (key, arguments).
    """

    name: str
    anchor: Anchor
    first_line: int
    normal: str
    parameters: tuple[str, ...]
    callee: str
    arguments: tuple[SpecArgument, ...]
    rows: tuple[tuple[str, tuple[SpecArgument, ...]], ...]


@dataclass(frozen=True, slots=True)
class Assigned:
    """An assignment `receiver.attribute = value`; `receiver` is what is known of the object.

    `target` is its code. `function` is the qualified name of the function around, "" at module level;
    `is_plain` says that the statement stands under no condition, loop or `try` there.
    """

    path: str
    function: str
    receiver: Symbol | None
    value: Argument
    target: str
    is_plain: bool


class Ending(Enum):
    """What becomes of a client where a caller gets it from the function that makes it."""

    CLOSED = "closed on every path"
    SOMETIMES = "closed on some paths only"
    KEPT = "kept under a name, and closed by other code"
    LEFT = "never closed"
    HANDED_ON = "handed on to other code, which may close it"


@dataclass(frozen=True, slots=True)
class FactoryUse:
    """A place that names a function which makes a client, or hands out the one that a cache keeps.

    `function` is the qualified name of the function around, "" at module level; `takers` are the calls
    that get the client as an argument there, or by the name that it is assigned to.
    """

    path: str
    function: str
    ending: Ending
    takers: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectUse:
    """A function that makes an object for itself and closes it before it is over."""

    path: str
    function: str


@dataclass(frozen=True, slots=True)
class BorrowedClose:
    """A place in `function` that closes or enters a client which a module keeps for all.

    `anchor` is the call or the entered expression, `code` of which is given where it is entered.
    `statement` is what to take away: the close itself where `item` is -1, else the item of that number
    of a with statement (bound to `target`), or the `finally` of a try statement. `obstacle` says why
    that cannot be done, "" where it can.
    """

    path: str
    function: str
    anchor: Anchor
    statement: Anchor
    item: int
    target: str
    code: str
    obstacle: str


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the project.

    `values` are what its body assigns to names, `methods` what it defines. `last` is the last
    statement of its body, `last_value` the last of those that assign, None where there is none.
    """

    symbol: Symbol
    anchor: Anchor
    bases: tuple[Symbol | None, ...]
    values: tuple[Argument, ...]
    methods: frozenset[str]
    last: Anchor
    last_value: Anchor | None

    def value(self, name: str) -> Argument | None:
        """Return what the body assigns to a name."""
        return next((value for value in self.values if value.name == name), None)

    @property
    def line(self) -> int:
        """The line of `class`."""
        return self.anchor.start.line


@dataclass(frozen=True, slots=True)
class CallChange:
    """What changes in a call beside its callee.

    `first` is put in front of the arguments and `last` behind them, the keywords of `without` are taken
    out; `whole` asks for the text of the whole call in any case.
    """

    first: str = ""
    without: frozenset[str] = frozenset()
    whole: bool = False
    last: str = ""
