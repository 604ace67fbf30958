"""Which files a run reads, and on which it reports."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from httpx_fixer import git
from httpx_fixer.analysis.discovery import Discovery, discover
from httpx_fixer.settings import Settings
from httpx_fixer.source import SkipReason


def _write(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _git(directory: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(("git", *identity, *arguments), cwd=directory, check=True, capture_output=True)


def _discover(root: Path, *names: str, settings: Settings | None = None) -> Discovery:
    paths = tuple(root / name for name in names) or (root,)
    return discover(root, paths, settings or Settings())


@pytest.fixture(params=["git", "no git", "git that fails"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project: under git, without it, and in a container that has the repository but not git."""
    _write(tmp_path, "pyproject.toml")
    if request.param != "no git":
        _git(tmp_path, "init", "-q")
    if request.param == "git that fails":
        monkeypatch.setenv("PATH", "/nonexistent")
    return tmp_path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    _git(tmp_path, "init", "-q")
    return tmp_path


def test_files_are_python_files_sorted_and_relative(root: Path) -> None:
    _write(root, "b.py", "a/z.py", "a/b.py", "a/stub.pyi", "notes.txt", "a.py")
    assert _discover(root).files == ("a.py", "a/b.py", "a/z.py", "b.py")


def test_project_without_python_has_no_files(root: Path) -> None:
    _write(root, "notes.txt")
    assert _discover(root) == Discovery((), frozenset(), frozenset(), ())


def test_ignored_files_are_not_read(root: Path) -> None:
    _write(root, ".gitignore", text="generated/\n*_pb2.py\n!keep_pb2.py\n/top.py\n")
    _write(root, "generated/a.py", "a_pb2.py", "pkg/b_pb2.py", "pkg/keep_pb2.py", "top.py", "pkg/top.py")
    assert _discover(root).files == ("pkg/keep_pb2.py", "pkg/top.py")


def test_nested_gitignore_overrules_the_one_above(root: Path) -> None:
    _write(root, ".gitignore", text="local.py\n")
    _write(root, "pkg/.gitignore", text="!local.py\nother.py\n")
    _write(root, "local.py", "other.py", "pkg/local.py", "pkg/other.py", "pkg/deep/local.py")
    assert _discover(root).files == ("other.py", "pkg/deep/local.py", "pkg/local.py")


def test_gitignore_above_the_root_counts(root: Path) -> None:
    if not (root / ".git").exists():
        pytest.skip("without a repository nothing above the root belongs to the project")
    _write(root, ".gitignore", text="out/\n")
    _write(root, "service/pyproject.toml", "service/out/a.py", "service/b.py")
    assert _discover(root / "service").files == ("b.py",)


@pytest.mark.parametrize("line", ["[z-a]", "!", "a\\", "[[:alpha:]].py"])
def test_odd_line_of_a_gitignore_does_no_harm(root: Path, line: str) -> None:
    _write(root, ".gitignore", text=f"{line}\nb.py\n")
    _write(root, "app.py", "b.py")
    assert _discover(root).files == ("app.py",)


@pytest.mark.parametrize(
    "name", [".venv", "venv", "node_modules", "__pycache__", ".tox", "build", "site-packages"]
)
def test_usual_directories_are_not_entered(root: Path, name: str) -> None:
    _write(root, "a.py", f"{name}/b.py", f"pkg/{name}/deep/c.py")
    assert _discover(root).files == ("a.py",)


@pytest.mark.parametrize("name", ["build", "dist", "_build"])
def test_package_with_the_name_of_an_output_is_entered(root: Path, name: str) -> None:
    _write(root, f"shop/{name}/__init__.py", f"shop/{name}/models/a.py", f"{name}/lib/b.py")
    assert _discover(root).files == (f"shop/{name}/__init__.py", f"shop/{name}/models/a.py")


def test_directory_within_a_package_that_holds_modules_is_entered(root: Path) -> None:
    _write(root, "shop/__init__.py", "shop/build/api.py", "shop/build/jobs/a.py", "shop/dist/lib/b.py")
    assert _discover(root).files == ("shop/__init__.py", "shop/build/api.py", "shop/build/jobs/a.py")


def test_virtual_environment_is_known_by_its_file(root: Path) -> None:
    _write(root, "env/pyvenv.cfg", "env/lib/x.py", "environment/y.py")
    assert _discover(root).files == ("environment/y.py",)


@pytest.mark.parametrize("named", ["build", ".venv/lib"])
def test_excluded_directory_that_is_named_is_entered(root: Path, named: str) -> None:
    _write(root, "a.py", f"{named}/b.py")
    found = _discover(root, named)
    assert found.files == tuple(sorted(("a.py", f"{named}/b.py")))
    assert found.targets == {f"{named}/b.py"}


def test_ignored_directory_that_is_named_is_entered(root: Path) -> None:
    _write(root, ".gitignore", text="out/\n")
    _write(root, "out/a.py", "b.py")
    assert _discover(root, "out").targets == {"out/a.py"}


def test_excluded_file_that_is_named_is_read(root: Path) -> None:
    _write(root, ".gitignore", text="a.py\n")
    _write(root, "a.py", "build/b.py")
    found = _discover(root, "a.py", "build/b.py", settings=Settings(exclude=("*.py",)))
    assert found.targets == {"a.py", "build/b.py"}


def test_named_file_need_not_end_in_py(root: Path) -> None:
    _write(root, "bin/tool", "bin/other")
    assert _discover(root, "bin/tool").files == ("bin/tool",)


def test_whole_project_is_read_for_one_target(root: Path) -> None:
    _write(root, "app/a.py", "app/b.py", "tests/c.py")
    found = _discover(root, "app/a.py")
    assert (found.files, found.targets) == (("app/a.py", "app/b.py", "tests/c.py"), frozenset({"app/a.py"}))


def test_directory_is_no_prefix_of_a_longer_name(root: Path) -> None:
    _write(root, "app/a.py", "application/b.py")
    assert _discover(root, "app").targets == {"app/a.py"}


def test_excluded_files_are_read_and_no_targets(root: Path) -> None:
    _write(root, "app/a.py", "legacy/b.py", "app/legacy/c.py", "app/d_pb2.py")
    found = _discover(root, settings=Settings(exclude=("/legacy/", "*_pb2.py")))
    assert found.files == ("app/a.py", "app/d_pb2.py", "app/legacy/c.py", "legacy/b.py")
    assert found.targets == {"app/a.py", "app/legacy/c.py"}
    assert found.excluded == {"app/d_pb2.py", "legacy/b.py"}


def test_include_keeps_all_others_out(root: Path) -> None:
    _write(root, "app/a.py", "app/deep/b.py", "tools/c.py")
    found = _discover(root, settings=Settings(include=("app/**",), exclude=("**/deep",)))
    assert (found.targets, found.excluded) == (
        frozenset({"app/a.py"}),
        frozenset({"app/deep/b.py", "tools/c.py"}),
    )


def test_file_named_twice_is_read_once(root: Path) -> None:
    _write(root, "app/a.py")
    found = _discover(root, "app", "app/a.py", "app/../app/a.py", ".")
    assert (found.files, found.targets) == (("app/a.py",), frozenset({"app/a.py"}))


def test_named_link_to_a_directory_is_followed(root: Path) -> None:
    _write(root, "app/a.py")
    (root / "link").symlink_to("app")
    found = _discover(root, "link", "app/a.py")
    assert (found.files, found.targets) == (("app/a.py",), frozenset({"app/a.py"}))


def test_links_to_directories_are_not_followed_and_may_form_a_loop(root: Path) -> None:
    _write(root, "app/a.py")
    (root / "app/again").symlink_to("..")
    (root / "itself").symlink_to("itself")
    assert _discover(root).files == ("app/a.py",)


def test_link_to_a_file_is_that_file(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    _write(elsewhere, "theirs.py")
    _write(root, "a.py")
    (root / "b.py").symlink_to("a.py")
    (root / "theirs.py").symlink_to(elsewhere / "theirs.py")
    found = _discover(root)
    assert (found.files, found.skipped) == (("a.py",), ())


def test_broken_link_is_unreadable(root: Path) -> None:
    _write(root, "a.py")
    (root / "gone.py").symlink_to("nowhere.py")
    (root / "loop.py").symlink_to("loop.py")
    for names in ((), ("gone.py", "loop.py")):
        skips = _discover(root, *names).skipped
        assert [(skip.path, skip.reason) for skip in skips] == [
            ("gone.py", SkipReason.UNREADABLE),
            ("loop.py", SkipReason.UNREADABLE),
        ]


def test_lock_file_of_emacs_is_passed_over(root: Path) -> None:
    (root / ".#a.py").symlink_to("me@host.123")
    assert _discover(root).skipped == ()


@pytest.mark.parametrize("names", [(), ("pkg/x.py",)])
def test_directory_named_like_a_file_is_told_and_entered(root: Path, names: tuple[str, ...]) -> None:
    _write(root, "pkg/x.py/inner.py")
    found = _discover(root, *names)
    assert found.targets == {"pkg/x.py/inner.py"}
    assert [(skip.path, skip.reason) for skip in found.skipped] == [("pkg/x.py", SkipReason.NOT_A_FILE)]


@pytest.mark.parametrize("names", [(), ("pipe.py", "socket.py")])
def test_pipe_and_socket_are_no_files(
    root: Path, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(root / "pipe.py")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.py")
        found = _discover(root, *names)
    assert found.files == ()
    assert [(skip.path, skip.reason) for skip in found.skipped] == [
        ("pipe.py", SkipReason.NOT_A_FILE),
        ("socket.py", SkipReason.NOT_A_FILE),
    ]


def test_skips_outside_of_what_was_named_are_not_told(root: Path) -> None:
    _write(root, "app/a.py", "other/x.py/b.py")
    assert _discover(root, "app").skipped == ()


def test_names_that_are_not_text(root: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    _write(root, name, "a b\n.py")
    assert _discover(root).files == ("a b\n.py", name)


def test_path_outside_of_the_root_is_our_mistake(root: Path) -> None:
    with pytest.raises(ValueError, match="outside"):
        discover(root / "app", (root,), Settings())


def test_unmarked_root_is_read_only_around_the_named_file(tmp_path: Path) -> None:
    _write(
        tmp_path,
        "tool.py",
        "beside.py",
        "pkg/__init__.py",
        "pkg/sub/__init__.py",
        "pkg/sub/a.py",
        "photos/b.py",
    )
    found = _discover(tmp_path, "tool.py")
    assert found.files == ("beside.py", "pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/a.py", "tool.py")
    assert found.targets == {"tool.py"}
    assert "photos/b.py" in _discover(tmp_path).files


def test_tracked_file_is_read_although_ignored(repository: Path) -> None:
    _write(repository, "a.py")
    _git(repository, "add", "a.py")
    _write(repository, ".gitignore", text="*.py\n")
    _write(repository, "b.py")
    assert _discover(repository).files == ("a.py",)


def test_deleted_file_is_passed_over(repository: Path) -> None:
    _write(repository, "a.py", "gone.py", "pkg/gone.py", "now_a_file/gone.py")
    _git(repository, "add", ".")
    for name in ("gone.py", "pkg/gone.py", "now_a_file/gone.py"):
        (repository / name).unlink()
    (repository / "pkg").rmdir()
    (repository / "now_a_file").rmdir()
    (repository / "now_a_file").touch()
    found = _discover(repository)
    assert (found.files, found.skipped) == (("a.py",), ())


def test_file_in_conflict_is_read_once(repository: Path) -> None:
    _write(repository, "a.py", text="1")
    _git(repository, "add", ".")
    _git(repository, "commit", "-qm", "1")
    _git(repository, "checkout", "-qb", "other")
    _write(repository, "a.py", text="2")
    _git(repository, "commit", "-qam", "2")
    _git(repository, "checkout", "-q", "-")
    _write(repository, "a.py", text="3")
    _git(repository, "commit", "-qam", "3")
    with pytest.raises(subprocess.CalledProcessError):
        _git(repository, "merge", "-q", "other")
    assert _discover(repository).files == ("a.py",)


def test_submodule_is_entered_only_where_it_is_named(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    _git(other, "init", "-q")
    _write(other, "b.py")
    _git(other, "add", ".")
    _git(other, "commit", "-qm", "1")
    _write(repository, "a.py")
    _git(repository, "submodule", "add", "-q", str(other), "sub")
    assert _discover(repository).files == ("a.py",)
    assert _discover(repository, ".", "sub").files == ("a.py", "sub/b.py")
    assert _discover(repository, "sub").targets == {"sub/b.py"}


def test_linked_work_tree(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    _write(repository, "a.py")
    _git(repository, "add", ".")
    _git(repository, "commit", "-qm", "1")
    linked = tmp_path_factory.mktemp("linked") / "tree"
    _git(repository, "worktree", "add", "-q", str(linked))
    _write(linked, "b.py")
    assert _discover(linked).files == ("a.py", "b.py")


def test_environment_of_a_hook_does_not_lead_astray(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(repository, "a.py")
    monkeypatch.setenv("GIT_DIR", "/nonexistent/.git")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    assert git.list_files(repository, "*.py") == ["a.py"]
    assert _discover(repository).files == ("a.py",)


def test_git_is_not_asked_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, "a.py")
    monkeypatch.setattr(subprocess, "run", None)
    assert _discover(tmp_path).files == ("a.py",)
