from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from httpx_fixer.report import FileChange
from httpx_fixer.rewrite.write import WriteFailure, write_changes

Replace = Callable[[str | Path, str | Path], None]


@pytest.fixture
def changes(tmp_path: Path) -> list[FileChange]:
    """Three changed files and a new one in a new directory."""
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_bytes(name.encode())
    old = [FileChange(name, name.encode(), b"new " + name.encode()) for name in ("a.py", "b.py", "c.py")]
    return [*old, FileChange("pkg/sub/new.py", None, b"created")]


def _read_all(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _fail_at(monkeypatch: pytest.MonkeyPatch, name: str, call: int, error: BaseException) -> None:
    """Make one function of the operating system fail at its nth call, and only there."""
    real, count = getattr(os, name), 0

    def fake(*arguments: object, **options: object) -> object:
        nonlocal count
        count += 1
        if count == call:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, fake)


def test_all_files_are_written(tmp_path: Path, changes: list[FileChange]) -> None:
    write_changes(tmp_path, changes)
    assert _read_all(tmp_path) == {change.path: change.after for change in changes}


def test_mode_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.py"
    path.write_bytes(b"a")
    path.chmod(0o751)
    write_changes(tmp_path, [FileChange("run.py", b"a", b"b")])
    assert stat.S_IMODE(path.stat().st_mode) == 0o751


def test_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_changes(tmp_path, [FileChange("new.py", None, b"b")])
    assert (tmp_path / "new.py").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("name", ["replace", "fsync", "open"])
def test_any_error_leaves_the_old_files(
    tmp_path: Path,
    changes: list[FileChange],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    name: str,
) -> None:
    before = _read_all(tmp_path)
    for call in range(1, 5 if name == "replace" else 7):
        with monkeypatch.context() as patch:
            _fail_at(patch, name, call, OSError(code, os.strerror(code)))
            with pytest.raises(WriteFailure, match=os.strerror(code)):
                write_changes(tmp_path, changes)
        assert _read_all(tmp_path) == before
        assert not (tmp_path / "pkg").exists()


@pytest.mark.parametrize("name", ["replace", "fsync", "open"])
def test_ctrl_c_leaves_the_old_files(
    tmp_path: Path, changes: list[FileChange], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = _read_all(tmp_path)
    for call in range(1, 5):
        with monkeypatch.context() as patch:
            _fail_at(patch, name, call, KeyboardInterrupt())
            with pytest.raises(KeyboardInterrupt):
                write_changes(tmp_path, changes)
        assert _read_all(tmp_path) == before


KILLED = """\
import os, signal, sys
from pathlib import Path
from httpx_fixer.report import FileChange
from httpx_fixer.rewrite.write import write_changes

root, name, call = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
real, count = getattr(os, name), 0

def fake(*arguments, **options):
    global count
    count += 1
    if count == call:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)

setattr(os, name, fake)
names = ("a.py", "b.py", "c.py")
write_changes(root, [FileChange(n, n.encode(), b"new " + n.encode()) for n in names])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="only POSIX kills so")
@pytest.mark.parametrize(("name", "call"), [("fsync", 2), ("replace", 1), ("replace", 2), ("replace", 3)])
def test_killed_run_leaves_each_file_old_or_new(
    tmp_path: Path, changes: list[FileChange], name: str, call: int
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), name, str(call)], check=False)
    assert done.returncode == -signal.SIGKILL
    for change in changes[:3]:
        assert (tmp_path / change.path).read_bytes() in {change.before, change.after}
    left = [path for path in _read_all(tmp_path) if not path.endswith(".py")]
    assert all(path.startswith(".") and path.endswith(".tmp") for path in left)


def test_signal_between_two_renames_waits_until_all_are_made(
    tmp_path: Path, changes: list[FileChange], monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Replace = os.replace

    def interrupted(source: str | Path, target: str | Path) -> None:
        signal.raise_signal(signal.SIGINT)
        real(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_changes(tmp_path, changes)
    assert _read_all(tmp_path) == {change.path: change.after for change in changes}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_write_too(tmp_path: Path, changes: list[FileChange]) -> None:
    thread = threading.Thread(target=write_changes, args=(tmp_path, changes))
    thread.start()
    thread.join()
    assert _read_all(tmp_path) == {change.path: change.after for change in changes}


def test_file_that_cannot_be_put_back_is_named(
    tmp_path: Path, changes: list[FileChange], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = os.replace, 0

    def failing(source: str | Path, target: str | Path) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(WriteFailure, match="could not be put back") as caught:
        write_changes(tmp_path, changes)
    assert caught.value.path == "a.py"
    assert sorted(_read_all(tmp_path)) == ["a.py", "b.py", "c.py"]


def test_file_that_changed_meanwhile_stops_all(tmp_path: Path, changes: list[FileChange]) -> None:
    (tmp_path / "c.py").write_bytes(b"edited")
    before = _read_all(tmp_path)
    with pytest.raises(WriteFailure, match=r"c\.py: changed on disk since it was read"):
        write_changes(tmp_path, changes)
    assert _read_all(tmp_path) == before


def test_file_that_is_gone_stops_all(tmp_path: Path, changes: list[FileChange]) -> None:
    (tmp_path / "c.py").unlink()
    with pytest.raises(WriteFailure, match=r"c\.py: cannot be written: No such file"):
        write_changes(tmp_path, changes)
    assert (tmp_path / "a.py").read_bytes() == b"a.py"


def test_new_file_does_not_replace_one(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_bytes(b"mine")
    with pytest.raises(WriteFailure, match="exists already"):
        write_changes(tmp_path, [FileChange("new.py", None, b"b")])
    assert (tmp_path / "new.py").read_bytes() == b"mine"


def test_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.py").write_bytes(b"a")
    (tmp_path / "link.py").symlink_to("real/a.py")
    write_changes(tmp_path, [FileChange("link.py", b"a", b"b")])
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real/a.py").read_bytes() == b"b"


def test_file_and_link_that_change_alike_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a")
    (tmp_path / "link.py").symlink_to("a.py")
    write_changes(tmp_path, [FileChange("a.py", b"a", b"b"), FileChange("link.py", b"a", b"b")])
    assert (tmp_path / "a.py").read_bytes() == b"b"


def test_file_and_link_that_change_differently_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"a")
    (tmp_path / "link.py").symlink_to("a.py")
    with pytest.raises(WriteFailure, match=r"is the same file as a\.py"):
        write_changes(tmp_path, [FileChange("a.py", b"a", b"b"), FileChange("link.py", b"a", b"c")])


@pytest.mark.parametrize("path", ["link.py", "dir/a.py", "../outside/a.py"])
def test_what_lies_outside_is_refused(tmp_path: Path, path: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "a.py").write_bytes(b"a")
    (root / "link.py").symlink_to(outside / "a.py")
    (root / "dir").symlink_to(outside)
    with pytest.raises(WriteFailure, match="lies outside"):
        write_changes(root, [FileChange(path, b"a", b"b")])
    assert (outside / "a.py").read_bytes() == b"a"


def test_dangling_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "link.py").symlink_to("gone.py")
    with pytest.raises(WriteFailure, match="exists already"):
        write_changes(tmp_path, [FileChange("link.py", None, b"b")])
    assert not (tmp_path / "gone.py").exists()


def test_root_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/a.py").write_bytes(b"a")
    (tmp_path / "link").symlink_to("root")
    write_changes(tmp_path / "link", [FileChange("a.py", b"a", b"b")])
    assert (tmp_path / "root/a.py").read_bytes() == b"b"


def test_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    with pytest.raises(WriteFailure, match="is not a regular file"):
        write_changes(tmp_path, [FileChange("a.py", b"a", b"b")])


def test_read_only_file_is_refused(
    tmp_path: Path, changes: list[FileChange], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b.py").chmod(0o444)
    if os.geteuid() == 0:
        # Root may write to anything; what the system would tell others is simulated.
        monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "b.py")
    with pytest.raises(WriteFailure, match=r"^b\.py: cannot be written: Permission denied$"):
        write_changes(tmp_path, changes)
    assert (tmp_path / "a.py").read_bytes() == b"a.py"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to read-only directories")
def test_read_only_directory_is_refused(tmp_path: Path, changes: list[FileChange]) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(WriteFailure, match="Permission denied"):
            write_changes(tmp_path, changes)
    finally:
        tmp_path.chmod(0o755)


def test_no_changes_write_nothing(tmp_path: Path) -> None:
    write_changes(tmp_path, [])
    assert not _read_all(tmp_path)
