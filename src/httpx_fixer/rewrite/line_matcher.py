"""Which lines of two files are the same, in time that grows with the change and not with the file."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

from httpx_fixer.values import dataclass

_PAIRS = 1_000_000
"""Pairs of lines that `difflib` compares in a tenth of a second; a larger block is replaced whole."""


class LineMatcher(SequenceMatcher[bytes]):
    """`difflib`'s matcher with its search replaced by the one known as patience diff.

    Equal lines at both ends are matched first, then lines that occur once on either side; `difflib`
    itself, whose search is quadratic where lines repeat, only sees what is left between those.
    """

    def __init__(self, before: Sequence[bytes], after: Sequence[bytes]) -> None:
        super().__init__(None, before, after, autojunk=False)
        self._before, self._after = before, after

    def get_matching_blocks(self) -> list[Match]:
        """Return the matches in order, none adjacent to the next, and an empty one at the end."""
        whole = _Range(0, len(self._before), 0, len(self._after))
        blocks: list[Match] = []
        for found in _iter_matches(self._before, self._after, whole):
            last = blocks[-1] if blocks else None
            if last and (last.a + last.size, last.b + last.size) == (found.a, found.b):
                blocks[-1] = Match(last.a, last.b, last.size + found.size)
            else:
                blocks.append(found)
        return [*blocks, Match(whole.old_end, whole.new_end, 0)]


@dataclass(frozen=True, slots=True)
class _Range:
    """Lines of both files that are to be compared."""

    old: int
    old_end: int
    new: int
    new_end: int


def _iter_matches(before: Sequence[bytes], after: Sequence[bytes], span: _Range) -> Iterator[Match]:
    head = _count_equal(before, after, span)
    span = _Range(span.old + head, span.old_end, span.new + head, span.new_end)
    tail = _count_equal_at_end(before, after, span)
    inner = _Range(span.old, span.old_end - tail, span.new, span.new_end - tail)
    if head:
        yield Match(span.old - head, span.new - head, head)
    if inner.old < inner.old_end and inner.new < inner.new_end:
        yield from _iter_inner(before, after, inner)
    if tail:
        yield Match(inner.old_end, inner.new_end, tail)


def _iter_inner(before: Sequence[bytes], after: Sequence[bytes], span: _Range) -> Iterator[Match]:
    pairs = _find_unique_pairs(before, after, span)
    if not pairs:
        yield from _iter_plain(before, after, span)
        return
    old, new = span.old, span.new
    for old_at, new_at in pairs:
        yield from _iter_matches(before, after, _Range(old, old_at, new, new_at))
        yield Match(old_at, new_at, 1)
        old, new = old_at + 1, new_at + 1
    yield from _iter_matches(before, after, _Range(old, span.old_end, new, span.new_end))


def _iter_plain(before: Sequence[bytes], after: Sequence[bytes], span: _Range) -> Iterator[Match]:
    if (span.old_end - span.old) * (span.new_end - span.new) > _PAIRS:
        return
    old, new = before[span.old : span.old_end], after[span.new : span.new_end]
    for found in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        if found.size:
            yield Match(found.a + span.old, found.b + span.new, found.size)


def _count_equal(before: Sequence[bytes], after: Sequence[bytes], span: _Range) -> int:
    most = min(span.old_end - span.old, span.new_end - span.new)
    count = 0
    while count < most and before[span.old + count] == after[span.new + count]:
        count += 1
    return count


def _count_equal_at_end(before: Sequence[bytes], after: Sequence[bytes], span: _Range) -> int:
    most = min(span.old_end - span.old, span.new_end - span.new)
    count = 0
    while count < most and before[span.old_end - 1 - count] == after[span.new_end - 1 - count]:
        count += 1
    return count


def _find_unique_pairs(
    before: Sequence[bytes], after: Sequence[bytes], span: _Range
) -> list[tuple[int, int]]:
    """Return the longest rising run of lines that occur once in each range."""
    counts = Counter(before[span.old : span.old_end])
    places = {line: at for at, line in enumerate(before[span.old : span.old_end], span.old)}
    new_counts = Counter(after[span.new : span.new_end])
    pairs = [
        (places[line], at)
        for at, line in enumerate(after[span.new : span.new_end], span.new)
        if counts[line] == 1 and new_counts[line] == 1
    ]
    return _find_longest_rise(pairs)


def _find_longest_rise(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest subsequence whose first members rise; the second ones do so already."""
    tops: list[int] = []
    at_top: list[int] = []
    below: list[int] = []
    for index, (old_at, _) in enumerate(pairs):
        pile = bisect_left(tops, old_at)
        below.append(at_top[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [old_at]
        at_top[pile : pile + 1] = [index]
    result: list[tuple[int, int]] = []
    index = at_top[-1] if at_top else -1
    while index >= 0:
        result.append(pairs[index])
        index = below[index]
    return result[::-1]
