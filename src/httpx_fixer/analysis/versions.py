"""Which version of a package the project runs with, read from its lock and requirement files."""

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
