"""Cases in other words: what is reported, fixed and refused must not depend on the layout."""

from __future__ import annotations

import io
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from fixture_cases import SOUND_CASES, Case, run_case

from httpx_fixer.report import Report

from .promises import TRIES, keep_promises

EACH = 1 if TRIES else 8
"""Every so many-th case is tried; all of them where random programs are asked for, too."""

OWNERS = frozenset({"http_client.py", "http_tls.py"})
"""Modules that an earlier run wrote, which a later one writes anew: what the user puts there stops it."""


def comment_everything(text: str) -> str:
    """Put a comment above each statement, and one behind it."""
    lines = text.split("\n")
    starts = {line: column for line, column, _ in _iter_statements(text)}
    ends = {end for _, _, end in _iter_statements(text)}
    new = []
    for number, line in enumerate(lines, start=1):
        if number in starts and not line.lstrip().startswith(
            ("from __future__", "@", "else", "elif", "except", "finally")
        ):
            new.append(f"{line[: starts[number]]}# above {number}")
        is_open = number in ends and line.strip() and "#" not in line and not line.rstrip().endswith("\\")
        new.append(f"{line}  # behind {number}" if is_open else line)
    return "\n".join(new)


def split_brackets(text: str) -> str:
    """Begin a new line behind each comma in brackets."""
    cuts = []
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == "," and depth:
                cuts.append(token.end)
    lines = text.split("\n")
    for row, column in reversed(cuts):
        line = lines[row - 1]
        if line[column:].strip() and not line[column:].strip().startswith("#"):
            lines[row - 1] = f"{line[:column]}\n{' ' * 8}{line[column:].lstrip()}"
    return "\n".join(lines)


def _iter_statements(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield (first line, column, last line) of each logical line."""
    start: tuple[int, int] | None = None
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            assert start is not None
            yield start[0], start[1], token.start[0]
            start = None
        elif start is None and token.type not in {
            tokenize.NL,
            tokenize.COMMENT,
            tokenize.INDENT,
            tokenize.DEDENT,
            tokenize.ENDMARKER,
        }:
            start = token.start


MUTATIONS: tuple[Callable[[str], str], ...] = (comment_everything, split_brackets)


@pytest.mark.parametrize("mutate", MUTATIONS)
@pytest.mark.parametrize("case", SOUND_CASES[::EACH], ids=repr)
def test_layout_does_not_change_the_outcome(case: Case, mutate: Callable[[str], str]) -> None:
    tree = {
        path: mutate(data.decode()).encode()
        if path.endswith(".py") and path.rpartition("/")[2] not in OWNERS and _is_plain(data)
        else data
        for path, data in case.before.items()
    }
    assert _gist(keep_promises(tree, case.settings)) == _gist(run_case(case))


def _is_plain(data: bytes) -> bool:
    return b"\r" not in data and data.isascii() and b"httpx-fixer:" not in data and b"noqa" not in data


def _gist(report: Report) -> Counter[tuple[str, str, str]]:
    return Counter(
        (d.code, d.anchor.path, "" if d.refusal is None else d.refusal.reason.name)
        for d in report.diagnostics
    )
