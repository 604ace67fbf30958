from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import AbandonedGenerator
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import (
    Edit,
    EnsureImport,
    Fix,
    RemoveStatement,
    ReplaceExpression,
    WrapRest,
)
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._drops import plan_drop

_WITH_ACLOSING = (3, 10)
"""The first Python whose `contextlib` has `aclosing`."""


class AbandonedIterator(Rule):
    """A generator around a stream that its caller leaves before the end.

    ## What it does
    Finds calls of generators of the project that hold a streamed response open between their items
    (`yield` inside of `async with client.stream(...)`, inside of `aconnect_sse(...)`, or between
    `send(..., stream=True)` and its close), and whose caller stops early: a loop that `break`, `return`
    or `raise` leaves, or a generator that is asked for single items (`anext`). A generator that passes
    on the items of such a one counts, too, and where it is left the loop in it is left as well. One that
    is handed on is left to whoever gets it, and a sync one that no variable holds is closed when its
    loop is left.

    ## Why is this bad?
    An async generator that is left runs its `finally` only when it is collected, and the loop then has to
    find time for it: a tick later at best, at the end of the function where a variable holds it, and as
    long as the object lives where an attribute does. Until then its connection is missing in the pool.

    ## Fix
    Puts the loop into `async with contextlib.aclosing(...)`, which closes the generator, and with it the
    response, wherever the loop is left. A sync generator gets `closing`. Where Python 3.9 is to be
    supported, which has no `aclosing`, a `finally` closes it. A generator that says that it returns an
    `AsyncIterator[str]`, which has no `aclose`, says `AsyncGenerator[str, None]` from then on.

    ## Fix safety
    Safe: the items are the same, and what the generator does at its end is done before the next statement.

    ## Refused when
    - ESCAPES: an attribute holds the generator, and nothing of the class closes it.
    - REBOUND: the variable is assigned again, or used outside of the block that makes the generator.
    - UNSUPPORTED_BINDING: an item is taken in the middle of a larger expression.
    - NAME_CLASH: a name that the rewrite needs is taken.

    ## References
    - https://docs.python.org/3/library/contextlib.html#contextlib.aclosing
    - https://peps.python.org/pep-0525/#finalization
    """

    code = "HXF306"
    name = "abandoned-iterator"
    order = 45

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:  # noqa: ARG002 - a stream needs no owner
        """Yield a diagnostic for every generator around a stream that is left before its end."""
        for one in project.streams.abandoned:
            yield self.diagnostic(one.anchor, _message(one), _plan(project, one))


def _message(one: AbandonedGenerator) -> str:
    until = f"for as long as `{one.kept}` holds it" if one.kept else "until it is collected"
    return f"`{one.callee}(...)` is left before its end, and keeps its stream open {until}"


def _plan(project: Project, one: AbandonedGenerator) -> Fix | Refusal:
    if one.obstacle is not None:
        return Refusal(one.obstacle.reason, one.obstacle.detail, one.path, one.obstacle.line)
    title = f"close `{one.callee}(...)` where it is left"
    typing = tuple(_iter_type_edits(project, one))
    if one.is_async and _runs_on_older(project, one.path):
        return _refuse_name(one) if not one.name else Fix(title, (*_iter_finally_edits(one), *typing))
    closing = "aclosing" if one.is_async else "closing"
    spelled = project.spelling_of(one.path, f"contextlib.{closing}")
    if not one.name or (spelled is None and project.uses_of(one.path, closing)):
        return _refuse_name(one)
    imports = [] if spelled is not None else [EnsureImport(one.path, "contextlib", closing)]
    return Fix(title, (*imports, *_iter_with_edits(one, spelled or closing), *typing))


def _refuse_name(one: AbandonedGenerator) -> Refusal:
    detail = "every name for the generator is taken" if not one.name else "the name of `aclosing` is taken"
    return Refusal(RefusalReason.NAME_CLASH, detail, one.path, one.anchor.start.line)


def _runs_on_older(project: Project, path: str) -> bool:
    """Answer whether the project says that it supports a Python that has no `aclosing`."""
    python = project.oldest_python(path)
    return python is not None and python[:2] < _WITH_ACLOSING


def _iter_with_edits(one: AbandonedGenerator, closing: str) -> Iterator[Edit]:
    """Yield the edits for a `with` block; a call of several lines stays out of its header."""
    prefix = "async with" if one.is_async else "with"
    is_short = "\n" not in one.code and (one.is_assigned or not one.kept)
    header = (
        f"{prefix} {closing}({one.code}) as {one.name}:" if is_short else f"{prefix} {closing}({one.name}):"
    )
    if one.kept and is_short:
        yield RemoveStatement(one.statement, is_moved=True)
    yield from _iter_block_edits(one, header, "", is_made=is_short)


def _iter_finally_edits(one: AbandonedGenerator) -> Iterator[Edit]:
    yield from _iter_block_edits(one, "try:", f"finally:\n    await {one.name}.aclose()", is_made=False)


def _iter_block_edits(one: AbandonedGenerator, header: str, footer: str, *, is_made: bool) -> Iterator[Edit]:
    """Yield the edits for a block around the uses, in whose header the generator `is_made`, or above it."""
    if not one.kept:
        yield ReplaceExpression(one.anchor, one.name)
        header = header if is_made else f"{one.name} = {one.code}\n{header}"
    yield WrapRest(one.first, one.last, footer, header)


def _iter_type_edits(project: Project, one: AbandonedGenerator) -> Iterator[Edit]:
    """Yield the edits by which a generator says that it can be closed."""
    typed = one.typed
    if typed is None:
        return
    if not typed.library:
        yield ReplaceExpression(typed.anchor, typed.code)
        return
    spelled = project.spelling_of(typed.anchor.path, f"{typed.library}.{typed.name}")
    yield ReplaceExpression(typed.anchor, typed.code.replace(typed.name, spelled or typed.name, 1))
    if spelled is None:
        yield EnsureImport(typed.anchor.path, typed.library, typed.name)
    yield plan_drop(project, typed.anchor.path, typed.before)
