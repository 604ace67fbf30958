"""The patch on its way out, tried with git itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from httpx_fixer.report import FileChange
from httpx_fixer.reporters.patch import colour_patch, place_changes
from httpx_fixer.rewrite.diff import render_patch

PATCH = b"""\
diff --git a/x.py b/x.py
--- a/x.py
+++ b/x.py
@@ -1,3 +1,3 @@
 a\r
--- removed, and no header\r
+++ added, and no header\r
 z
\\ No newline at end of file
diff --git a/n.py b/n.py
new file mode 100644
--- /dev/null
+++ b/n.py
@@ -0,0 +1 @@
+n\xe9
"""


def test_colours_follow_the_hunks() -> None:
    lines = colour_patch(PATCH).split(b"\n")
    assert lines[2] == b"\x1b[1m+++ b/x.py\x1b[0m"
    assert lines[3] == b"\x1b[36m@@ -1,3 +1,3 @@\x1b[0m"
    assert lines[4] == b" a\r"
    assert lines[5] == b"\x1b[31m--- removed, and no header\x1b[0m\r"
    assert lines[6] == b"\x1b[32m+++ added, and no header\x1b[0m\r"
    assert lines[8] == rb"\ No newline at end of file"
    assert lines[11] == b"\x1b[1m--- /dev/null\x1b[0m"
    assert lines[14] == b"\x1b[32m+n\xe9\x1b[0m"


def test_colours_only_add() -> None:
    assert re.sub(rb"\x1b\[\d+m", b"", colour_patch(PATCH)) == PATCH


def _project(root: Path, *names: str) -> tuple[FileChange, ...]:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"old\n")
    return tuple(FileChange(name, b"old\n", b"new\n") for name in names)


def _apply(patch: bytes, directory: Path) -> None:
    subprocess.run(("git", "apply", "-"), cwd=directory, input=patch, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("root", "directory"),
    [(".", "."), (".", "app"), ("app", "."), ("app", "app"), ("app", "app/deep"), ("app/deep", ".")],
)
@pytest.mark.parametrize("in_git", [True, False])
def test_patch_applies_where_the_tool_was_started(
    tmp_path: Path, root: str, directory: str, in_git: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    if in_git:
        subprocess.run(("git", "init", "-q"), cwd=tmp_path, check=True)
    base = tmp_path / root
    (tmp_path / "app/deep").mkdir(parents=True)
    inside = (tmp_path / "app/deep/x y.py").relative_to(base).as_posix()
    created = (tmp_path / "app/deep/new.py").relative_to(base).as_posix()
    changes = (*_project(base, inside), FileChange(created, None, b"new\n"))
    placed = place_changes(changes, base, tmp_path if in_git else None, tmp_path / directory)
    assert placed.elsewhere is None
    _apply(render_patch(placed.changes), tmp_path / directory)
    assert (tmp_path / "app/deep/x y.py").read_bytes() == b"new\n"
    assert (tmp_path / "app/deep/new.py").read_bytes() == b"new\n"


@pytest.mark.parametrize("in_git", [True, False])
@pytest.mark.parametrize("directory", ["app", "../elsewhere"])
def test_patch_that_reaches_further_says_where_it_applies(
    tmp_path: Path, in_git: bool, directory: str
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    if in_git:
        subprocess.run(("git", "init", "-q"), cwd=repository, check=True)
    changes = _project(repository, "app/x.py", "main.py")
    here = (repository / directory).resolve()
    placed = place_changes(changes, repository, repository if in_git else None, here)
    assert placed.elsewhere == repository
    _apply(render_patch(placed.changes), repository)
    assert (repository / "main.py").read_bytes() == b"new\n"


def test_repository_inside_of_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    subprocess.run(("git", "init", "-q"), cwd=tmp_path / "sub", check=True)
    changes = _project(tmp_path / "sub", "x.py")
    placed = place_changes(changes, tmp_path / "sub", tmp_path / "sub", tmp_path)
    assert (placed.elsewhere, placed.changes[0].path) == (tmp_path / "sub", "x.py")
