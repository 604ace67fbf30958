"""Where the files of the project come from while they are rewritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.values import dataclass

ReadBytes = Callable[[str], bytes | None]
ReadAgain = Callable[[Mapping[str, bytes]], tuple[Diagnostic, ...]]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where files come from.

    `original` gives a file's bytes (None: there is none), `read_again` the diagnostics of the project
    with some files replaced, `first_party` the names of the project's own top-level modules,
    `line_length` the length of a line in characters, where the project says one.
    """

    original: ReadBytes
    read_again: ReadAgain
    first_party: frozenset[str] = frozenset()
    line_length: int | None = None
