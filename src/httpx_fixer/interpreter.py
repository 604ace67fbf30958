"""How the Python that runs us is set for reading many syntax trees."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CALLS = 10_000
"""Calls inside of one another: 480 levels of a tree (the scope builder sees to that), at up to twelve
calls a level in `ast.unparse`, and room for us. Python's own 1,000 would end such a run."""


@contextmanager
def set_for_trees() -> Iterator[None]:
    """Let no garbage collection run and calls nest deeper, until the block ends.

    Trees hold no circles, and each collection walks all of them: without, a run takes a tenth to a
    fifth less time and the same memory.
    """
    was_enabled, depth = gc.isenabled(), sys.getrecursionlimit()
    gc.disable()
    sys.setrecursionlimit(max(depth, _CALLS))
    try:
        yield
    finally:
        sys.setrecursionlimit(depth)
        if was_enabled:
            gc.enable()
