"""The edits that close a streamed response."""

from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.stream_facts import (
    CloseBelow,
    ExtendTry,
    GuardUses,
    StackUses,
    StreamCover,
    StreamedBody,
    StreamOpening,
    TaskedSends,
    WrapUses,
)
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import (
    AddToFinally,
    Edit,
    EnsureImport,
    InsertStatements,
    RemoveStatement,
    ReplaceExpression,
    WrapRest,
)
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class OpenStream:
    """What a name holds open below the statement that ends at `opening`, and where its close goes."""

    name: str
    opening: Anchor
    cover: StreamCover | None
    is_async: bool
    is_typed: bool


def has_generics(project: Project, path: str) -> bool:
    """Answer whether a file runs only where `AsyncIterator[bytes]` can be said: on Python 3.9 and later."""
    python = project.oldest_python(path)
    return python is None or python >= (3, 9)


def iter_close_edits(
    name: str, cover: StreamCover, *, is_async: bool, is_shielded: bool = False
) -> Iterator[Edit]:
    """Yield the edits that close the response which a name holds where its cover says.

    `is_shielded` closes it to the end though the task is cancelled once more meanwhile.
    """
    close = f"await {name}.aclose()" if is_async else f"{name}.close()"
    if is_shielded:
        close = f"await asyncio.shield({name}.aclose())"
        yield EnsureImport(_path_of(cover), "asyncio")
    match cover:
        case WrapUses():
            yield WrapRest(cover.first, cover.last, f"finally:\n    {_asking_first(name, cover, close)}")
        case GuardUses():
            guarded = _asking_first(name, cover, close)
            yield WrapRest(cover.first, cover.last, f"except BaseException:\n    {guarded}\n    raise")
            for early in cover.early:
                yield InsertStatements(early, "before", close)
        case ExtendTry():
            yield AddToFinally(cover.anchor, close)
        case CloseBelow():
            yield InsertStatements(cover.anchor, "after", close)
        case StackUses():
            yield from _iter_stack_edits(name, cover, is_async=is_async)
    if cover.dropped is not None:
        yield RemoveStatement(cover.dropped)


def _iter_stack_edits(name: str, cover: StackUses, *, is_async: bool) -> Iterator[Edit]:
    kind, keyword = ("AsyncExitStack", "async with") if is_async else ("ExitStack", "with")
    empty = f"await {cover.stack}.aclose()" if is_async else f"{cover.stack}.close()"
    push = f"push_async_callback({name}.aclose)" if is_async else f"callback({name}.close)"
    yield EnsureImport(cover.first.path, "contextlib", kind)
    yield WrapRest(cover.first, cover.last, "", f"{keyword} {kind}() as {cover.stack}:")
    if cover.repeats:
        yield InsertStatements(cover.renewed, "before", empty)
    yield InsertStatements(cover.renewed, "after", f"{cover.stack}.{push}")


def iter_block_edits(opening: StreamOpening, cover: StreamCover) -> Iterator[Edit]:
    """Yield the edits that enter a response by a `with` block in place of a `send` and a close."""
    assert isinstance(cover, WrapUses)
    for anchor in opening.removed:
        yield RemoveStatement(anchor, is_moved=True)
    yield WrapRest(cover.first, cover.last, "", opening.header)
    if cover.dropped is not None:
        yield RemoveStatement(cover.dropped)


def iter_task_edits(tasks: TaskedSends) -> Iterator[Edit]:
    """Yield the edits by which every response is closed that one of some tasks returns.

    A task that has not ended then is cancelled: it may open its response later, and nobody would see it.
    """
    if not tasks.library:
        yield EnsureImport(tasks.first.path, "asyncio")
    for replacement in tasks.replaced:
        yield ReplaceExpression(replacement.anchor, replacement.code, is_moved=bool(tasks.above))
    library = tasks.library or "asyncio"
    cancel = f"    for {tasks.task} in {tasks.holder}:\n        {tasks.task}.cancel()\n"
    given = f"*{tasks.holder}"
    if tasks.is_single:
        cancel, given = f"    {tasks.holder}.cancel()\n", tasks.holder
    footer = (
        f"finally:\n{cancel}"
        f"    for {tasks.result} in await {library}.gather({given}, return_exceptions=True):\n"
        f"        if not isinstance({tasks.result}, BaseException):\n"
        f"            await {tasks.result}.aclose()\n"
    )
    header = f"{tasks.above}\ntry:" if tasks.above else "try:"
    yield WrapRest(tasks.first, tasks.last, footer, header)


def _path_of(cover: StreamCover) -> str:
    return cover.first.path if isinstance(cover, WrapUses | GuardUses | StackUses) else cover.anchor.path


def _asking_first(name: str, cover: WrapUses | GuardUses, close: str) -> str:
    return f"if {name} is not None:\n        {close}" if cover.may_be_none else close


def find_clash(bodies: tuple[StreamedBody, ...]) -> Refusal | None:
    """Return a refusal where a generator is needed for a body and no name for it is free."""
    for body in bodies:
        if not body.parameter and not (body.name and body.item):
            anchor = body.given
            detail = "every name for the generator is taken"
            return Refusal(RefusalReason.NAME_CLASH, detail, anchor.path, anchor.start.line)
    return None


def iter_body_edits(body: StreamedBody, stream: OpenStream) -> Iterator[Edit]:
    """Yield the edits by which the generator of a body closes the response, or becomes one."""
    if body.is_closed:
        return
    if body.cover is not None:
        yield from iter_close_edits(
            body.parameter, body.cover, is_async=stream.is_async, is_shielded=body.is_cancelled_twice
        )
        return
    if stream.is_typed and body.item_type:
        kind = "AsyncIterator" if stream.is_async else "Iterator"
        yield EnsureImport(body.given.path, "collections.abc", kind)
    code = write_generator(body, stream)
    if begins_guard(body, stream.cover):
        yield InsertStatements(stream.opening, "after", f"\n{code}")
    else:
        yield InsertStatements(body.statement, "before", f"\n{code}\n")
    yield ReplaceExpression(body.given, f"{body.name}()")


def begins_guard(body: StreamedBody, cover: StreamCover | None) -> bool:
    """Answer whether the guard begins with the statement that sends the body."""
    return isinstance(cover, GuardUses) and cover.first == body.statement


def write_generator(body: StreamedBody, stream: OpenStream) -> str:
    """Write a generator that passes a body on and closes its response."""
    prefix, close = ("async ", "await {}.aclose()") if stream.is_async else ("", "{}.close()")
    kind = "AsyncIterator" if stream.is_async else "Iterator"
    returned = f" -> {kind}[{body.item_type}]" if stream.is_typed and body.item_type else ""
    return (
        f"{prefix}def {body.name}(){returned}:\n"
        f"    try:\n"
        f"        {prefix}for {body.item} in {body.code}:\n"
        f"            yield {body.item}\n"
        f"    finally:\n"
        f"        {close.format(stream.name)}\n"
    )
