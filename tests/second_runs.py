"""What a second run may tell that finds the result of a first one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.rewrite.plan import is_applicable

_PER_CALL = {"HXF101", "HXF110"}


def check_second_run(
    first: Sequence[Diagnostic],
    again: Sequence[Diagnostic],
    gist: Callable[[Diagnostic], Hashable],
    *,
    unsafe_fixes: bool,
) -> None:
    """Assert that it tells of what the first run left, by what `gist` says of a diagnostic, and no more.

    What nothing can own is closed by a block of its own, and is built on each call from then on: one
    refusal for each.
    """
    left = [d for d in first if not is_applicable(d.fix, unsafe_fixes=unsafe_fixes)]
    closed = [d.anchor.path for d in first if d.code == "HXF104" and d.fix is not None and not d.fix.supply]
    found = [d for d in again if d.code not in _PER_CALL or d.anchor.path not in closed]
    new = [d for d in again if d not in found]
    kept = [d for d in left if d.code in _PER_CALL and d.anchor.path in closed]
    assert all(d.refusal is not None for d in new)
    assert len(new) == len(closed) + len(kept)
    assert Counter(map(gist, found)) == Counter(map(gist, left)) - Counter(map(gist, kept))
