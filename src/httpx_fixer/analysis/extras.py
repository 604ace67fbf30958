"""Packages that a project does not require everywhere: for an extra only, or on some platforms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from httpx_fixer.patterns import compile_later

_PLATFORM = compile_later(rb"\b(?:platform_system|sys_platform|platform_machine|os_name)\b")


def is_extra(data: bytes, package: str) -> bool:
    """Answer whether a `pyproject.toml` names a package for an extra and requires it for nothing else.

    So is one that some platform does without: `httpx; platform_system != "Emscripten"`.
    """
    if package.encode() not in data or not (b"optional" in data or _PLATFORM.search(data)):
        return False
    values = _load(data)
    project, poetry = _table(values, "project"), _table(_table(values, "tool"), "poetry")
    mine = _table(poetry, "dependencies").get(package)
    if isinstance(mine, dict):
        return mine.get("optional") is True
    needed = project.get("dependencies", [])
    if mine is None and package in _iter_names(needed) and package not in _iter_names(_everywhere(needed)):
        return True
    extras = [item for one in _table(project, "optional-dependencies").values() for item in _iter_names(one)]
    return mine is None and package in extras and package not in _iter_names(needed)


@lru_cache(maxsize=8)
def _load(data: bytes) -> dict[str, object]:
    """Return the tables of a file, none where it cannot be read; those of each package ask the same few."""
    import tomllib  # noqa: PLC0415 -- 16 ms, and few projects come here

    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


def _everywhere(requirements: object) -> list[object]:
    """Return the requirements that hold on each platform."""
    listed = requirements if isinstance(requirements, list) else []
    return [one for one in listed if not (isinstance(one, str) and _PLATFORM.search(one.encode()))]


def _table(values: dict[str, object], name: str) -> dict[str, object]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _iter_names(requirements: object) -> Iterator[str]:
    for one in requirements if isinstance(requirements, list) else ():
        found = re.match(r"\s*([\w.-]+)", one) if isinstance(one, str) else None
        if found is not None:
            yield found[1].lower()
