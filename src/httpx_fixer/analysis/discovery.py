"""Which files a run reads, and on which of them it reports."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from httpx_fixer.analysis.listing import Listing, compile_globs, iter_directory, iter_walked
from httpx_fixer.settings import Settings
from httpx_fixer.source import Skip, SkipReason
from httpx_fixer.values import dataclass

_PROJECT_MARKS = (".git", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Discovery:
    """The Python files of a run. All paths are relative to the root, with `/`.

    `files`, sorted, are all to be read: to fix one file the project around it must be understood.
    `targets`, a part of them, are to be reported on: at or below the paths that were named, and let
    through by `include` and `exclude`. `excluded` are those that `include` and `exclude` keep out:
    read, so that the callers and patches in them are known, but never to be changed. `skipped`
    holds what was named, or found below what was named, and cannot be read. `lone` is the only file
    that may change, where a text stands for one; None else.
    """

    files: tuple[str, ...]
    targets: frozenset[str]
    excluded: frozenset[str]
    skipped: tuple[Skip, ...]
    lone: str | None = None


def discover_around(root: Path, path: str, settings: Settings) -> Discovery:
    """Find the Python files of the project at `root`, to report on one of them, which need not exist."""
    found = discover(root, (), settings)
    files = tuple(sorted({*found.files, path}))
    return Discovery(files, frozenset({path}), frozenset(), (), lone=path)


def discover(root: Path, paths: tuple[Path, ...], settings: Settings) -> Discovery:
    """Find the Python files of the project at `root`, and those of them at or below `paths`.

    Every path lies at or below `root`; else `ValueError`. A file that is named is read whatever
    excludes it, and a directory that is named is entered even if it is excluded, ignored or a
    submodule. A link to a file counts as the file that it leads to, and is passed over if that is
    outside of the root; a link to a directory is followed only where it is named. A root that
    nobody named and that holds neither `.git` nor `pyproject.toml` (somebody's home directory, say)
    is read only where the code of the named files may come from or go to: the files beside them,
    and the packages below those.
    """
    tree = _Tree(os.path.realpath(root))
    named = [tree.locate(path) for path in paths]
    directories = tuple(path for path in named if Path(tree.absolute(path)).is_dir())
    files = frozenset(named).difference(directories)
    is_project = any(os.path.lexists(tree.absolute(mark)) for mark in _PROJECT_MARKS)
    if is_project or "" in directories:
        tree.add(iter_directory(tree.root))
    for path in directories:
        tree.add_named_directory(path)
    for path in sorted(files):
        tree.add_file(path)
    for beside in () if is_project else sorted({path.rpartition("/")[0] for path in files}):
        tree.add(iter_walked(tree.absolute(beside), packages_only=True), below=beside)
    return _choose(tree, directories, files, settings)


def _choose(
    tree: _Tree, directories: tuple[str, ...], files: frozenset[str], settings: Settings
) -> Discovery:
    is_kept_out = compile_globs(settings.exclude)
    is_let_in = compile_globs(settings.include) if settings.include else tree.files.__contains__
    excluded: set[str] = set()
    if settings.exclude or settings.include:
        excluded = {path for path in tree.files if is_kept_out(path) or not is_let_in(path)} - files
    prefixes = tuple(path and f"{path}/" for path in directories)
    return Discovery(
        files=tuple(sorted(tree.files)),
        targets=frozenset(
            path
            for path in tree.files
            if path in files or (path.startswith(prefixes) and path not in excluded)
        ),
        excluded=frozenset(excluded),
        skipped=tuple(
            skip
            for path, skip in sorted(tree.skips.items())
            if path in files or (f"{path}/".startswith(prefixes) and not is_kept_out(path))
        ),
    )


class _Tree:
    """What was found so far below one root; paths relative to it, "" for the root itself."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files: set[str] = set()
        self.skips: dict[str, Skip] = {}

    def absolute(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root

    def locate(self, path: Path) -> str:
        """Return where `path` really is; a link that leads nowhere is where it stands itself."""
        real = os.path.realpath(path)
        if not os.path.lexists(real):
            real = str(Path(os.path.realpath(path.parent), path.name))
        inside = self._relative(real)
        if inside is None:
            raise ValueError(f"{path} is outside of {self.root}")
        return inside

    def add(self, listing: Listing, *, below: str = "") -> None:
        """Add what a listing yields; its directories are relative to `below`."""
        for inside, entries in listing:
            directory = f"{below}/{inside}".strip("/")
            if isinstance(entries, OSError):
                self._skip(directory, SkipReason.UNREADABLE, entries.strerror or str(entries))
                continue
            for entry in entries:
                path = f"{directory}/{entry.name}" if directory else entry.name
                if entry.is_file(follow_symlinks=False):
                    self.files.add(path)
                else:
                    self.add_file(path)

    def add_named_directory(self, path: str) -> None:
        """Add what is in a directory that the listing of the root may have passed over."""
        if self.absolute(path).endswith(".py"):
            self.add_file(path)
        if not path or any(file.startswith(f"{path}/") for file in self.files):
            return
        before = len(self.files)
        self.add(iter_directory(self.absolute(path)), below=path)
        if len(self.files) == before:
            self.add(iter_walked(self.absolute(path)), below=path)

    def add_file(self, path: str) -> None:
        """Add the file that `path` leads to, or a skip that says what stands there instead."""
        try:
            mode = Path(self.absolute(path)).stat().st_mode
        except OSError as error:
            self._skip(path, SkipReason.UNREADABLE, _describe_unreadable(self.absolute(path), error))
            return
        if stat.S_ISDIR(mode):
            self._skip(path, SkipReason.NOT_A_FILE, "a directory")
        elif not stat.S_ISREG(mode):
            self._skip(path, SkipReason.NOT_A_FILE, "a pipe, a socket or a device")
        else:
            real = self._relative(os.path.realpath(self.absolute(path)))
            self.files.update(() if real is None else (real,))

    def _relative(self, real: str) -> str | None:
        if real == self.root:
            return ""
        prefix = self.root.rstrip(os.sep) + os.sep
        return real[len(prefix) :].replace(os.sep, "/") if real.startswith(prefix) else None

    def _skip(self, path: str, reason: SkipReason, detail: str) -> None:
        self.skips[path] = Skip(path or ".", reason, detail)


def _describe_unreadable(path: str, error: OSError) -> str:
    if Path(path).is_symlink():
        return f"a link that leads nowhere ({Path(path).readlink()})"
    return error.strerror or str(error)
