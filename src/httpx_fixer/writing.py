"""Changes into the user's files, and what is told where that fails or has failed before."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from httpx_fixer import git
from httpx_fixer.report import FileChange
from httpx_fixer.reporters.counts import plural
from httpx_fixer.reporters.paths import build_locator, show_path
from httpx_fixer.rewrite.journal import Journal, NoRecord, RunUnderWay
from httpx_fixer.rewrite.write import WriteFailure, write_changes
from httpx_fixer.toml_table import UsageError


def write(root: Path, directory: Path, changes: Sequence[FileChange]) -> str:
    """Write the changes and return a remark. Raises `UsageError` where they cannot be written."""
    if not changes:
        return ""
    journal, remark = Journal(root), ""
    with failing_to_write(root, directory):
        try:
            journal.write({change.path: change.after for change in changes})
        except NoRecord as failure:
            remark = f"httpx-fixer: the old content of the files is kept nowhere: {failure}\n"
            write_changes(root, changes)
        except KeyboardInterrupt:
            if not all((root / change.path).read_bytes() == change.after for change in changes):
                raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is to tell what was done
        remark += close(journal)
    return remark


def close(journal: Journal) -> str:
    """Let what was written stay, and return a remark where that cannot be noted down."""
    try:
        journal.close()
    except NoRecord as failure:
        return f"httpx-fixer: `undo` will not take this run back: {failure}\n"
    except WriteFailure as failure:
        return (
            "httpx-fixer: all was written, but the record of this run cannot be removed, and the next run "
            f"would put the files back: {failure}\n"
        )
    return ""


@contextmanager
def failing_to_write(root: Path, directory: Path) -> Iterator[None]:
    """Turn the failure to write a file into what is told to the person who runs the tool."""
    try:
        yield
    except WriteFailure as failure:
        path = show_path(build_locator(root, directory)(failure.path))
        raise UsageError(f"writing failed: {path}: {failure.message}") from failure


def refuse_uncommitted(root: Path, directory: Path, changes: Sequence[FileChange]) -> None:
    """Raise `UsageError` where a file that would change holds what no commit does."""
    try:
        uncommitted = git.list_uncommitted(root, [change.path for change in changes])
    except git.GitError as error:
        raise UsageError(
            f"cannot ask git what is committed ({error}); --allow-dirty writes anyway"
        ) from error
    if uncommitted:
        locate = build_locator(root, directory)
        names = "".join(f"\n  {show_path(locate(path))}" for path in uncommitted)
        raise UsageError(
            "nothing was written: no commit holds the present content of files that would change; "
            f"commit them, or give --allow-dirty{names}"
        )


def recover(root: Path, directory: Path) -> str:
    """Put back what a run that was killed left, and say so. Raises `UsageError` where one is at work."""
    journal = Journal(root)
    try:
        recovery = journal.recover()
    except RunUnderWay as other:
        raise UsageError(str(other)) from other
    except WriteFailure as failure:
        raise UsageError(
            f"an earlier run was killed, and its files cannot be put back: {failure}"
        ) from failure
    if recovery is None:
        return ""
    locate = build_locator(root, directory)
    said = "httpx-fixer: an earlier run was killed while it wrote; "
    said += f"{plural(len(recovery.restored), 'file')} put back as before it\n"
    return said + "".join(
        f"httpx-fixer: left as it is, since somebody changed it: {show_path(locate(path))}\n"
        for path in recovery.changed
    )


def tell_unfinished(root: Path) -> str:
    """Return what there is to say of a run that another one would put right."""
    if not Journal(root).is_unfinished():
        return ""
    return (
        "httpx-fixer: a run is under way here, or was killed; then `httpx-fixer undo` puts its files back\n"
    )
