"""Remove a statement and keep what was written about it."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.rewrite.lines import collect_comments
from httpx_fixer.rewrite.passage import Passage


def remove_statement(updated: Passage, *, is_moved: bool = False) -> Passage:
    """Return the lines above the statement, then the comments in it and behind it, each on a line."""
    bare = [statement.with_changes(leading_lines=()) for statement in updated.statements]
    if is_moved:
        ends = [line.trailing_whitespace for line in bare if isinstance(line, cst.SimpleStatementLine)]
        freed = collect_comments(*ends)
    else:
        freed = collect_comments(*bare)
    return Passage((), (*updated.leading_lines, *freed, *updated.after))
