"""Fixes: sets of edits that are applied all or not at all."""

from __future__ import annotations

from enum import Enum

from httpx_fixer.owners import Supply
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass


class Applicability(Enum):
    """How sure a fix is."""

    SAFE = "safe"
    """Behaviour and comments are kept; applied by default."""
    UNSAFE = "unsafe"
    """Valid code that may behave differently; applied with `--unsafe-fixes`."""
    DISPLAY_ONLY = "display-only"
    """Shown, never applied."""


@dataclass(frozen=True, slots=True, order=True)
class EnsureImport:
    """Bind a name at the top of a module, merged into an import statement that is there.

    `module` may start with dots (`..http_client`). `name` None means `import module [as alias]`;
    else `from module import name [as alias]`.
    """

    path: str
    module: str
    name: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class DropImport:
    """Remove the module-level import that binds `bound`, if nothing reads that name any more.

    It stays where `kept_for` says who takes the name from there, and then tells so to those who read
    it and to linters, unless those of the project do not ask (not `is_told`).
    """

    path: str
    bound: str
    kept_for: str = ""
    is_told: bool = True


@dataclass(frozen=True, slots=True, order=True)
class ReplaceExpression:
    """Put the expression `code` in place of the expression at `anchor`.

    Comments in the old one go above its statement; where `is_moved`, another edit writes them elsewhere.
    """

    anchor: Anchor
    code: str
    is_moved: bool = False


@dataclass(frozen=True, slots=True, order=True)
class AddArgument:
    """Add the keyword argument `name=code` to the call at `anchor`, before any `**kwargs`."""

    anchor: Anchor
    name: str
    code: str


@dataclass(frozen=True, slots=True, order=True)
class AddParameter:
    """Add the keyword-only parameter `name: annotation` to the function at `anchor`."""

    anchor: Anchor
    name: str
    annotation: str


@dataclass(frozen=True, slots=True, order=True)
class AddDecorator:
    """Decorate the function at `anchor` with the expression `code`, below its other decorators."""

    anchor: Anchor
    code: str


@dataclass(frozen=True, slots=True, order=True)
class UnwrapWith:
    """Remove item `item` (from 0) of the with statement at `anchor`.

    Where it is the only one the statement goes and its body is dedented into the block around. Of a
    try statement the `finally` is taken away, and the statement where it has no other clause.
    """

    anchor: Anchor
    item: int


@dataclass(frozen=True, slots=True, order=True)
class WrapStatement:
    """Put the statement at `anchor` into a block that begins with `header` (`async with f():`)."""

    anchor: Anchor
    header: str


@dataclass(frozen=True, slots=True, order=True)
class WrapRest:
    """Put the statements of the block from `first` to `last`, both included, into a block of their own.

    `header` begins it (`try:`, `async with f() as x:`), below statements that come first where there
    are any; `footer` is the code of `except`/`finally` clauses that follow. Both anchors are statements
    of one block; comments that stand between them move along.
    """

    first: Anchor
    last: Anchor
    footer: str = ""
    header: str = "try:"


@dataclass(frozen=True, slots=True, order=True)
class AddToFinally:
    """Run the statement `code` at the end of the `finally` of the try statement at `anchor`.

    The clause is added where the statement has none.
    """

    anchor: Anchor
    code: str


@dataclass(frozen=True, slots=True, order=True)
class InsertStatements:
    """Insert the statements `code` before or after the statement at `anchor`, in its block.

    Blank lines at the start of `code` are kept. `where` is "before" or "after", or "above": before the
    statement and the comments above it, which then speak about `code`.
    """

    anchor: Anchor
    where: str
    code: str


@dataclass(frozen=True, slots=True, order=True)
class RemoveStatement:
    """Remove the statement at `anchor`; `pass` takes its place where a block would be empty.

    Its comments stay, each on a line; where `is_moved`, another edit writes its code elsewhere with
    the comments in it, and only that behind it stays.
    """

    anchor: Anchor
    is_moved: bool = False


@dataclass(frozen=True, slots=True, order=True)
class ReplaceComment:
    """Put `code` in place of the part of a comment at `anchor`; where nothing is left the comment goes."""

    anchor: Anchor
    code: str


@dataclass(frozen=True, slots=True, order=True)
class CreateFile:
    """Create the file `path` with the text `code`; refused where the file exists."""

    path: str
    code: str


AnchoredEdit = (
    ReplaceExpression
    | AddArgument
    | AddParameter
    | AddDecorator
    | UnwrapWith
    | WrapStatement
    | WrapRest
    | AddToFinally
    | InsertStatements
    | RemoveStatement
)
ImportEdit = EnsureImport | DropImport
Edit = AnchoredEdit | ImportEdit | ReplaceComment | CreateFile


def path_of(edit: Edit) -> str:
    """Return the file that an edit changes."""
    match edit:
        case EnsureImport() | DropImport() | CreateFile():
            return edit.path
        case WrapRest():
            return edit.first.path
        case _:
            return edit.anchor.path


@dataclass(frozen=True, slots=True, order=True)
class NumberChange:
    """A number in force that a fix changes: `what` ("read timeout"), old and new with their unit."""

    path: str
    line: int
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits over any number of files that belong together.

    Two fixes may share equal edits (both need the same import, the same lifespan); they are made
    once. `unsafe_because` says in words why an unsafe fix may behave differently. `supply` says what
    the site gets from whom, None where the fix shares nothing.
    """

    title: str
    edits: tuple[Edit, ...]
    applicability: Applicability = Applicability.SAFE
    unsafe_because: str = ""
    numbers: tuple[NumberChange, ...] = ()
    supply: Supply | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that the fix changes, sorted."""
        return tuple(sorted({path_of(edit) for edit in self.edits}))
