"""What git is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from httpx_fixer.git import GitError, find_top_level, list_files, list_uncommitted


def _git(directory: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(("git", *identity, *arguments), cwd=directory, check=True, capture_output=True)


def _write(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def _make_repository(directory: Path, *names: str) -> Path:
    _write(directory, *names)
    _git(directory, "init", "-q")
    _git(directory, "add", "-A")
    _git(directory, "commit", "-qm", "all")
    return directory


def test_top_level_is_the_nearest(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    _write(tmp_path, "sub/.git", "sub/deep/x.py")
    assert find_top_level(tmp_path / "sub/deep") == tmp_path / "sub"
    assert find_top_level(tmp_path / "new/directory") == tmp_path


def test_committed_files_are_not_listed(tmp_path: Path) -> None:
    root = _make_repository(tmp_path, "a.py", "b.py")
    assert list_uncommitted(root, ["a.py", "b.py"]) == []


def test_only_the_files_asked_for_are_listed(tmp_path: Path) -> None:
    root = _make_repository(tmp_path, "a.py", "b.py", "sub/c.py")
    _write(root, "a.py", "b.py", "sub/c.py", "new.py", text="1")
    assert list_uncommitted(root, ["sub/c.py", "a.py", "new.py"]) == ["a.py", "new.py", "sub/c.py"]


def test_paths_are_relative_to_a_root_below_the_top(tmp_path: Path) -> None:
    root = _make_repository(tmp_path, "service/a.py", "a.py") / "service"
    _write(root, "a.py", text="1")
    assert list_uncommitted(root, ["a.py"]) == ["a.py"]


def test_what_does_not_exist_is_not_listed(tmp_path: Path) -> None:
    root = _make_repository(tmp_path, "gone.py", "staged_gone.py")
    (root / "gone.py").unlink()
    _git(root, "rm", "-q", "staged_gone.py")
    assert list_uncommitted(root, ["gone.py", "staged_gone.py", "never/was.py"]) == []


def test_renamed_and_odd_names(tmp_path: Path) -> None:
    root = _make_repository(tmp_path, "a.py")
    _git(root, "mv", "a.py", "*.py")
    _write(root, "[b]\n.py", "b.py", "plain.py")
    assert list_uncommitted(root, ["*.py", "[b]\n.py"]) == ["*.py", "[b]\n.py"]


def test_more_files_than_one_command_line_holds(tmp_path: Path) -> None:
    root = _make_repository(tmp_path, "a.py")
    names = [f"{number:04}_{'x' * 150}.py" for number in range(1000)]
    _write(root, *names)
    assert list_uncommitted(root, names) == names


def test_file_of_a_submodule_is_asked_of_the_submodule(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = _make_repository(tmp_path_factory.mktemp("other"), "b.py")
    root = _make_repository(tmp_path, "a.py")
    _git(root, "submodule", "add", "-q", str(other), "sub")
    _git(root, "commit", "-qm", "sub")
    assert list_uncommitted(root, ["a.py", "sub/b.py"]) == []
    _write(root, "sub/b.py", text="1")
    assert list_uncommitted(root, ["a.py", "sub/b.py"]) == ["sub/b.py"]


def test_nothing_is_written_to_the_repository(tmp_path: Path) -> None:
    root = _make_repository(tmp_path, "a.py")
    (root / "a.py").touch()
    index = (root / ".git/index").stat().st_mtime_ns
    assert list_uncommitted(root, ["a.py"]) == []
    assert (root / ".git/index").stat().st_mtime_ns == index


def test_outside_of_a_repository(tmp_path: Path) -> None:
    _write(tmp_path, "a.py")
    assert list_uncommitted(tmp_path, ["a.py"]) == []
    with pytest.raises(GitError, match="not a git repository"):
        list_files(tmp_path, "*.py")


def test_git_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitError, match="could not be started: No such file or directory"):
        list_files(tmp_path, "*.py")
