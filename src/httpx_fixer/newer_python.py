"""A Python on the path that is newer than the running one: it compiles what that cannot."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache

_PROGRAM = "import sys; compile(sys.stdin.buffer.read(), 'module', 'exec', dont_inherit=True)"
_NEWEST = 16
_SECONDS = 60


@lru_cache(maxsize=64)
def is_compiled_by_newer(data: bytes) -> bool:
    """Answer whether one of the newer Pythons that the path has compiles a module; nothing of it is run."""
    return any(_compiles(python, data) for python in _iter_pythons())


def _iter_pythons() -> Iterator[str]:
    """Yield the newer ones by their names, the oldest first; the plain one may be newer, too."""
    names = (f"python3.{minor}" for minor in range(sys.version_info.minor + 1, _NEWEST))
    for name in (*names, "python3"):
        found = shutil.which(name)
        if found is not None:
            yield found


def _compiles(python: str, data: bytes) -> bool:
    command = [python, "-I", "-S", "-W", "ignore", "-c", _PROGRAM]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
