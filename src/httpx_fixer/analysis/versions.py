"""What the project's own files say about it: pinned versions, the length of a line."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from httpx_fixer.analysis.extras import is_extra
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Skip

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
_PYTHONS = (
    ("pyproject.toml", compile_later(r"""(?m)^requires-python\s*=\s*["']([^"']+)""")),
    (
        "pyproject.toml",
        compile_later(
            r"""(?ms)^\[tool\.poetry\.dependencies\](?:(?!^\[).)*?^python\s*=\s*(?:\{[^}]*?version\s*=\s*)?["']([^"']+)"""
        ),
    ),
    ("setup.cfg", compile_later(r"(?m)^python_requires\s*=\s*([^\n#]+)")),
    ("setup.py", compile_later(r"""\bpython_requires\s*=\s*f?["']([^"']+)""")),
)
_FROM = compile_later(r"(?<![\d.])(>=|\^|~=|~|===?|>|)\s*(\d+)\.(\d+)")
"""A version that begins a range, or is all of it; what stands behind `<` or `!=` is no beginning."""
_PINNED = compile_later(r"===?\s*[\d.]+(?!\*)|=\s*[\"'{][^\n\d^~<>]*==")
_TOPS = compile_later(r"(<(?!=)|~=|\^)\s*(\d+(?:\.\d+)*)")
"""What holds a version down: `<0.19`, `~=0.18.2`, `^0.18`."""
_REQUIREMENTS = (
    *("requirements.txt", "requirements/base.txt", "requirements/prod.txt", "requirements/production.txt"),
    *("requirements/main.txt", "requirements/common.txt", "requirements-prod.txt", "requirements.in"),
    *("pyproject.toml", "Pipfile", "setup.cfg", "setup.py"),
)


class Versions:
    """The versions that lock and requirement files name, directory by directory."""

    def __init__(self, read: Callable[[str], bytes | Skip]) -> None:
        self._read = read
        self._found: dict[tuple[str, str], tuple[int, ...] | None] = {}
        self._pythons: dict[str, tuple[int, ...] | None] = {}

    def pinned(self, package: str, near: str = "") -> tuple[int, ...] | None:
        """Return the version that a file is run with: what the nearest files above it say.

        That is what a lock file names or a requirement pins, else the lowest that one allows; a
        range gives way to a lock further up, which is that of the whole workspace. None where no file
        says anything. `(0, 111, 0)` for `fastapi==0.111.0`.
        """
        directory = posixpath.dirname(near)
        if (package, directory) not in self._found:
            self._found[package, directory] = self._find(package, directory)
        return self._found[package, directory]

    def is_held_below(self, package: str, bound: tuple[int, ...], near: str) -> bool:
        """Answer whether what `pinned` finds is older than a version, and no newer one is let in, either.

        `httpx>=0.15` lets everything in, `httpx~=0.18.0` only what comes before 0.19.
        """
        lowest = self.pinned(package, near)
        if lowest is None or lowest >= bound:
            return False
        name = spell_package(package)
        wanted = re.compile(rf"(?im)(?:^|[\[,])[\s\"']*{name}(?:\[[^\]]*\])?[\"']?\s*([=~><^!][^\n;#]*)")
        for above in _iter_upward(posixpath.dirname(near)):
            if self._search(above, _LOCKS, _locked(package)) is not None:
                return True  # which is what `pinned` found
            asked = self._search(above, _REQUIREMENTS, wanted)
            if asked is not None and _PINNED.match(asked[1]) is not None:
                return True
            if asked is not None:
                tops = [_find_top(one[1], _parse(one[2])) for one in _TOPS.finditer(asked[1])]
                return any(top <= bound for top in tops)
        return False

    def oldest_python(self, near: str) -> tuple[int, ...] | None:
        """Return the lowest Python that the nearest project file above a file allows, None where none says.

        `(3, 9)` for `requires-python = ">=3.9,<4"`, and for `python = "^3.10 | ^3.9"` of poetry.
        """
        directory = posixpath.dirname(near)
        if directory not in self._pythons:
            self._pythons[directory] = self._find_python(directory)
        return self._pythons[directory]

    def is_extra(self, package: str, near: str) -> bool:
        """Answer whether the nearest project file above a file requires a package for an extra only."""
        for above in _iter_upward(posixpath.dirname(near)):
            data = self._read(posixpath.join(above, "pyproject.toml"))
            if not isinstance(data, Skip) and re.search(rb"(?m)^\[(?:project|tool\.poetry)\]", data):
                lists = tuple(name for name in _REQUIREMENTS if name.endswith((".txt", ".in")))
                required = re.compile(rf"(?im)^\s*{re.escape(package)}\b(?!-)")
                return self._search(above, lists, required) is None and is_extra(data, package)
        return False

    def _find_python(self, directory: str) -> tuple[int, ...] | None:
        for above in _iter_upward(directory):
            for name, pattern in _PYTHONS:
                found = self._search(above, (name,), pattern)
                lowest = None if found is None else _find_lowest(found[1])
                if lowest is not None:
                    return lowest
        return None

    def _find(self, package: str, directory: str) -> tuple[int, ...] | None:
        name, locked = spell_package(package), _locked(package)
        required = re.compile(
            rf"(?im)(?:^|[\[,])[\s\"']*{name}(?:\[[^\]]*\])?[\"']?\s*"
            rf"(?:(==|===)\s*|(?:~=|>=|=\s*[\"'{{][^\n\d]*)\s*\^?~?)([\d.]+)"
        )
        lowest: tuple[int, ...] | None = None
        for above in _iter_upward(directory):
            found = self._search(above, _LOCKS, locked)
            if found is not None:
                return _parse(found[1] or found[2])
            asked = self._search(above, _REQUIREMENTS, required) if lowest is None else None
            if asked is not None:
                lowest = _parse(asked[2])
                if asked[1]:
                    return lowest
        return lowest

    def _search(
        self, directory: str, names: tuple[str, ...], pattern: re.Pattern[str]
    ) -> re.Match[str] | None:
        for name in names:
            data = self._read(posixpath.join(directory, name))
            found = None if isinstance(data, Skip) else pattern.search(data.decode(errors="replace"))
            if found is not None:
                return found
        return None


def spell_package(package: str) -> str:
    """Return a pattern for the name of a package as requirements may write it."""
    return "[-_.]".join(map(re.escape, re.split(r"[-_.]", package)))


def _locked(package: str) -> re.Pattern[str]:
    name = spell_package(package)
    return re.compile(
        rf'(?im)^name = "{name}"\s*\nversion = "([\d.]+)'
        rf'|^\s*"{name}":\s*\{{[^{{}}]*?"version":\s*"==([\d.]+)'
    )


def _find_top(operator: str, version: tuple[int, ...]) -> tuple[int, ...]:
    """Return the version that `<0.19`, `~=0.18.2` or `^0.18` keeps out, with all above it."""
    if operator == "<" or not version:
        return version
    kept = version[:-1] if operator == "~=" else version[: 2 if version[0] == 0 else 1]
    return (*kept[:-1], kept[-1] + 1) if kept else version


def _iter_upward(directory: str) -> Iterator[str]:
    """Yield a directory and those around it, "" for the root last."""
    while directory:
        yield directory
        directory = posixpath.dirname(directory)
    yield ""


def _find_lowest(wanted: str) -> tuple[int, ...] | None:
    """Return the lowest version that a requirement names as the beginning of a range."""
    starts = [
        (int(found[2]), int(found[3]))
        for found in _FROM.finditer(wanted)
        if not wanted[: found.start()].rstrip().endswith(("<", "<=", "!=", "!"))
    ]
    return min(starts, default=None)


def _parse(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)


_LINE_LENGTHS = (
    ("ruff.toml", compile_later(r"(?m)^line-length\s*=\s*(\d+)")),
    (
        "pyproject.toml",
        compile_later(r"(?ms)^\[tool\.(?:ruff|black|yapf)\](?:(?!^\[).)*?^line[-_]length\s*=\s*(\d+)"),
    ),
    (".flake8", compile_later(r"(?m)^max[-_]line[-_]length\s*=\s*(\d+)")),
    ("setup.cfg", compile_later(r"(?m)^max[-_]line[-_]length\s*=\s*(\d+)")),
)


def read_line_length(read: Callable[[str], bytes | Skip]) -> int | None:
    """Return the length of a line that a formatter or linter is told, None where none is."""
    for path, pattern in _LINE_LENGTHS:
        data = read(path)
        found = None if isinstance(data, Skip) else pattern.search(data.decode(errors="replace"))
        if found is not None:
            return int(found[1])
    return None
