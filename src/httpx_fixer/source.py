"""Source files as bytes, and addresses in them."""

from __future__ import annotations

import io
import tokenize
from enum import Enum
from functools import cached_property

from httpx_fixer.patterns import compile_later
from httpx_fixer.values import dataclass

_WHOLE_LINE = compile_later(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file: `line` counts from 1, `column` from 0 and in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Anchor:
    """The address of one node of an original file.

    `kind` is the name that the standard library's `ast` gives to the node ("Call", "AsyncWith",
    "Expr", ...), or "Comment". `path` is relative to the root of the run and uses `/`. `end` is exclusive.
    Parentheses around an expression are outside of it, decorators are outside of a function.
    """

    path: str
    kind: str
    start: Position
    end: Position


class SkipReason(Enum):
    """Why a whole file was not read. Each member is documented under it."""

    UNREADABLE = "UNREADABLE"
    """The operating system did not let us read the file (permissions, a broken link, an I/O error)."""
    NOT_A_FILE = "NOT_A_FILE"
    """The name ends in `.py` and is a directory, a socket or a device."""
    SYNTAX_ERROR = "SYNTAX_ERROR"
    """Python itself does not parse the file."""
    NEWER_SYNTAX = "NEWER_SYNTAX"
    """The file is written for a newer Python, in a way that cannot be respelt for the running one; run
    httpx-fixer under that version."""
    NUL_BYTE = "NUL_BYTE"
    """The file holds a NUL byte, which no Python source may."""
    BAD_ENCODING = "BAD_ENCODING"
    """The bytes are not in the encoding that the file declares, or the declaration is unknown."""
    TOO_DEEP = "TOO_DEEP"
    """An expression is nested deeper than the parser's recursion limit."""
    TOO_LARGE = "TOO_LARGE"
    """The file is larger than `max_file_size` bytes; such files are generated data."""
    ROUND_TRIP = "ROUND_TRIP"
    """libcst would not write the file back byte for byte (a form feed, for example)."""


@dataclass(frozen=True, slots=True, order=True)
class Skip:
    """A file that was not read; `path` relative to the root, `detail` for people."""

    path: str
    reason: SkipReason
    detail: str


class SourceFile:
    """One Python file: its bytes as they are on disk, and the text that they decode to.

    Raises `UnicodeDecodeError` or `SyntaxError` (an unknown or contradictory encoding cookie) from
    `encoding` and `text`. Lines are split as Python's tokenizer does: at LF, CRLF and lone CR.
    """

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def encoding(self) -> str:
        """The encoding that the file declares (PEP 263), `utf-8-sig` where a BOM stands."""
        return tokenize.detect_encoding(io.BytesIO(self.data).readline)[0]

    @cached_property
    def text(self) -> str:
        """The decoded text without a BOM; line endings as they are."""
        return self.data.decode(self.encoding)

    @cached_property
    def newline(self) -> str:
        """The first line ending of the file, `\\n` where there is none."""
        at = self.text.find("\n")
        if at > 0 and self.text[at - 1] == "\r":
            return "\r\n"
        return "\n" if at >= 0 or "\r" not in self.text else "\r"

    @cached_property
    def lines(self) -> list[str]:
        """The text line by line, without line endings; line 1 is at index 0."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    @cached_property
    def whole_lines(self) -> list[str]:
        """The text line by line, with line endings; joined, they are the text."""
        return _WHOLE_LINE.findall(self.text)

    def position(self, line: int, utf8_column: int) -> Position:
        """Convert the `lineno` and `col_offset` of `ast` (UTF-8 bytes) into characters."""
        text = self.lines[line - 1]
        if text.isascii():
            return Position(line, utf8_column)
        return Position(line, len(text.encode()[:utf8_column].decode(errors="ignore")))
