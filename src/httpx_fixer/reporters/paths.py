"""Paths as the person who runs the tool would type them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

Locate = Callable[[str], str]
"""Turns a path of a report, which is relative to the root, into what is printed."""


def build_locator(root: Path, directory: Path) -> Locate:
    """Return what makes a path relative to `directory`, with `/`; both directories are absolute."""

    @cache
    def locate(path: str) -> str:
        try:
            return os.path.relpath(root / path, directory).replace(os.sep, "/")
        except ValueError:  # another drive of Windows
            return (root / path).as_posix()

    return locate


def show_path(path: str) -> str:
    """Return a path for a terminal: on one line, and without escape sequences that a name may hold."""
    return path if path.isprintable() else repr(path)[1:-1]
