"""Remove a statement and keep what was written about it."""

from __future__ import annotations

from httpx_fixer.rewrite.lines import collect_comments
from httpx_fixer.rewrite.passage import Passage


def remove_statement(updated: Passage) -> Passage:
    """Return the lines above the statement, then the comments in it and behind it, each on a line."""
    bare = [statement.with_changes(leading_lines=()) for statement in updated.statements]
    inner = collect_comments(*bare)
    return Passage((), (*updated.leading_lines, *inner, *updated.after))
