"""What git knows about the user's files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_REPOSITORY_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
        "GIT_GLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_LITERAL_PATHSPECS",
        "GIT_NOGLOB_PATHSPECS",
    }
)
"""What git sets for its hooks, and what would change how it reads our arguments. Inside a hook these
point at the repository of the commit, which need not be the one that we are asked about; the
variables that carry configuration stay, since `safe.directory` may come that way."""

_PATHS_A_CALL = 200
"""Keeps a command line under 32,767 characters, the limit of Windows, with names of 160 on average."""


class GitError(Exception):
    """Git is missing or declined; the text is the first line that it wrote."""


def find_top_level(start: Path) -> Path | None:
    """Return the nearest directory at or above `start` that holds `.git`; git itself is not asked."""
    for directory in (start, *start.parents):
        if os.access(directory / ".git", os.F_OK):
            return directory
    return None


def find_git_directory(top: Path) -> Path | None:
    """Return where the repository of a work tree keeps its own files; git itself is not asked.

    A linked work tree and a submodule have a file `.git` that says where.
    """
    inside = top / ".git"
    if inside.is_dir():
        return inside
    try:
        word, _, place = inside.read_text().strip().partition("gitdir: ")
    except (OSError, UnicodeError):
        return None
    return None if word or not (top / place).is_dir() else top / place


def list_files(directory: Path, *patterns: str) -> list[str]:
    """Return the files below `directory` that git tracks or would track, relative to it, with `/`.

    `patterns` are git's own, in which `*` crosses `/`. Tracked files that are deleted are listed,
    those of submodules and of nested repositories are not; a conflict lists its file once a stage.
    Raises `GitError`.
    """
    listing = run(directory, "ls-files", "-co", "--exclude-standard", "-z", "--", *patterns)
    return os.fsdecode(listing).split("\0")[:-1]


def list_untracked(directory: Path) -> list[str]:
    """Return the Python files below `directory` that git would track and does not. Raises `GitError`."""
    listing = run(directory, "ls-files", "-o", "--exclude-standard", "-z", "--", "*.py")
    return os.fsdecode(listing).split("\0")[:-1]


def diff_since(directory: Path, ref: str) -> bytes:
    """Return a patch without context of the Python files below `directory`, names relative to it.

    From where the work branched off from `ref` to the files as they are; from `ref` itself where
    the two have no commit in common, as in a clone that is too shallow. Raises `GitError`.
    """
    commit = run(directory, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}").decode().strip()
    with suppress(GitError):  # they have none in common
        commit = run(directory, "merge-base", commit, "HEAD").decode().strip()
    plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules", "--dst-prefix=b/")
    options = (*plain, "--unified=0", "--find-renames", "--relative")
    return run(directory, "diff", *options, commit, "--", "*.py")


def list_uncommitted(root: Path, paths: Iterable[str]) -> list[str]:
    """Return those of `paths` whose present content no commit holds, sorted.

    `paths` and the result are relative to `root` (absolute, links resolved), with `/`. Changed, staged,
    untracked and ignored files count; files that do not exist do not, nor do files outside of any
    repository. Each file is asked of the repository that it lies in. Raises `GitError`.
    """
    by_top: dict[Path, dict[str, str]] = {}
    for path in paths:
        top = find_top_level((root / path).parent)
        if top is not None:
            by_top.setdefault(top, {})[_relative(root / path, top)] = path
    found: set[str] = set()
    for top, names in by_top.items():
        inside = sorted(names)
        for at in range(0, len(inside), _PATHS_A_CALL):
            found.update(
                names[name] for name in _iter_status(top, inside[at : at + _PATHS_A_CALL]) if name in names
            )
    return sorted(found)


def _relative(path: Path, top: Path) -> str:
    return path.relative_to(top).as_posix()


def _iter_status(top: Path, paths: Sequence[str]) -> Iterator[str]:
    # "traditional" next to "all" names ignored files one by one; "matching" would name their folder.
    options = ("--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored=traditional")
    listing = os.fsdecode(run(top, "--literal-pathspecs", "status", *options, "--", *paths))
    for entry in listing.split("\0")[:-1]:
        path = entry[3:]
        if os.path.lexists(top / path):
            yield path


def run(
    directory: Path, *arguments: str, given: bytes = b"", variables: Mapping[str, str] | None = None
) -> bytes:
    """Return what a git command prints; `given` is its input. Raises `GitError`."""
    environment = {key: value for key, value in os.environ.items() if key not in _REPOSITORY_VARIABLES}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", **(variables or {})}
    try:
        done = subprocess.run(
            ("git", *arguments),
            cwd=directory,
            env=environment,
            input=given,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise GitError(f"git could not be started: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise GitError(said.partition("\n")[0] or f"git {arguments[0]} ended with {done.returncode}")
    return done.stdout
