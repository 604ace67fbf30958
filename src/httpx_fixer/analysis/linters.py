"""What a project lets ruff look for: whether a comment that silences it would be one too many."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Iterator, Mapping

_FILES = (".ruff.toml", "ruff.toml", "pyproject.toml")
_DEFAULT = ("E4", "E7", "E9", "F")
"""https://docs.astral.sh/ruff/settings/#lint_select, ruff 0.14."""

Table = Mapping[str, object]


def is_noqa_unwanted(read: Callable[[str], bytes], path: str, code: str) -> bool:
    """Answer whether ruff would say of `# noqa: CODE` in a file that it silences nothing (RUF100).

    `read` returns the bytes of a file of the project, none where there is no such file.
    """
    found = _find_table(read, path)
    if found is None:
        return False
    place, table = found
    inside = posixpath.relpath(path, place or ".")
    return _is_asked("RUF100", table, inside) and not _is_asked(code, table, inside)


def _find_table(read: Callable[[str], bytes], path: str) -> tuple[str, Table] | None:
    """Return the nearest settings of ruff's above a file, and their directory."""
    directory = path
    while directory:
        directory = posixpath.dirname(directory)
        for name in _FILES:
            data = read(posixpath.join(directory, name))
            table = _parse(data, name) if b"RUF" in data or b"ALL" in data else None
            if table is not None:
                return directory, table
            if data and (name != _FILES[-1] or b"[tool.ruff" in data):
                return None
    return None


def _parse(data: bytes, name: str) -> Table | None:
    import tomllib  # noqa: PLC0415 -- 16 ms, for those only of whom an import is kept for others

    try:
        values: Table = tomllib.loads(data.decode())
    except ValueError:
        return None
    for key in ("tool", "ruff") if name == _FILES[-1] else ():
        values = _table(values, key)
    return {**values, **_table(values, "lint")} or None


def _table(values: Table, key: str) -> Table:
    inner = values.get(key)
    return inner if isinstance(inner, dict) else {}


def _is_asked(code: str, table: Table, inside: str) -> bool:
    """Answer whether a code is selected: of `select` and `ignore`, what names more of it decides."""
    chosen = [*(_codes(table, "select") or _DEFAULT), *_codes(table, "extend-select")]
    left_out = [*_codes(table, "ignore"), *_codes(table, "extend-ignore")]
    if _weight(code, chosen) <= _weight(code, left_out):
        return False
    return _weight(code, _iter_ignored(table, inside)) == 0


def _codes(table: Table, key: str) -> list[str]:
    values = table.get(key)
    return [str(value) for value in values] if isinstance(values, list) else []


def _weight(code: str, chosen: Iterator[str] | list[str]) -> int:
    """Return how many letters of a code are named, 0 for none; `ALL` names it with none."""
    return max(
        (1 if one == "ALL" else 1 + len(one) for one in chosen if one == "ALL" or code.startswith(one)),
        default=0,
    )


def _iter_ignored(table: Table, inside: str) -> Iterator[str]:
    """Yield what is not looked for in one file."""
    for key in ("per-file-ignores", "extend-per-file-ignores"):
        for glob in _table(table, key):
            wanted = glob.removeprefix("!")
            names = (inside, posixpath.basename(inside))
            is_meant = any(fnmatch.fnmatchcase(name, wanted) for name in names)
            if is_meant != glob.startswith("!"):
                yield from _codes(_table(table, key), glob)
