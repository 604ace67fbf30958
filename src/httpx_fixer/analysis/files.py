"""Reading the bytes of the project's files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping

from httpx_fixer.source import Skip, SkipReason

_MENTION = re.compile(rb"\bhttpx2?\b")
_IMPORT = re.compile(
    rb"(?:^(?:\xef\xbb\xbf)?|[;:\r])[ \t]*(?:from|import)[ \t][^\n]*\bhttpx2?\b", re.MULTILINE
)
"""At the start of a line, after a byte order mark, or in `try: import httpx`."""


_MAIN = re.compile(rb"(?m)^if\s+__name__\s*==\s*[\"']__main__[\"']")


def mentions_httpx(data: bytes) -> bool:
    """Answer from the bytes alone whether a file may import httpx or httpx2."""
    return b"httpx" in data and _MENTION.search(data) is not None and _IMPORT.search(data) is not None


def has_main(data: bytes) -> bool:
    """Answer whether a module has an `if __name__ == "__main__":` block."""
    return _MAIN.search(data) is not None


def build_reader(
    root: str, max_file_size: int, overlay: Mapping[str, bytes] | None = None
) -> Callable[[str], bytes | Skip]:
    """Return a function from a path relative to `root` to the bytes of the file, or to a `Skip`.

    `overlay` holds files as they are going to be; they are read instead of what is on disk. Only
    regular files are opened, so that a FIFO cannot block the run.
    """

    def read(path: str) -> bytes | Skip:
        if overlay is not None and path in overlay:
            return overlay[path]
        full = f"{root}/{path}"
        try:
            status = os.stat(full)  # noqa: PTH116  the hot loop of a run: a Path object a file costs more
            if not stat.S_ISREG(status.st_mode):
                return Skip(path, SkipReason.NOT_A_FILE, "not a regular file")
            if status.st_size > max_file_size:
                detail = f"{status.st_size:,} bytes are more than max-file-size ({max_file_size:,})"
                return Skip(path, SkipReason.TOO_LARGE, detail)
            with open(full, "rb") as file:  # noqa: PTH123  as above
                return file.read()
        except OSError as error:
            return Skip(path, SkipReason.UNREADABLE, error.strerror or str(error))

    return read
