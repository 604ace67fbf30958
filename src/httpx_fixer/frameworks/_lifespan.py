"""How an ASGI application's start is extended: its lifespan wrapped, given, or put around its own."""

from __future__ import annotations

import re

from httpx_fixer.analysis.facts import Argument, Assigned, Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, Edit, InsertStatements, ReplaceExpression, WrapStatement
from httpx_fixer.frameworks._asgi import import_edits, is_returned, reaches
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._owner_source import LIFESPAN
from httpx_fixer.frameworks._start_source import CLOSE, OPEN, WRAP
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass

_CONTEXT_MANAGERS = frozenset({"contextlib.asynccontextmanager"})
_LOOKED_AT = (
    rb"(?P<name>\w+)\s*=\s*[\w.]*\.lifespan_context\b(?!\s*\()(?!(?s:.*?)\b(?P=name)\()",
    rb"(?i:assert)(?!IsNotNone)\w*[ (][^\n]*\.lifespan_context\b(?!\s*\(|\s+is not None\b)",
)
"""A test that asks which lifespan an application has, and does not run it."""
_DOTTED = compile_later(r"[A-Za-z_][\w.]*")
START_HANDLERS = (b".on_event(", b".add_event_handler(", b".on_startup", b".on_shutdown")
"""What adds handlers to an application's start, which a lifespan silences."""


@dataclass(frozen=True, slots=True)
class OwnLifespan:
    """The lifespan that the author gave to an application: `value` is what is given.

    `function` is the function of the project behind it whose `yields` can be wrapped, None where it
    is anything else. `is_assigned` says that it was put in after the application was made, which is
    `is_certain` where that is done wherever the application is made. `is_foreign` says that it may be put
    into another application, one that somebody hands in.
    """

    value: Argument
    function: Function | None
    yields: tuple[Anchor, ...]
    is_assigned: bool = False
    is_certain: bool = True
    is_foreign: bool = False


def find_own_lifespan(project: Project, lifecycle: Lifecycle) -> OwnLifespan | Refusal | None:
    """Return the lifespan that an application is made with, or that is put in right there; None for none."""
    replaced = find_replaced(project, lifecycle)
    if isinstance(replaced, Refusal):
        return replaced
    certain = next((one for one in replaced if one.is_certain), None)
    if certain is not None:
        return certain
    value = lifecycle.call.argument("lifespan")
    return None if value is None else OwnLifespan(value, *_look_into(project, value))


def find_replaced(project: Project, lifecycle: Lifecycle) -> tuple[OwnLifespan, ...] | Refusal:
    """Return what is, or may be, put in for the lifespan of an application after it was made."""
    assigned = project.remember("lifespan contexts", lambda: project.assignments_to("lifespan_context"))
    found: list[OwnLifespan] = []
    for one in assigned:
        is_mine = _is_router_of(project, one.receiver, lifecycle)
        if not is_mine and not _may_be_router_of(project, one, lifecycle):
            continue
        if not is_mine and not one.target.endswith(".router.lifespan_context"):
            detail = f"the lifespan of `{lifecycle.app.name}` is replaced after it was made"
            anchor = one.value.anchor
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, anchor.path, anchor.start.line)
        place = (lifecycle.call.path, lifecycle.call.function)
        is_certain = is_mine and one.is_plain and (one.path, one.function) == place
        look = _look_into(project, one.value)
        found.append(
            OwnLifespan(one.value, *look, is_assigned=True, is_certain=is_certain, is_foreign=not is_mine)
        )
    return tuple(found)


def may_hand_over(project: Project, lifecycles: tuple[Lifecycle, ...]) -> bool:
    """Answer whether handlers may be given clients that the lifespan keeps in the application's state.

    An application that somebody hands in has a state of its own, in which names may be taken.
    """
    replaced = (find_replaced(project, one) for one in lifecycles)
    return not any(one.is_foreign for each in replaced if not isinstance(each, Refusal) for one in each)


def _is_router_of(project: Project, receiver: Symbol | None, lifecycle: Lifecycle) -> bool:
    if receiver is None or not receiver.name.endswith(".router"):
        return False
    return project.origin_of(Symbol(receiver.path, receiver.name.removesuffix(".router"))) == lifecycle.app


def _may_be_router_of(project: Project, one: Assigned, lifecycle: Lifecycle) -> bool:
    """Answer whether the object whose lifespan is put in may be an application: it is none that is known.

    The code that does it is run by the application, or has to do with the module that makes it.
    """
    receiver = one.receiver
    if receiver is not None:
        if not receiver.path or not receiver.name.endswith(".router"):
            return False
        app = Symbol(receiver.path, receiver.name.removesuffix(".router"))
        made = project.value_call(project.origin_of(app) or app)
        if made is not None and (made.symbol is None or made.symbol != lifecycle.app):
            return False
    return reaches(project, lifecycle, one.path) or project.imports.reaches(one.path, lifecycle.path)


def _look_into(project: Project, value: Argument) -> tuple[Function | None, tuple[Anchor, ...]]:
    function = project.function(value.symbol) if value.symbol is not None else None
    yields = _find_yields(project, function)
    return function if yields else None, yields


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
    wanted = Symbol(ownership.path, LIFESPAN)
    own = find_own_lifespan(project, lifecycle)
    if isinstance(own, OwnLifespan) and _is_extended(project, ownership, own):
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


def _is_extended(project: Project, ownership: Ownership, own: OwnLifespan) -> bool:
    """Answer whether a lifespan enters ours already: it is ours, is wrapped, or its function enters it."""
    wanted, wrap = Symbol(ownership.path, LIFESPAN), Symbol(ownership.path, WRAP)
    entered = (call for call in project.calls_named(LIFESPAN) if call.symbol == wanted)
    around = {Symbol(call.path, call.function) for call in entered}
    is_wrapped = own.value.factory == wrap or own.value.code.startswith(f"{WRAP}(")
    return own.value.symbol in {wanted, *around} or is_wrapped


def extend_replaced(
    project: Project, ownership: Ownership, lifecycle: Lifecycle, first: tuple[Edit, ...] | Refusal
) -> tuple[Edit, ...] | Refusal:
    """Put ours around every lifespan that may be put in later, too, beside the `first` edits.

    Where one of them runs another in turn ours is entered twice, and closed when it is left for good.
    """
    replaced = find_replaced(project, lifecycle)
    if isinstance(first, Refusal):
        return first
    if isinstance(replaced, Refusal):
        return replaced
    if replaced and lifecycle.start is Start.HOOKS:
        detail = f"`{lifecycle.app.name}` has handlers for its start, and its lifespan is replaced later"
        anchor = replaced[0].value.anchor
        return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, anchor.path, anchor.start.line)
    if not replaced:
        return first
    edits = dict.fromkeys(first)
    for own in replaced:
        if _is_extended(project, ownership, own):
            continue
        added = (extend_own if own.yields else wrap_own)(project, ownership, own)
        if isinstance(added, Refusal):
            return added
        edits |= dict.fromkeys(added)
    return tuple(edits)


def extend_own(project: Project, ownership: Ownership, own: OwnLifespan) -> tuple[Edit, ...] | Refusal:
    """Return the edits that enter ours around each `yield` of the author's function."""
    assert own.function is not None
    edits = import_edits(project, ownership, own.function.path, LIFESPAN)
    if isinstance(edits, Refusal):
        return edits
    header = f"async with {LIFESPAN}({own.function.parameters[0].name}):"
    return (*edits, *(WrapStatement(anchor, header) for anchor in own.yields))


def wrap_own(project: Project, ownership: Ownership, own: OwnLifespan) -> tuple[Edit, ...] | Refusal:
    """Return the edits that put ours around whatever the author gave, which may be nothing."""
    anchor, code = own.value.anchor, own.value.code
    edits = find_look_at_lifespan(project) or import_edits(project, ownership, anchor.path, WRAP)
    if isinstance(edits, Refusal):
        return edits
    wrapped = f"{WRAP}({code})"
    if own.is_assigned or not _may_be_none(project, own.value):
        return (*edits, ReplaceExpression(anchor, wrapped))
    plain = import_edits(project, ownership, anchor.path, LIFESPAN)
    if isinstance(plain, Refusal):
        return plain
    if not _DOTTED.fullmatch(code) or any(project.search.mentions(hook) for hook in START_HANDLERS):
        detail = f"`lifespan={code}` may be None"
        return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, anchor.path, anchor.start.line)
    either = f"{LIFESPAN} if {code} is None else {wrapped}"
    return (*edits, *plain, ReplaceExpression(anchor, either))


def _may_return_none(project: Project, maker: Symbol | None) -> bool:
    """Answer whether a function of the project says that it may return None."""
    function = project.function(maker) if maker is not None else None
    if function is None:
        return False
    text = project.search.text(function.path)
    said = re.search(rf"(?s)\bdef {re.escape(function.name)}\(.*?\)\s*->\s*([^:\n]+):", text)
    return said is not None and re.search(r"\b(?:None|Optional)\b", said[1]) is not None


def _may_be_none(project: Project, value: Argument) -> bool:
    """Answer whether a lifespan that a constructor is given may be None, which is to give none."""
    if "None" in value.code:
        return True
    if not _DOTTED.fullmatch(value.code):
        return _may_return_none(project, value.factory)
    if value.symbol is None or not value.symbol.path:
        return value.symbol is None
    owner, _, name = value.symbol.name.rpartition(".")
    function = project.function(Symbol(value.symbol.path, owner)) if owner else None
    given = next((one for one in function.parameters if one.name == name), None) if function else None
    if given is not None and not given.annotation:
        return True
    word = rf"\b{re.escape(name)}\b"
    may_be = re.compile(rf"{word}\s*(?::[^=\n]*)?=\s*None\b|{word}\s*:[^=\n]*(?:None|Optional)")
    return may_be.search(project.search.text(value.symbol.path)) is not None


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
