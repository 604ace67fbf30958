"""What a run writes, kept outside of the work tree until it can no longer be wanted back."""

from __future__ import annotations

import base64
import glob
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from httpx_fixer.records import find_records
from httpx_fixer.rewrite.write import Exchange, WriteFailure, exchange_files
from httpx_fixer.values import dataclass

_TRIAL = "under-way.json"
_LAST = "last-run.json"


class RunUnderWay(Exception):  # noqa: N818 - says what happened, as all our words do
    """Another run is at work on the same files; the text names its process."""


class NoRecord(Exception):  # noqa: N818 - as above
    """Why what is about to be written cannot be recorded."""


class ChangedSince(Exception):  # noqa: N818 - as above
    """Files that somebody changed after the run that is to be undone; `paths` are relative to the root."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        super().__init__(", ".join(paths))
        self.paths = paths


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of the files of a run that was killed: put back, or changed since and left as they are."""

    restored: tuple[str, ...]
    changed: tuple[str, ...]


class Journal:
    """The files of one project below `root`, as they were before a run and as it wrote them.

    Kept in the repository's own directory, or where programs keep their state if there is none. A
    record of what is about to be written lies there before the first file changes, so that the next
    run can put back what a killed one left.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._home = find_records(root)
        self._before: dict[str, bytes | None] = {}
        self._current: dict[str, bytes | None] = {}
        self._written: dict[str, list[str]] = {}

    def is_unfinished(self) -> bool:
        """Answer whether a run is under way, or was killed."""
        return os.access(self._home / _TRIAL, os.F_OK)

    def recover(self) -> Recovery | None:
        """Put back what a killed run left; None where there was none. Raises `RunUnderWay`."""
        record = _read(self._home / _TRIAL)
        if record is None:
            return None
        if record.process != os.getpid() and _is_alive(record.process):
            lock = self._home / _TRIAL
            raise RunUnderWay(
                f"process {record.process} is at work here; if that is no httpx-fixer, remove {lock}"
            )
        exchanges, changed = list[Exchange](), list[str]()
        for entry in record.files:
            present, before = self._look(entry.path), entry.before
            if present != before and _digest(present) not in entry.written:
                changed.append(entry.path)
            elif present != before:
                exchanges.append(Exchange(entry.path, present, before))
            exchanges += self._find_temporary(entry.path)
        exchange_files(self.root, exchanges)
        self._forget(_TRIAL)
        restored = tuple(sorted(each.path for each in exchanges if not each.path.endswith(".tmp")))
        return Recovery(restored, tuple(sorted(changed)))

    def write(self, wanted: Mapping[str, bytes | None]) -> None:
        """Bring all files to `wanted`, and those that are not in it back to what they were, or none.

        Raises `WriteFailure`, and `NoRecord` before anything is changed.
        """
        for path in wanted.keys() - self._before.keys():
            self._before[path] = self._current[path] = self._look(path)
        goal = {**self._before, **wanted}
        exchanges = [
            Exchange(path, self._current[path], goal[path])
            for path in sorted(goal)
            if goal[path] != self._current[path]
        ]
        for each in exchanges:
            self._written.setdefault(each.path, []).append(_digest(each.after))
        files = (
            _File(path, before, tuple(self._written.get(path, ()))) for path, before in self._before.items()
        )
        self._note(_TRIAL, sorted(files, key=lambda file: file.path))
        try:
            exchange_files(self.root, exchanges)
        finally:  # Ctrl-C waits until all is written, and comes then
            self._current.update((each.path, self._look(each.path)) for each in exchanges)
            if self._current == self._before:
                self._forget(_TRIAL)

    def close(self) -> None:
        """Let the files stay as they are now; where that is not as they were, `undo` takes it back.

        Raises `NoRecord` where it cannot, and `WriteFailure` where the next run will put the files back.
        """
        changed = [path for path in sorted(self._before) if self._current[path] != self._before[path]]
        try:
            if changed:
                files = [_File(path, self._before[path], (_digest(self._current[path]),)) for path in changed]
                self._note(_LAST, files)
        except NoRecord:
            self._forget(_LAST)  # of a run before this one, which is no longer the last
            raise
        finally:
            self._forget(_TRIAL)

    def put_back(self) -> None:
        """Make the files what they were before this run."""
        self.write({})
        self.close()

    def undo(self) -> tuple[str, ...] | None:
        """Put back the files of the last run, and return their names; None where there was no run.

        Raises `ChangedSince` where one was changed since, and changes nothing then.
        """
        record = _read(self._home / _LAST)
        if record is None:
            return None
        entries = record.files
        stale = [each.path for each in entries if _digest(self._look(each.path)) not in each.written]
        if stale:
            raise ChangedSince(tuple(stale))
        self.write({entry.path: entry.before for entry in entries})
        self._forget(_LAST)
        self._forget(_TRIAL)
        return tuple(entry.path for entry in entries)

    def _look(self, path: str) -> bytes | None:
        file = self.root / path
        return file.read_bytes() if file.is_file() else None

    def _find_temporary(self, path: str) -> list[Exchange]:
        """Return what removes the unfinished new content of a file (see `write`)."""
        file = self.root / path
        found = sorted(file.parent.glob(f".{glob.escape(file.name)}.????????.tmp"))
        return [Exchange(each.relative_to(self.root).as_posix(), each.read_bytes(), None) for each in found]

    def _note(self, name: str, files: Sequence[_File]) -> None:
        present = self._home / name
        before = present.read_bytes() if present.is_file() else None
        record = {
            "root": str(self.root),
            "process": os.getpid(),
            "files": [file.describe() for file in files],
        }
        try:
            exchange_files(self._home, [Exchange(name, before, json.dumps(record, indent=1).encode())])
        except WriteFailure as failure:
            raise NoRecord(f"{self._home / failure.path} {failure.message}") from failure

    def _forget(self, name: str) -> None:
        present = self._home / name
        if present.is_file():
            exchange_files(self._home, [Exchange(name, present.read_bytes(), None)])


@dataclass(frozen=True, slots=True)
class _File:
    """A file before the run, and the digests of all that the run wrote to it."""

    path: str
    before: bytes | None
    written: tuple[str, ...]

    def describe(self) -> Mapping[str, str | Sequence[str] | None]:
        before = None if self.before is None else base64.b64encode(self.before).decode()
        return {"path": self.path, "before": before, "written": self.written}


@dataclass(frozen=True, slots=True)
class _Record:
    process: int
    files: tuple[_File, ...]


def _read(file: Path) -> _Record | None:
    if not file.is_file():
        return None
    values = json.loads(file.read_bytes())
    files = (_File(each["path"], _decode(each["before"]), tuple(each["written"])) for each in values["files"])
    return _Record(values["process"], tuple(files))


def _decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _digest(data: bytes | None) -> str:
    return "none" if data is None else hashlib.sha256(data).hexdigest()


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # where signal 0 is Ctrl-C
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
