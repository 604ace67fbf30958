"""What a patch needs on its way out: paths that `git apply` takes, colours for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from httpx_fixer.patterns import compile_later
from httpx_fixer.report import FileChange
from httpx_fixer.values import dataclass

_HUNK = compile_later(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_BOLD, _RED, _GREEN, _CYAN, _RESET = (b"\x1b[%sm" % code for code in (b"1", b"31", b"32", b"36", b"0"))
_HEADERS = (b"diff ", b"index ", b"--- ", b"+++ ", b"new file ")
_BY_SIGN = {b"-": _RED, b"+": _GREEN}


@dataclass(frozen=True, slots=True)
class PlacedChanges:
    """Changes ready to be printed; `elsewhere` is where `git apply` has to run, None for right here."""

    changes: tuple[FileChange, ...]
    elsewhere: Path | None


def place_changes(
    changes: Sequence[FileChange], root: Path, top: Path | None, directory: Path
) -> PlacedChanges:
    """Make the paths of changes, relative to `root`, such that `git apply` in `directory` takes them.

    A patch with `diff --git` lines is relative to the top of the repository, wherever in it `git
    apply` runs; but files outside of the working directory are passed over without a word (git
    2.39). `top` is that top, None outside of a repository: there paths are relative to `directory`
    as long as all lie below it.
    """
    files = [root / change.path for change in changes]
    is_below = all(file.is_relative_to(directory) for file in files)
    base = top or (directory if is_below else root)
    placed = zip(changes, files, strict=True)
    return PlacedChanges(
        changes=tuple(replace(change, path=file.relative_to(base).as_posix()) for change, file in placed),
        elsewhere=None if is_below and directory.is_relative_to(base) else base,
    )


def colour_patch(patch: bytes) -> bytes:
    """Return the patch with the colours that git uses; nothing else is changed.

    Hunks are read by their line counts: a removed line `-- x` would else pass for a header.
    """
    return b"\n".join(_iter_coloured(patch.split(b"\n")))


def _iter_coloured(lines: Iterable[bytes]) -> Iterator[bytes]:
    old = new = 0
    for line in lines:
        sign = line[:1]
        if old > 0 or new > 0:
            old -= sign in {b" ", b"-"}
            new -= sign in {b" ", b"+"}
            yield _paint(line, _BY_SIGN.get(sign))
        elif hunk := _HUNK.match(line):
            old, new = (int(count or 1) for count in hunk.groups())
            yield _paint(line, _CYAN)
        else:
            yield _paint(line, _BOLD if line.startswith(_HEADERS) else None)


def _paint(line: bytes, colour: bytes | None) -> bytes:
    """Colour a line up to its carriage return, if it ends in one."""
    if colour is None:
        return line
    text = line.removesuffix(b"\r")
    return colour + text + _RESET + line[len(text) :]
