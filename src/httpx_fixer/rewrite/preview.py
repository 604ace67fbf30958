"""What one fix changes on top of others, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterable

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import path_of
from httpx_fixer.report import FileChange
from httpx_fixer.rewrite.settle import apply_unverified
from httpx_fixer.rewrite.sources import Sources


def preview(sources: Sources, accepted: Iterable[Diagnostic], fix: Diagnostic) -> tuple[FileChange, ...]:
    """Return what the files that a fix touches will be with it, and what they are with `accepted` alone.

    Nothing is verified. A file whose edits do not fit together is left out: one of the fixes waits
    for a later round then.
    """
    assert fix.fix is not None
    paths = set(fix.fix.paths)
    fixes = (one.fix for one in accepted if one.fix is not None)
    before = [edit for one in fixes for edit in one.edits if path_of(edit) in paths]
    old, new = (apply_unverified(edits, sources) for edits in (before, [*before, *fix.fix.edits]))
    changes = (
        FileChange(path, old.get(path, sources.original(path)), after) for path, after in sorted(new.items())
    )
    return tuple(change for change in changes if change.before != change.after)
