"""Which lines of a project changed since a commit, as git tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from httpx_fixer import git
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass

_HUNK = compile_later(rb"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_ESCAPE = compile_later(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_EVERY_LINE = (1, 1 << 60)


@dataclass(frozen=True, slots=True)
class ChangedLines:
    """`{path: ranges}`, each range with its first and its last line.

    Where lines were removed between 4 and 5 the range is (5, 4).
    """

    ranges: Mapping[str, tuple[tuple[int, int], ...]]

    def touch(self, anchor: Anchor) -> bool:
        """Answer whether a line of a site changed, or one between its lines was removed."""
        first, last = anchor.start.line, anchor.end.line
        return any(first <= end and start <= last for start, end in self.ranges.get(anchor.path, ()))


def read_changed_lines(root: Path, ref: str) -> ChangedLines:
    """Return what changed below `root` since the work branched off from `ref`, committed or not.

    Files that git does not track have changed as a whole. Raises `GitError`.
    """
    ranges: dict[str, list[tuple[int, int]]] = {}
    here: list[tuple[int, int]] = []
    for line in git.diff_since(root, ref).split(b"\n"):
        if line.startswith(b"+++ "):
            here = ranges.setdefault(_read_name(line[4:]), [])
        elif hunk := _HUNK.match(line):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            here.append((start, start + count - 1) if count else (start + 1, start))
    for path in git.list_untracked(root):
        ranges[path] = [_EVERY_LINE]
    return ChangedLines({path: tuple(found) for path, found in ranges.items()})


def _read_name(name: bytes) -> str:
    """Undo how git writes a name: `b/` before it, a tab after it, in quotes where it is not plain."""
    name = name.removesuffix(b"\t")
    if name.startswith(b'"'):
        name = _ESCAPE.sub(_unescape, name[1:-1])
    return name.removeprefix(b"b/").decode("utf-8", "surrogateescape")


def _unescape(match: re.Match[bytes]) -> bytes:
    what = match[1]
    return bytes([int(what, 8)]) if len(what) == 3 else _ESCAPED.get(what, what)
