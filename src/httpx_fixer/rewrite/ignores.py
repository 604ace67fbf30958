"""Comments that silence what a report holds, written to where it is."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.patterns import compile_later
from httpx_fixer.report import FileChange, Report
from httpx_fixer.source import SourceFile
from httpx_fixer.values import dataclass

_OWN = compile_later(r"#\s*httpx-fixer:\s*ignore\s*\[(?P<words>[^\]]*)\]", re.IGNORECASE)
_FSTRING_START = getattr(tokenize, "FSTRING_START", -1)
_FSTRING_END = getattr(tokenize, "FSTRING_END", -1)


@dataclass(frozen=True, slots=True)
class Silenced:
    """The files with their comments, and the diagnostics that no comment on a line can silence."""

    changes: tuple[FileChange, ...]
    left: tuple[Diagnostic, ...]


def add_ignores(report: Report, reason: str) -> Silenced:
    """Silence every diagnostic of a report by a comment on a line of its site.

    Where such a comment is there already it takes the code in; its own reason stays.
    """
    changes: list[FileChange] = []
    left: list[Diagnostic] = []
    by_path: dict[str, list[Diagnostic]] = {}
    for diagnostic in report.diagnostics:
        by_path.setdefault(diagnostic.anchor.path, []).append(diagnostic)
    for path, diagnostics in by_path.items():
        source = SourceFile(path, report.sources[path])
        codes, stuck = _assign(_find_closed_lines(source), diagnostics)
        after = _write_codes(source, codes, " ".join(reason.split()))
        if _read_code(source) == _read_code(SourceFile(path, after)):
            changes.append(FileChange(path, source.data, after))
            left += stuck
        else:
            left += diagnostics
    return Silenced(tuple(change for change in changes if change.before != change.after), tuple(left))


def _assign(
    closed: frozenset[int], diagnostics: Iterable[Diagnostic]
) -> tuple[dict[int, set[str]], list[Diagnostic]]:
    """Return the codes to be silenced on each line, `{line: codes}`, and what has no line for it."""
    codes: dict[int, set[str]] = {}
    stuck = []
    for diagnostic in diagnostics:
        lines = range(diagnostic.anchor.start.line, diagnostic.anchor.end.line + 1)
        line = next((line for line in lines if line not in closed), None)
        if line is None:
            stuck.append(diagnostic)
        else:
            codes.setdefault(line, set()).add(diagnostic.code)
    return codes, stuck


def _find_closed_lines(source: SourceFile) -> frozenset[int]:
    """Return the lines that can take no comment: a string or a backslash runs on at their end."""
    closed = {at for at, line in enumerate(source.lines, start=1) if line.endswith("\\")}
    for first, last in _iter_strings(source):
        closed.update(range(first, last))
    return frozenset(closed)


def _iter_strings(source: SourceFile) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of each string."""
    begun: list[int] = []
    for token in _iter_tokens(source):
        if token.type == tokenize.STRING:
            yield token.start[0], token.end[0]
        elif token.type == _FSTRING_START:
            begun.append(token.start[0])
        elif token.type == _FSTRING_END:
            yield begun.pop(), token.end[0]


def _iter_tokens(source: SourceFile) -> Iterator[tokenize.TokenInfo]:
    text = "".join(f"{line}\n" for line in source.lines)
    return tokenize.generate_tokens(io.StringIO(text).readline)


def _read_code(source: SourceFile) -> list[str]:
    """Return the tokens of a file without its comments: adding some is to change none of them."""
    return [token.string for token in _iter_tokens(source) if token.type != tokenize.COMMENT]


def _write_codes(source: SourceFile, codes: dict[int, set[str]], reason: str) -> bytes:
    lines = list(source.whole_lines)
    for line, wanted in codes.items():
        text = lines[line - 1].rstrip("\r\n")
        ending = lines[line - 1][len(text) :]
        lines[line - 1] = _silence(text, wanted, reason) + ending
    return "".join(lines).encode(source.encoding)


def _silence(text: str, codes: set[str], reason: str) -> str:
    found = _OWN.search(text)
    if found is None:
        return f"{text.rstrip()}  # httpx-fixer: ignore[{', '.join(sorted(codes))}] {reason}".rstrip()
    words = [word.strip() for word in found["words"].split(",") if word.strip()]
    words += sorted(codes.difference(words))
    return text[: found.start("words")] + ", ".join(words) + text[found.end("words") :]
