"""Requests for silence as they leave the reading wing's lower floor."""

from __future__ import annotations

from httpx_fixer.values import dataclass

ALL = ("",)
"""Every rule: the empty prefix, with which every code begins."""

END = 1 << 60
"""The last line of whatever reaches to the end of its file."""


@dataclass(frozen=True, slots=True, order=True)
class Request:
    """What one comment asks for: silence from line `first` to line `last`.

    `words` are codes, prefixes of codes and names as written, `ALL` where none is. `start` and `end`
    are where the request stands in its line, its reason included; `inner` is where its words do.
    """

    line: int
    start: int
    end: int
    inner: tuple[int, int]
    words: tuple[str, ...]
    first: int
    last: int
    is_noqa: bool
