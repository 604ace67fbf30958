"""What no edit touches is folded away and comes back byte for byte."""

from __future__ import annotations

import ast

import pytest

from httpx_fixer.fix import AddArgument, AnchoredEdit, EnsureImport, ImportEdit, InsertStatements
from httpx_fixer.rewrite.apply import apply_edits
from httpx_fixer.rewrite.folding import fold

from .anchoring import PATH, anchor_of

FILE = """\
import os


def first():
    return 1


# above
@cached
def second( a,b ):   # odd
    '''text
'''
    return  {  'a':1 }
    # foot

  # deeper foot


class Third:

    x = 1


last(1)
"""


def test_all_but_the_first_definition_and_what_is_touched_is_folded() -> None:
    folded = fold(FILE.encode(), ast.parse(FILE), [(21, 21)])
    assert [text.split(b"\n")[0] for text in folded.texts] == [b"@cached"]
    assert folded.unfold(folded.data) == FILE.encode()


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
@pytest.mark.parametrize("tail", ["", "\n"])
def test_folded_file_is_written_back_with_its_edit(ending: str, encoding: str, tail: str) -> None:
    head = "# coding: latin-1\nname = 'ü'\n" if encoding == "latin-1" else "name = 'ü'\n"
    source = (head + FILE.replace("text", "té").rstrip() + "\n\n\ndef end():\n    pass" + tail).replace(
        "\n", ending
    )
    anchor = anchor_of(source, "Call")
    edits: list[AnchoredEdit | ImportEdit] = [AddArgument(anchor, "k", "2"), EnsureImport(PATH, "os", None)]
    result = apply_edits(PATH, source.encode(encoding), edits)
    assert result == source.replace("last(1)", "last(1, k=2)").encode(encoding)


def test_definition_between_two_touched_lines_stays() -> None:
    assert not fold(FILE.encode(), ast.parse(FILE), [(1, 26)]).texts


@pytest.mark.parametrize("odd", ["\f", "x = '_folded_'\n", "y = 1\r"])
def test_file_with_odd_lines_is_not_folded(odd: str) -> None:
    code = FILE + odd
    assert fold(code.encode(), ast.parse(code), []).data == code.encode()


def test_statement_next_to_a_folded_one_keeps_its_lines() -> None:
    anchor = anchor_of(FILE, "Expr", 1)
    result = apply_edits(PATH, FILE.encode(), [InsertStatements(anchor, "before", "new()\n")])
    assert result == FILE.replace("last(1)", "new()\nlast(1)").encode()
