"""Where the user asked for silence: comments in a file, and `per-file-ignores` in the settings."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from httpx_fixer.analysis.listing import compile_globs
from httpx_fixer.settings import Settings, is_matched
from httpx_fixer.source import SourceFile

ALL = frozenset({""})
"""Every rule: the empty prefix, with which every code begins."""

_HINT = re.compile(rb"httpx-fixer|noqa[^\n]*\bHX", re.IGNORECASE)
_OWN = re.compile(r"#\s*httpx-fixer:\s*ignore(?P<file>-file)?(?![\w-])(?:\s*\[(?P<words>[^\]]*)\])?", re.I)
_NOQA = re.compile(r"#\s*noqa\s*:\s*(?P<words>[a-z]+[0-9]+(?:[\s,]+[a-z]+[0-9]+)*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What is silenced in one file, as codes, prefixes of codes and names.

    `lines` is `{line from 1: words}`, `file` holds for every line.
    """

    lines: Mapping[int, frozenset[str]]
    file: frozenset[str]

    def covers(self, code: str, name: str, lines: range) -> bool:
        """Say whether a rule is silent on a site; `lines` are those of its statement.

        Of a statement with a body, give the lines of the header only.
        """
        words = self.file.union(*(self.lines.get(line, frozenset()) for line in lines))
        return any(is_matched(word, code, name) for word in words)


def read_suppressions(source: SourceFile, file_ignores: frozenset[str] = frozenset()) -> Suppressions:
    """Read the comments of a file; `file_ignores` is what the settings say about it."""
    words_of_file = set(file_ignores)
    lines: dict[int, frozenset[str]] = {}
    for line, comment in _iter_comments(source):
        for words, is_file_wide in _iter_requests(comment):
            if is_file_wide:
                words_of_file |= words
            else:
                lines[line] = lines.get(line, frozenset()) | words
    return Suppressions(lines, frozenset(words_of_file))


def suppressed_lines(source: SourceFile) -> Mapping[int, frozenset[str]]:
    """Return `{line from 1: words}` for the lines that ask for silence; `ALL` where they name no rule."""
    return read_suppressions(source).lines


def compile_file_ignores(settings: Settings) -> Callable[[str], frozenset[str]]:
    """Return what `per-file-ignores` says of a path (relative to the root): the union of all that match."""
    ignores = [(compile_globs((glob,)), frozenset(words)) for glob, words in settings.per_file_ignores]
    return lambda path: frozenset().union(*(words for is_match, words in ignores if is_match(path)))


def _iter_comments(source: SourceFile) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment; a text in quotes that looks like one is none.

    Most files ask for nothing, and are not tokenized. One that cannot be to its end yields the
    comments before that place.
    """
    if not _HINT.search(source.data):
        return
    lines = (f"{line}\n" for line in source.lines)
    try:
        for token in tokenize.generate_tokens(lambda: next(lines, "")):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    except (tokenize.TokenError, SyntaxError):
        return


def _iter_requests(comment: str) -> Iterator[tuple[frozenset[str], bool]]:
    """Yield the words of each request in a comment, and whether it is for the whole file.

    A bare `# noqa` is meant for other tools, and does not count.
    """
    for match in _OWN.finditer(comment):
        words = match["words"]
        yield ALL if words is None else _split(words), match["file"] is not None
    for match in _NOQA.finditer(comment):
        yield _split(match["words"]), False


def _split(words: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w-]+", words))
