"""The one place where user files are parsed for reading."""

from __future__ import annotations

import ast
import re
import sys
import warnings

from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Skip, SkipReason, SourceFile
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree of a file; `is_newer` says that the running Python could not compile it."""

    tree: ast.Module
    is_newer: bool = False


def parse(source: SourceFile) -> Parsed | Skip:
    """Parse one file; anything wrong with it is a `Skip`, never an exception."""
    if b"\0" in source.data:
        line = source.data[: source.data.index(b"\0")].count(b"\n") + 1
        return Skip(source.path, SkipReason.NUL_BYTE, f"NUL byte on line {line}")
    try:
        text = source.text
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        return Skip(source.path, SkipReason.BAD_ENCODING, str(error))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Parsed(ast.parse(text, filename=source.path))
    except SyntaxError as error:
        return _parse_newer(text) or _skip_for(source, error)
    except (RecursionError, MemoryError):
        return Skip(source.path, SkipReason.TOO_DEEP, "nested deeper than Python's parser allows")
    except ValueError as error:
        return Skip(source.path, SkipReason.SYNTAX_ERROR, str(error))


def _parse_newer(text: str) -> Parsed | None:
    """Return what there is in a module that is written for a newer Python than the running one."""
    if not any(pattern.search(text) for _, pattern in _SYNTAX_SINCE):
        return None
    from httpx_fixer.respelling import respell  # noqa: PLC0415

    respelt = respell(text)
    return None if respelt is None else Parsed(respelt.tree, is_newer=True)


def _skip_for(source: SourceFile, error: SyntaxError) -> Skip:
    """Tell a mistake from a syntax that only a newer Python has."""
    detail = f"line {error.lineno}: {error.msg}"
    line = ""
    if error.lineno is not None and 0 < error.lineno <= len(source.lines):
        line = source.lines[error.lineno - 1]
    for version, pattern in _SYNTAX_SINCE:
        if sys.version_info < version and pattern.search(line):
            wanted = ".".join(map(str, version))
            return Skip(source.path, SkipReason.NEWER_SYNTAX, f"{detail}; run under Python {wanted} or newer")
    return Skip(source.path, SkipReason.SYNTAX_ERROR, detail)


_SYNTAX_SINCE: tuple[tuple[tuple[int, int], re.Pattern[str]], ...] = (
    ((3, 12), compile_later(r"^\s*type\s+\w+.*=|^\s*(?:async\s+)?(?:def|class)\s+\w+\[", re.MULTILINE)),
    ((3, 12), compile_later(r"""\b[fF][rR]?["'].*\{""")),
    ((3, 14), compile_later(r"^\s*except\*?\s+[\w.]+\s*,", re.MULTILINE)),
    ((3, 14), compile_later(r"""(?<![\w])[tT][rR]?["']""")),
    ((3, 15), compile_later(r"^\s*lazy\s+(?:import|from)\b")),
)
"""Per syntax: the version that brought it, and what the offending line looks like.

PEP 695 (3.12), PEP 701 f-strings (3.12), PEP 758 and PEP 750 (3.14), PEP 810 (3.15).
"""
