from __future__ import annotations

import libcst as cst
import pytest

from httpx_fixer.rewrite.passage import Passage, build_block
from httpx_fixer.rewrite.snippets import Snippets

CODE = "\n\n# about f\ndef f():\n    if a:\n        b(\n            1,\n        )\n\n    return c\n"


def _write(passage: Passage, snippets: Snippets) -> str:
    module = cst.Module(
        passage.statements,
        footer=passage.after,
        default_indent=snippets.indent,
        default_newline=snippets.newline,
    )
    return module.code


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["    ", "  ", "\t"])
def test_code_takes_on_the_file_s_white_space(indent: str, newline: str) -> None:
    snippets = Snippets(indent, newline)
    expected = CODE.replace("    ", indent).replace("\n", newline)
    assert _write(snippets.passage(CODE), snippets) == expected


def test_blank_lines_do_not_become_blanks_in_a_block() -> None:
    snippets = Snippets()
    block = cst.If(cst.Name("x"), build_block(snippets.passage(CODE)))
    lines = _write(Passage((block,)), snippets).splitlines()
    assert [line for line in lines if not line.strip()] == [""] * 3


def test_expression_over_several_lines_takes_on_the_indentation() -> None:
    snippets = Snippets("\t")
    expression = snippets.expression("  f(\n    1,\n)  ")
    assert cst.Module([]).code_for_node(expression) == "f(\n\t1,\n)"


def test_comments_without_code_are_lines() -> None:
    passage = Snippets().passage("# a\n\n# b")
    assert not passage.statements
    assert len(passage.after) == 3


@pytest.mark.parametrize("code", ["await f()", "return 1", "yield", "continue"])
def test_statements_need_not_stand_in_a_function(code: str) -> None:
    assert _write(Snippets().passage(code), Snippets()) == f"{code}\n"


def test_code_that_does_not_parse_raises() -> None:
    with pytest.raises(cst.ParserSyntaxError):
        Snippets().passage("a b")
