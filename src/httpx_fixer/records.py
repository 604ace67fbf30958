"""Where the records of what runs wrote are kept."""

from __future__ import annotations

import os
from pathlib import Path

from httpx_fixer.git import find_git_directory, find_top_level


def has_records(root: Path) -> bool:
    """Answer whether a run below a root may have left a record."""
    return _find_all(root).is_dir() and find_records(root).is_dir()


def find_records(root: Path) -> Path:
    """Return the directory for the runs below a root, which need not exist."""
    import hashlib  # noqa: PLC0415 -- 3 ms, and most projects have no records at all

    return _find_all(root) / hashlib.sha256(os.fsencode(root)).hexdigest()[:12]


def _find_all(root: Path) -> Path:
    """Return where git keeps its own files, or where programs keep their state if there is no git."""
    top = find_top_level(root)
    directory = None if top is None else find_git_directory(top)
    if directory is None:
        state = os.environ.get("XDG_STATE_HOME", "")
        directory = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return directory / "httpx-fixer"
