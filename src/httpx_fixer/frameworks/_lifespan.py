"""How an ASGI application's start is extended: its lifespan wrapped, given, or put around its own."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Argument, Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, Edit, InsertStatements, ReplaceExpression, WrapStatement
from httpx_fixer.frameworks._asgi import import_edits, is_returned
from httpx_fixer.frameworks._base import Lifecycle, Ownership
from httpx_fixer.frameworks._owner_source import LIFESPAN
from httpx_fixer.frameworks._start_source import CLOSE, OPEN, WRAP
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass

_CONTEXT_MANAGERS = frozenset({"contextlib.asynccontextmanager"})
_LOOKED_AT = (
    rb"(?P<name>\w+)\s*=\s*[\w.]*\.lifespan_context\b(?!\s*\()(?!(?s:.*?)\b(?P=name)\()",
    rb"(?i:assert)\w*[ (][^\n]*\.lifespan_context\b(?!\s*\()",
)
"""A test that asks which lifespan an application has, and does not run it."""


@dataclass(frozen=True, slots=True)
class OwnLifespan:
    """The lifespan that the author gave to an application: `value` is what is given.

    `function` is the function of the project behind it whose `yields` can be wrapped, None where it
    is anything else. `is_assigned` says that it was put in after the application was made.
    """

    value: Argument
    function: Function | None
    yields: tuple[Anchor, ...]
    is_assigned: bool


def find_own_lifespan(project: Project, lifecycle: Lifecycle) -> OwnLifespan | Refusal | None:
    """Return the lifespan that the author gave to an application, None where there is none."""
    assigned = project.remember("lifespan contexts", lambda: project.assignments_to("lifespan_context"))
    mine = [one for one in assigned if _is_router_of(project, one.receiver, lifecycle)]
    is_nameless = is_returned(lifecycle.call)
    unknown = [one for one in assigned if one.receiver is None or is_nameless]
    if unknown or len(mine) > 1:
        detail = f"the lifespan of `{lifecycle.app.name}` is replaced after it was made"
        anchor = (unknown or mine)[-1].value.anchor
        return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, anchor.path, anchor.start.line)
    value = mine[0].value if mine else lifecycle.call.argument("lifespan")
    if value is None:
        return None
    function = project.function(value.symbol) if value.symbol is not None else None
    yields = _find_yields(project, function)
    return OwnLifespan(value, function if yields else None, yields, bool(mine))


def _is_router_of(project: Project, receiver: Symbol | None, lifecycle: Lifecycle) -> bool:
    if receiver is None or not receiver.name.endswith(".router"):
        return False
    return project.origin_of(Symbol(receiver.path, receiver.name.removesuffix(".router"))) == lifecycle.app


def _find_yields(project: Project, function: Function | None) -> tuple[Anchor, ...]:
    """Return the `yield`s of a lifespan: a context manager of contextlib, or the bare generator."""
    if function is None or not function.is_async or not function.parameters:
        return ()
    managers = {decorator.symbol.name for decorator in function.decorators if decorator.symbol is not None}
    is_known = not function.decorators or managers & _CONTEXT_MANAGERS
    return project.plain_yields(function) if is_known else ()


def is_wired(project: Project, ownership: Ownership, lifecycle: Lifecycle) -> bool:
    """Answer whether an earlier run made the application open and close what is owned."""
    if ownership.present is None:
        return False
    wanted, wrap = Symbol(ownership.path, LIFESPAN), Symbol(ownership.path, WRAP)
    own = find_own_lifespan(project, lifecycle)
    if isinstance(own, OwnLifespan):
        entered = (call for call in project.calls_named(LIFESPAN) if call.symbol == wanted)
        around = {Symbol(call.path, call.function) for call in entered}
        if own.value.symbol in {wanted, *around} or own.value.factory == wrap:
            return True
    routers = [
        call.statement
        for call in project.calls_named("APIRouter", about=LIFESPAN)
        if (one := call.argument("lifespan")) is not None and one.symbol == wanted
    ]
    if any(
        call.statement in routers and project.origin_of(call.receiver) == lifecycle.app
        for call in project.calls_named("include_router", about=LIFESPAN)
    ):
        return True
    return project.member(lifecycle.path, OPEN) == Symbol(ownership.path, OPEN)


def extend_own(project: Project, ownership: Ownership, own: OwnLifespan) -> tuple[Edit, ...] | Refusal:
    """Return the edits that enter ours around each `yield` of the author's function."""
    assert own.function is not None
    edits = import_edits(project, ownership, own.function.path, LIFESPAN)
    if isinstance(edits, Refusal):
        return edits
    header = f"async with {LIFESPAN}({own.function.parameters[0].name}):"
    return (*edits, *(WrapStatement(anchor, header) for anchor in own.yields))


def wrap_own(project: Project, ownership: Ownership, own: OwnLifespan) -> tuple[Edit, ...] | Refusal:
    """Return the edits that put ours around whatever the author gave."""
    edits = find_look_at_lifespan(project) or import_edits(project, ownership, own.value.anchor.path, WRAP)
    if isinstance(edits, Refusal):
        return edits
    return (*edits, ReplaceExpression(own.value.anchor, f"{WRAP}({own.value.code})"))


def find_look_at_lifespan(project: Project) -> Refusal | None:
    """Return the test that would notice that an application has another lifespan than its author's."""
    place = project.search.find_in_tests(b"lifespan_context", *_LOOKED_AT)
    if place is None:
        return None
    detail = "a test asks which lifespan the application has, and would find another one"
    return Refusal(RefusalReason.PATCHED_IN_TESTS, detail, *place)


def add_lifespan(project: Project, ownership: Ownership, lifecycle: Lifecycle) -> tuple[Edit, ...] | Refusal:
    """Return the edits that give `lifespan=` to the application's constructor."""
    edits = import_edits(project, ownership, lifecycle.path, LIFESPAN)
    if isinstance(edits, Refusal):
        return edits
    return (*edits, AddArgument(lifecycle.call.anchor, "lifespan", LIFESPAN))


def add_statements(
    project: Project, ownership: Ownership, lifecycle: Lifecycle, code: str, names: tuple[str, ...]
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that add statements right after the application is made.

    In `code`, `{app}` stands for the application; `names` are those of the owning module that it reads.
    """
    edits: list[Edit] = []
    if code and is_returned(lifecycle.call):
        detail = f"`{lifecycle.app.name}` gives the application no name, and its start is not plain"
        return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, lifecycle.call.line)
    for name in names:
        imported = import_edits(project, ownership, lifecycle.path, name)
        if isinstance(imported, Refusal):
            return imported
        edits += imported
    owner, _, app = lifecycle.app.name.rpartition(".")
    if owner and owner == lifecycle.call.function.rpartition(".")[0]:
        app = f"self.{app}"
    return (*edits, InsertStatements(lifecycle.call.statement, "after", code.format(app=app)))


def add_hooks(
    project: Project, ownership: Ownership, lifecycle: Lifecycle, code: str
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that open pools at the start and close them at the end, by `code` for each.

    In `code`, EVENT and HOOK stand for what happens and what is called then.
    """
    if ownership.clients:
        detail = f"`{lifecycle.app.name}` has handlers for its start, which can hand no client over"
        return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, lifecycle.call.line)
    pairs = (("startup", OPEN), ("shutdown", CLOSE))
    both = "".join(code.replace("EVENT", event).replace("HOOK", hook) for event, hook in pairs)
    return add_statements(project, ownership, lifecycle, both, (OPEN, CLOSE))
