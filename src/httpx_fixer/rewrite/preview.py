"""What one fix changes on top of others, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterable

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import CreateFile, Edit, path_of
from httpx_fixer.report import FileChange
from httpx_fixer.rewrite.apply import AnchorLost, EditsClash, apply_edits
from httpx_fixer.rewrite.sources import Sources
from httpx_fixer.source import Skip


def preview(sources: Sources, accepted: Iterable[Diagnostic], fix: Diagnostic) -> tuple[FileChange, ...]:
    """Return what the files that a fix touches will be with it, and what they are with `accepted` alone.

    Nothing is verified. A file whose edits do not fit together is left out: one of the fixes waits
    for a later round then.
    """
    assert fix.fix is not None
    before = tuple(dict.fromkeys(edit for one in accepted if one.fix is not None for edit in one.fix.edits))
    after = tuple(dict.fromkeys((*before, *fix.fix.edits)))
    changes = []
    for path in fix.fix.paths:
        old, new = (_apply(sources, path, edits) for edits in (before, after))
        if new is not None and old != new:
            changes.append(FileChange(path, old, new))
    return tuple(changes)


def _apply(sources: Sources, path: str, edits: Iterable[Edit]) -> bytes | None:
    here = [edit for edit in edits if path_of(edit) == path]
    original = sources.original(path)
    for edit in here:
        if isinstance(edit, CreateFile):
            return edit.code.encode()
    if original is None or not here:
        return original
    try:
        made = apply_edits(
            path, original, [edit for edit in here if not isinstance(edit, CreateFile)], sources.first_party
        )
    except (AnchorLost, EditsClash):
        return original
    return original if isinstance(made, Skip) else made
