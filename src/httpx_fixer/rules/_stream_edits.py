"""The edits that close a streamed response."""

from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.stream_facts import (
    CloseBelow,
    ExtendTry,
    GuardUses,
    StreamCover,
    WrapUses,
)
from httpx_fixer.fix import AddToFinally, Edit, InsertStatements, RemoveStatement, WrapRest


def iter_close_edits(name: str, cover: StreamCover, *, is_async: bool) -> Iterator[Edit]:
    """Yield the edits that close the response which a name holds where its cover says."""
    close = f"await {name}.aclose()" if is_async else f"{name}.close()"
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
    if cover.dropped is not None:
        yield RemoveStatement(cover.dropped)


def _asking_first(name: str, cover: WrapUses | GuardUses, close: str) -> str:
    return f"if {name} is not None:\n        {close}" if cover.may_be_none else close
