"""Where the user asked for silence: comments in a file, and `per-file-ignores` in the settings."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Callable, Iterator
from contextlib import suppress

from httpx_fixer.analysis.listing import compile_globs
from httpx_fixer.analysis.suppression_facts import ALL, END, Request
from httpx_fixer.patterns import compile_later
from httpx_fixer.settings import FAMILY, Settings, is_matched
from httpx_fixer.source import SourceFile
from httpx_fixer.values import dataclass

_HINT = compile_later(rb"httpx-fixer|noqa[^\n]*\b" + FAMILY.encode() + rb"[0-9]", re.IGNORECASE)
_OWN = compile_later(
    r"#\s*httpx-fixer:\s*ignore(?:-(?P<scope>file|block))?(?![\w-])(?:\s*\[(?P<words>[^\]]*)\])?", re.I
)
_NOQA = compile_later(r"#\s*noqa\s*:\s*(?P<words>[a-z]+[0-9]+(?:[\s,]+[a-z]+[0-9]+)*)", re.IGNORECASE)
_WORD = compile_later(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What is silenced in one file by its comments, in their order."""

    requests: tuple[Request, ...]

    def iter_covering(
        self, code: str, name: str, lines: range, *, by_name: bool = False
    ) -> Iterator[tuple[Request, str]]:
        """Yield the requests that silence a rule on a site, each with the word that says so.

        `lines` are those of the site. With `by_name` a request for every rule does not count.
        """
        for request in self.requests:
            if request.first < lines.stop and lines.start <= request.last:
                for word in request.words:
                    if is_matched(word, code, name) and (not by_name or len(word) > len(FAMILY)):
                        yield request, word


def may_suppress(data: bytes) -> bool:
    """Answer from the bytes alone whether a file may hold requests to this tool."""
    return b"httpx-fixer:" in data or FAMILY.encode() in data


def read_suppressions(source: SourceFile) -> Suppressions:
    """Read the comments of a file."""
    return Suppressions(tuple(_iter_requests(source)))


def compile_file_ignores(settings: Settings) -> Callable[[str], frozenset[str]]:
    """Return what `per-file-ignores` says of a path (relative to the root): the union of all that match."""
    ignores = [(compile_globs((glob,)), frozenset(words)) for glob, words in settings.per_file_ignores]
    return lambda path: frozenset().union(*(words for is_match, words in ignores if is_match(path)))


@dataclass(frozen=True, slots=True)
class _Statement:
    """A logical line: its first and last line, its indentation, and whether a block follows."""

    first: int
    last: int
    column: int
    opens_block: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    """The comments of a file, as line, column and text, and its statements."""

    comments: list[tuple[int, int, str]]
    statements: list[_Statement]


def _read_layout(source: SourceFile) -> _Layout:
    """Read comments and statements; a text in quotes that looks like a comment is none.

    Most files ask for nothing, and are not tokenized. One that cannot be to its end yields what is
    before that place.
    """
    layout = _Layout([], [])
    if not _HINT.search(source.data):
        return layout
    lines = (f"{line}\n" for line in source.lines)
    begun: tuple[int, int] | None = None
    last = ""
    with suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(lambda: next(lines, "")):
            if token.type == tokenize.COMMENT:
                layout.comments.append((*token.start, token.string))
            elif token.type == tokenize.NEWLINE and begun is not None:
                layout.statements.append(_Statement(begun[0], token.start[0], begun[1], last == ":"))
                begun = None
            elif token.type not in _BLANK:
                begun, last = begun or token.start, token.string
    return layout


_BLANK = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def _iter_requests(source: SourceFile) -> Iterator[Request]:
    """Yield each request, in order. A bare `# noqa` is meant for other tools, and does not count."""
    layout = _read_layout(source)
    for line, column, comment in layout.comments:
        for match in sorted([*_OWN.finditer(comment), *_NOQA.finditer(comment)], key=lambda m: m.start()):
            is_noqa = match.re.pattern == _NOQA.pattern
            scope = None if is_noqa else match["scope"]
            first, last = _find_reach(layout, line, column, scope)
            inner = match.span("words") if match["words"] is not None else (match.end(), match.end())
            words = ALL if match["words"] is None else tuple(_WORD.findall(match["words"]))
            following = comment.find("#", match.end())
            end = match.end() if is_noqa else len(comment) if following < 0 else following
            yield Request(
                line,
                column + match.start(),
                column + end,
                (column + inner[0], column + inner[1]),
                words,
                first,
                last,
                is_noqa,
            )


def _find_reach(layout: _Layout, line: int, column: int, scope: str | None) -> tuple[int, int]:
    """Return the first and the last line that a request is for.

    That for a block is for the block below the header that it stands at, and on a line of its own
    for the rest of the block around it.
    """
    if scope is None:
        return line, line
    if scope.lower() == "file":
        return 1, END
    own = next((one for one in layout.statements if one.first <= line <= one.last), None)
    if own is not None and not own.opens_block:
        return own.first, own.last
    inside = column if own is None else own.column + 1
    after = (one.first for one in layout.statements if one.first > line and one.column < inside)
    return line if own is None else own.first, next(after, END + 1) - 1
