"""Put a statement into a block."""

from __future__ import annotations

from httpx_fixer.fix import WrapStatement
from httpx_fixer.rewrite.lines import split_blank_prefix
from httpx_fixer.rewrite.passage import Passage, build_block, deepen
from httpx_fixer.rewrite.snippets import Snippets


def wrap_statement(edit: WrapStatement, updated: Passage, snippets: Snippets) -> Passage:
    """Return the block; comments above the statement move into it, blank lines stay above it."""
    blanks, comments = split_blank_prefix(updated.leading_lines)
    shell = snippets.compound(f"{edit.header}\n    pass\n")
    inner = deepen(updated.with_leading_lines(comments), snippets.indent)
    return Passage((shell.with_changes(leading_lines=blanks, body=build_block(inner, shell.body)),))
