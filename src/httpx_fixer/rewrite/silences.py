"""Comments by which an import tells linters that nothing in its module reads it."""

from __future__ import annotations

import re

import libcst as cst

from httpx_fixer.patterns import compile_later
from httpx_fixer.rewrite.lines import collect_comments

UNUSED = "F401"
_CODES = compile_later(r"(?i)#\s*noqa\s*:\s*([A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)")
_NOQA = compile_later(r"(?i)#\s*noqa\b")
_PYLINT = compile_later(r"pylint:\s*disable=[\w\s,-]*\b(?:unused-import|W0611)\b")


def is_told(line: cst.SimpleStatementLine) -> bool:
    """Answer whether a comment in a line of imports says that one may be unused."""
    comments = collect_comments(*line.body, line.trailing_whitespace)
    return any(_tells(comment.comment.value) for comment in comments if comment.comment)


def tell(comment: cst.Comment | None, reason: str) -> cst.Comment:
    """Return a comment that says so, after what is said already."""
    said = comment.value if comment else ""
    codes = _CODES.search(said)
    if codes is None:
        return cst.Comment(f"{said}{'  ' if said else ''}# noqa: {UNUSED} - {reason}")
    rest = said[codes.end() :].rstrip() or f" - {reason}"
    return cst.Comment(f"{said[: codes.end()]}, {UNUSED}{rest}")


def without_silence(line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    """Return the line without a comment that does nothing but silence linters about it."""
    comment = line.trailing_whitespace.comment
    if comment is None or not _CODES.fullmatch(comment.value.rstrip()):
        return line
    end = line.trailing_whitespace.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
    return line.with_changes(trailing_whitespace=end)


def _tells(comment: str) -> bool:
    codes = _CODES.search(comment)
    if codes is not None:
        return any(UNUSED.startswith(code) for code in re.split(r"[,\s]+", codes[1].upper()))
    return _NOQA.search(comment) is not None or _PYLINT.search(comment) is not None
