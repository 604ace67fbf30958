"""The line of code that a diagnostic is about, with the site marked below it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from httpx_fixer.source import Anchor, SourceFile

_LONGEST = 120
"""Characters of a line that are shown, at most; of a longer one those around the site."""
_LEAD = 30
"""Characters before the site that are shown where the line is cut."""
_TAB = "    "


def iter_excerpt(source: SourceFile, anchor: Anchor) -> Iterator[str]:
    """Yield a line of code with its number, and one with marks; nothing where there is no such line.

    Of a site over several lines the first one is shown, and `...` after it. What a terminal would
    not show as one column (tabs, wide letters, control characters) does not shift the marks.
    """
    try:
        lines = source.lines
    except (SyntaxError, UnicodeError):
        return
    if anchor.start.line > len(lines):
        return
    line, start = lines[anchor.start.line - 1], anchor.start.column
    is_whole = anchor.end.line == anchor.start.line
    end = anchor.end.column if is_whole else len(line.rstrip())
    first = max(0, start - _LEAD) if len(line) > _LONGEST else 0
    shown = line[first : first + _LONGEST].rstrip()
    head = "..." if first else ""
    tail = "" if first + _LONGEST >= len(line) else "..."
    before, marked = shown[: start - first], shown[start - first : end - first]
    number = str(anchor.start.line)
    more = "" if is_whole else " ..."
    marks = "^" * max(_width(_clean(marked)), 1)
    yield f"  {number} | {head}{_clean(shown)}{tail}"
    yield f"  {' ' * len(number)} | {' ' * (len(head) + _width(_clean(before)))}{marks}{more}"


def _clean(text: str) -> str:
    text = text.replace("\t", _TAB)
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{MIDDLE DOT}" for c in text)


def _width(text: str) -> int:
    """Return how many columns a terminal gives to a text."""
    if text.isascii():
        return len(text)
    return sum(_width_of(character) for character in text)


def _width_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
