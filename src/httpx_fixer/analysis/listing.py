"""What is in a directory: the Python files that git tracks or would track, or that no `.gitignore` names."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from httpx_fixer import git

DEFAULT_EXCLUDES = frozenset(
    {
        ".bzr",
        ".direnv",
        ".eggs",
        ".git",
        ".git-rewrite",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pants.d",
        ".pyenv",
        ".pytest_cache",
        ".pytype",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        ".vscode",
        "__pycache__",
        "__pypackages__",
        "_build",
        "buck-out",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "venv",
    }
)
"""Directories that are not entered unless they are named: those of ruff, and bytecode. A virtual
environment of another name is known by its `pyvenv.cfg`."""

_BUILT = frozenset({"_build", "build", "dist"})
"""Of these, names that a package may bear too. What holds an `__init__.py`, or stands in what does
and holds other modules itself, is one; no builder writes such."""

Listing = Iterator[tuple[str, list[os.DirEntry[str]] | OSError]]
"""Directories, relative to where the listing starts, each with its entries that are named `*.py`:
files, links, and the directories and pipes that bear such a name."""

_Ignore = tuple[int, Callable[[str], bool | None]]
"""One `.gitignore`: the length of its own directory's path, and its verdict on what follows."""


def compile_globs(globs: Sequence[str]) -> Callable[[str], bool]:
    """Return a test of root-relative paths against `globs`, read as lines of a `.gitignore`.

    A glob that matches a directory matches all below it; the last glob that matches decides, and
    one that begins with `!` says no.
    """
    if not globs:
        return lambda _path: False
    check = _compile(globs)
    return lambda path: bool(check(path))


def iter_directory(start: str) -> Listing:
    """List what git tracks or would track at or below `start`; without git, what no `.gitignore` names."""
    top = git.find_top_level(Path(start))
    if top is None:
        return iter_walked(start)
    try:
        names = git.list_files(Path(start), "*.py", "pyvenv.cfg", "*/pyvenv.cfg")
    except git.GitError:
        return iter_walked(start, _read_ignores_above(start, top))
    return _iter_listed(start, names)


def _iter_listed(start: str, names: Iterable[str]) -> Listing:
    by_directory = _group(names)
    environments = tuple(
        f"{path}/" for path, inside in by_directory.items() if path and "pyvenv.cfg" in inside
    )
    for directory, inside in by_directory.items():
        if _is_kept_out(directory, by_directory) or f"{directory}/".startswith(environments):
            continue
        entries = _scan(f"{start}/{directory}")
        if isinstance(entries, list):
            yield (
                directory,
                [entry for entry in entries if _is_python(entry.name) and _is_listed(entry, inside)],
            )
        elif not isinstance(
            entries, (FileNotFoundError, NotADirectoryError)
        ):  # these are tracked and deleted
            yield directory, entries


def _is_kept_out(directory: str, by_directory: Mapping[str, Collection[str]]) -> bool:
    parts = directory.split("/")
    if DEFAULT_EXCLUDES.isdisjoint(parts):
        return False
    return any(
        name in DEFAULT_EXCLUDES
        and not (
            name in _BUILT
            and _is_package(by_directory["/".join(parts[: depth + 1])], by_directory["/".join(parts[:depth])])
        )
        for depth, name in enumerate(parts)
    )


def _is_package(names: Collection[str], names_above: Collection[str]) -> bool:
    return "__init__.py" in names or ("__init__.py" in names_above and any(map(_is_python, names)))


def _group(names: Iterable[str]) -> dict[str, set[str]]:
    """Return `{directory: names in it}`, with all directories above those that hold a file."""
    by_directory: dict[str, set[str]] = {"": set()}
    for name in names:
        directory, _, base = name.rpartition("/")
        by_directory.setdefault(directory, set()).add(base)
    for directory in list(by_directory):
        above = directory.rpartition("/")[0]
        while above not in by_directory:
            by_directory[above] = set()
            above = above.rpartition("/")[0]
    return by_directory


def _is_listed(entry: os.DirEntry[str], names: set[str]) -> bool:
    """Say whether git named the entry, or passes it over for its kind (a directory, a pipe, a device)."""
    return entry.name in names or not (entry.is_file(follow_symlinks=False) or entry.is_symlink())


def iter_walked(start: str, ignores: tuple[_Ignore, ...] = (), *, packages_only: bool = False) -> Listing:
    """List what no `.gitignore` at or below `start`, nor any of `ignores`, names.

    With `packages_only`, only those directories below are entered that hold an `__init__.py`.
    """
    start = start.rstrip(os.sep)
    waiting = [("", ignores)]
    while waiting:
        directory, above = waiting.pop()
        here = f"{start}/{directory}" if directory else start
        entries = _scan(f"{here}/")
        if isinstance(entries, OSError):
            yield directory, entries
            continue
        names = {entry.name for entry in entries}
        if directory and ("pyvenv.cfg" in names or (packages_only and "__init__.py" not in names)):
            continue
        applying = (*above, *_read_ignores(here)) if ".gitignore" in names else above
        yield directory, [e for e in entries if _is_python(e.name) and not _is_ignored(applying, e, here)]
        for entry in entries:
            if _is_entered(entry, names) and not _is_ignored(applying, entry, here):
                waiting.append((f"{directory}/{entry.name}" if directory else entry.name, applying))


def _is_entered(entry: os.DirEntry[str], names: Collection[str]) -> bool:
    if not entry.is_dir(follow_symlinks=False):
        return False
    if entry.name not in DEFAULT_EXCLUDES:
        return True
    inside = _scan(entry.path) if entry.name in _BUILT else []
    return isinstance(inside, list) and _is_package([one.name for one in inside], names)


def _is_python(name: str) -> bool:
    """Say whether the name is a Python file's; `.#x.py` is a lock of Emacs, a link that leads nowhere."""
    return name.endswith(".py") and not name.startswith(".#")


def _scan(directory: str) -> list[os.DirEntry[str]] | OSError:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError as error:
        return error


def _is_ignored(ignores: tuple[_Ignore, ...], entry: os.DirEntry[str], directory: str) -> bool:
    """Ask the nearest `.gitignore` first, as git does; each may have no opinion."""
    if not ignores:
        return False
    path = (
        f"{directory}/{entry.name}/" if entry.is_dir(follow_symlinks=False) else f"{directory}/{entry.name}"
    )
    verdicts = (check(path[start:]) for start, check in reversed(ignores))
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _read_ignores_above(start: str, top: Path) -> tuple[_Ignore, ...]:
    """Return the ignores of the directories from `top` down to the one above `start`."""
    above = [directory for directory in Path(start).parents if directory.is_relative_to(top)]
    return tuple(ignore for directory in reversed(above) for ignore in _read_ignores(str(directory)))


def _read_ignores(directory: str) -> tuple[_Ignore, ...]:
    try:
        text = Path(directory, ".gitignore").read_text("utf-8-sig", "surrogateescape")
    except OSError:
        return ()
    return ((len(directory) + 1, _compile(text.split("\n"))),)


def _compile(lines: Sequence[str]) -> Callable[[str], bool | None]:
    """Return the verdict of a `.gitignore`: True, False (`!`) or None; a line that is no glob is empty."""
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 -- 40 ms, and most runs ask git instead

    def is_glob(line: str) -> bool:
        try:
            GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            return False
        return True

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `re` on `[[`, which globs may hold
        spec = GitIgnoreSpec.from_lines([line for line in lines if is_glob(line)])
    return lambda path: spec.check_file(path).include
