"""Reading the bytes of the project's files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping

from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Skip, SkipReason

_MENTION = compile_later(rb"\bhttpx2?\b")
_IMPORT = compile_later(
    rb"(?:^(?:\xef\xbb\xbf)?|[;:\r])[ \t]*(?:from|import)[ \t][^\n]*\bhttpx2?\b", re.MULTILINE
)
"""At the start of a line, after a byte order mark, or in `try: import httpx`."""


_MAIN = compile_later(rb"(?m)^if\s+__name__\s*==\s*[\"']__main__[\"']")


def mentions_httpx(data: bytes) -> bool:
    """Answer from the bytes alone whether a file may import httpx or httpx2."""
    return b"httpx" in data and _MENTION.search(data) is not None and _IMPORT.search(data) is not None


def has_main(data: bytes) -> bool:
    """Answer whether a module has an `if __name__ == "__main__":` block."""
    return _MAIN.search(data) is not None


_PARTS = frozenset(bytes([one]) for one in range(128) if chr(one).isalnum() or chr(one) == "_")
"""The bytes that are no end of a word, as `\\b` of a pattern of bytes sees it."""


def holds_word(data: bytes, word: bytes) -> bool:
    """Answer whether a word stands in a file on its own: `\\bword\\b`, which has to try at each byte."""
    at = data.find(word)
    while at >= 0:
        end = at + len(word)
        if data[at - 1 : at] not in _PARTS and data[end : end + 1] not in _PARTS:
            return True
        at = data.find(word, at + 1)
    return False


_FLAGS = ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK")
_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in _FLAGS)
"""How a file is opened that may be anything: a FIFO is not waited for."""


def build_reader(
    root: str, max_file_size: int, overlay: Mapping[str, bytes] | None = None
) -> Callable[[str], bytes | Skip]:
    """Return a function from a path relative to `root` to the bytes of the file, or to a `Skip`.

    `overlay` holds files as they are going to be; they are read instead of what is on disk. Of
    anything but a regular file nothing is read, so that a FIFO cannot block the run.
    """

    def read(path: str) -> bytes | Skip:
        if overlay is not None and path in overlay:
            return overlay[path]
        try:
            # The hot loop of a run: `open` costs twice as much for each file, and a Path object as well.
            descriptor = os.open(f"{root}/{path}", _READ)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    return Skip(path, SkipReason.NOT_A_FILE, "not a regular file")
                if status.st_size > max_file_size:
                    detail = f"{status.st_size:,} bytes are more than max-file-size ({max_file_size:,})"
                    return Skip(path, SkipReason.TOO_LARGE, detail)
                return _read_all(descriptor, status.st_size)
            finally:
                os.close(descriptor)
        except OSError as error:
            return Skip(path, SkipReason.UNREADABLE, error.strerror or str(error))

    return read


def _read_all(descriptor: int, size: int) -> bytes:
    """Return what is in a file that had a size a moment ago."""
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    while more := os.read(descriptor, 1 << 20):
        data += more
    return data
