"""Put statements of a block into a block of their own."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import WrapRest
from httpx_fixer.rewrite.lines import split_blank_prefix
from httpx_fixer.rewrite.passage import Passage, build_block, deepen
from httpx_fixer.rewrite.snippets import Snippets


def wrap_rest(edit: WrapRest, updated: Passage, snippets: Snippets) -> Passage:
    """Return the compound statement; comments above the first statement move into it with the rest."""
    blanks, comments = split_blank_prefix(updated.leading_lines)
    *above, shell = snippets.passage(f"{edit.header}\n    pass\n{edit.footer}").statements
    assert isinstance(shell, cst.BaseCompoundStatement)
    inner = deepen(updated.with_leading_lines(comments), snippets.indent)
    block = shell.with_changes(body=build_block(inner, shell.body))
    return Passage((*above, block)).with_leading_lines(blanks)
