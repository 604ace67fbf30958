"""Changed files to the disk: all of them or none."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from pathlib import Path
from types import FrameType

from httpx_fixer.report import FileChange
from httpx_fixer.values import dataclass

_UNFLUSHABLE = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}
"""What file systems answer that cannot flush a directory."""


class WriteFailure(Exception):  # noqa: N818 - says what happened, as all our words do
    """Why nothing was written. `path` is that of the change, `message` one line for people."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class Exchange:
    """A file that is to hold `after` where it holds `before`; None: there is no such file."""

    path: str
    before: bytes | None
    after: bytes | None


def write_changes(root: Path, changes: Sequence[FileChange]) -> None:
    """Write all changes below `root`, or none of them; see `exchange_files`."""
    exchange_files(root, [Exchange(change.path, change.before, change.after) for change in changes])


def exchange_files(root: Path, exchanges: Sequence[Exchange]) -> None:
    """Make all exchanges below `root`, or none of them.

    New content goes into temporary files beside the targets; then these are renamed, while Ctrl-C
    waits. A link is written through to its file, which must lie below `root`. Modes are kept.
    Raises `WriteFailure` where a file cannot be written or no longer holds what it held when it was
    read; whatever is raised before the last rename, all files are put back.
    """
    batch = _Batch()
    try:
        for change in exchanges:
            batch.add(root, change)
        batch.prepare()
        with _interrupts_held():
            batch.commit()
    except BaseException:
        if not batch.committed:
            with _interrupts_held():
                batch.undo()
        raise


@dataclass(slots=True)
class _Target:
    """A file to write: `real` is where it is once links are followed, `temp` its new content."""

    change: Exchange
    named: Path
    real: Path
    mode: int | None = None
    temp: Path | None = None
    replaced: bool = False


@dataclass(slots=True)
class _Batch:
    """The files of one call, and the directories that had to be made for them."""

    targets: list[_Target] = field(default_factory=list)
    made: list[Path] = field(default_factory=list)
    committed: bool = False

    def add(self, root: Path, change: Exchange) -> None:
        """Find the file of a change, and refuse it where it lies elsewhere or changes twice."""
        with _failing_as(change.path):
            home = root.resolve()
            target = _Target(change, home / change.path, (home / change.path).resolve())
        if not target.real.is_relative_to(home):
            raise WriteFailure(change.path, f"lies outside of {root}")
        twin = next((each for each in self.targets if each.real == target.real), None)
        if twin is None:
            self.targets.append(target)
        elif (twin.change.before, twin.change.after) != (change.before, change.after):
            raise WriteFailure(
                change.path, f"is the same file as {twin.change.path}, which changes otherwise"
            )

    def prepare(self) -> None:
        """Write the new contents beside the targets."""
        for target in self.targets:
            with _failing_as(target.change.path):
                if target.change.before is None:
                    self._make_parents(target.real.parent)
                else:
                    _check_writable(target)
                if target.change.after is not None:
                    _write_beside(target, target.change.after)

    def commit(self) -> None:
        """Rename the new contents over the targets, once all of these are known to be untouched."""
        for target in self.targets:
            with _failing_as(target.change.path):
                _check_unchanged(target)
        for target in self.targets:
            with _failing_as(target.change.path):
                _replace(target) if target.change.after is not None else _remove(target)
        for directory in sorted({target.real.parent for target in self.targets}):
            with _failing_as(str(directory)):
                _flush_directory(directory)
        self.committed = True

    def undo(self) -> None:
        """Put everything back; what cannot be is named in a `WriteFailure`."""
        for target in self.targets:
            _discard_temp(target)
        stuck = [target.change.path for target in self.targets if target.replaced and not _put_back(target)]
        for directory in reversed(self.made):
            with suppress(OSError):
                directory.rmdir()
        if stuck:
            raise WriteFailure(stuck[0], f"was changed and could not be put back ({len(stuck)} in all)")

    def _make_parents(self, directory: Path) -> None:
        missing = [each for each in (directory, *directory.parents) if not each.exists()]
        for each in reversed(missing):
            each.mkdir()
            self.made.append(each)


def _check_writable(target: _Target) -> None:
    state = target.real.stat()
    if not stat.S_ISREG(state.st_mode):
        raise WriteFailure(target.change.path, "is not a regular file")
    # A rename would get past the file's own permissions.
    if not os.access(target.real, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    target.mode = stat.S_IMODE(state.st_mode)


def _check_unchanged(target: _Target) -> None:
    before = target.change.before
    if before is None and os.path.lexists(target.named):
        raise WriteFailure(target.change.path, "exists already")
    if before is not None and target.real.read_bytes() != before:
        raise WriteFailure(target.change.path, "changed on disk since it was read")


def _write_beside(target: _Target, data: bytes) -> None:
    """Write `data` to a new file in the target's directory, flushed to the disk."""
    target.temp = target.real.with_name(f".{target.real.name}.{secrets.token_hex(4)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(target.temp, flags, 0o666 if target.mode is None else 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if target.mode is not None:
        _keep_owner(target.real, target.temp)
        target.temp.chmod(target.mode)


def _keep_owner(real: Path, temp: Path) -> None:
    """Give the new file to the old one's owner, as far as we may."""
    old, new = real.stat(), temp.stat()
    if hasattr(os, "chown") and (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        with suppress(OSError):
            os.chown(temp, old.st_uid, old.st_gid)


def _replace(target: _Target) -> None:
    assert target.temp is not None
    os.replace(target.temp, target.real)  # noqa: PTH105 - what tests of a full disk take hold of
    target.replaced = True
    target.temp = None


def _remove(target: _Target) -> None:
    target.real.unlink()
    target.replaced = True


def _put_back(target: _Target) -> bool:
    """Give a replaced file its old content; False where that is not possible."""
    try:
        if target.change.before is None:
            target.real.unlink(missing_ok=True)
        else:
            _write_beside(target, target.change.before)
            _replace(target)
    except OSError:
        _discard_temp(target)
        return False
    return True


def _discard_temp(target: _Target) -> None:
    if target.temp is not None:
        with suppress(OSError):
            target.temp.unlink(missing_ok=True)
        target.temp = None


def _flush_directory(directory: Path) -> None:
    """Make the renames last through a power cut, where the file system can."""
    if os.name == "nt":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNFLUSHABLE:
            raise
    finally:
        os.close(handle)


@contextmanager
def _failing_as(path: str) -> Iterator[None]:
    """Turn what the operating system says into a `WriteFailure` for `path`."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WriteFailure(path, f"cannot be written: {reason}") from error


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait until the block is done; only the main thread can and need do so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    usual = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual if usual is not None else signal.SIG_DFL)
        if waiting:
            signal.raise_signal(signal.SIGINT)
