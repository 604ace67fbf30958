"""Run a statement at the end of a `finally` clause."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import AddToFinally
from httpx_fixer.rewrite.passage import build_block, join_passages, read_suite
from httpx_fixer.rewrite.snippets import Snippets

TryStatement = cst.Try | cst.TryStar


def add_to_finally(edit: AddToFinally, updated: TryStatement, snippets: Snippets) -> TryStatement:
    """Return the try statement with the code last in its `finally`, which is added where it has none."""
    code = snippets.passage(edit.code)
    if updated.finalbody is None:
        return updated.with_changes(finalbody=cst.Finally(build_block(code)))
    suite = updated.finalbody.body
    block = build_block(join_passages([read_suite(suite), code]), suite)
    return updated.with_changes(finalbody=updated.finalbody.with_changes(body=block))
