"""What the project's own files say about it: pinned versions, the length of a line."""

from __future__ import annotations

import re
from collections.abc import Callable

from httpx_fixer.source import Skip

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
_REQUIREMENTS = ("requirements.txt", "requirements/base.txt", "requirements/prod.txt", "pyproject.toml")


def pinned_version(read: Callable[[str], bytes | Skip], package: str) -> tuple[int, ...] | None:
    """Return the version that a lock file names, else the lowest that a requirement allows.

    None where no file says anything. `(0, 111, 0)` for `fastapi==0.111.0`.
    """
    name = re.escape(package)
    locked = re.compile(rf'^name = "{name}"\s*\nversion = "([\d.]+)', re.MULTILINE)
    required = re.compile(
        rf"(?im)^[\s\"']*{name}(?:\[[^\]]*\])?[\"']?\s*(?:==|~=|>=|=\s*[\"'{{][^\n\d]*)\s*\^?~?([\d.]+)"
    )
    for paths, pattern in ((_LOCKS, locked), (_REQUIREMENTS, required)):
        for path in paths:
            data = read(path)
            found = None if isinstance(data, Skip) else pattern.search(data.decode(errors="replace"))
            if found is not None:
                return tuple(int(part) for part in found[1].split(".") if part)
    return None


_LINE_LENGTHS = (
    ("ruff.toml", re.compile(r"(?m)^line-length\s*=\s*(\d+)")),
    (
        "pyproject.toml",
        re.compile(r"(?ms)^\[tool\.(?:ruff|black|yapf)\](?:(?!^\[).)*?^line[-_]length\s*=\s*(\d+)"),
    ),
    (".flake8", re.compile(r"(?m)^max[-_]line[-_]length\s*=\s*(\d+)")),
    ("setup.cfg", re.compile(r"(?m)^max[-_]line[-_]length\s*=\s*(\d+)")),
)


def read_line_length(read: Callable[[str], bytes | Skip]) -> int | None:
    """Return the length of a line that a formatter or linter is told, None where none is."""
    for path, pattern in _LINE_LENGTHS:
        data = read(path)
        found = None if isinstance(data, Skip) else pattern.search(data.decode(errors="replace"))
        if found is not None:
            return int(found[1])
    return None
