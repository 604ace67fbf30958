"""The code of edits as nodes, in the indentation and the line endings of the file they go to."""

from __future__ import annotations

import re

import libcst as cst

from httpx_fixer.patterns import compile_later
from httpx_fixer.rewrite.passage import Passage, detach
from httpx_fixer.values import dataclass

_INDENTATION = compile_later(r"^(?: {4})+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Snippets:
    """Reads code that rules wrote, with LF and four blanks a level, for one file.

    `indent` is one level of that file's indentation, `newline` its line ending. Code that does not
    parse is our own mistake and raises `libcst.ParserSyntaxError`.
    """

    indent: str = "    "
    newline: str = "\n"

    @property
    def config(self) -> cst.PartialParserConfig:
        """What makes libcst take white space as that of the file."""
        return cst.PartialParserConfig(default_indent=self.indent, default_newline=self.newline)

    def expression(self, code: str) -> cst.BaseExpression:
        """Parse one expression."""
        return cst.parse_expression(self._localize(code.strip()), config=self.config)

    def passage(self, code: str) -> Passage:
        """Parse statements; blank lines and comments around them are kept."""
        if not code.endswith("\n"):
            code += "\n"
        module = cst.parse_module(self._localize(code), config=self.config)
        if not module.body:
            return detach(Passage((), (*module.header, *module.footer)))
        passage = Passage(tuple(module.body), tuple(module.footer))
        return detach(passage.with_leading_lines((*module.header, *passage.leading_lines)))

    def compound(self, code: str) -> cst.BaseCompoundStatement:
        """Parse one compound statement."""
        (statement,) = self.passage(code).statements
        assert isinstance(statement, cst.BaseCompoundStatement)
        return statement

    def _localize(self, code: str) -> str:
        code = code.replace("\r\n", "\n")
        if self.indent != "    ":
            code = _INDENTATION.sub(lambda match: self.indent * (len(match[0]) // 4), code)
        return code.replace("\n", self.newline)
