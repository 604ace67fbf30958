"""What `check`, `diff` and `fix` do with their options; the printing is left to `cli`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO, overload

from httpx_fixer import git, pipeline
from httpx_fixer.config import Project
from httpx_fixer.options import (
    FixOptions,
    Options,
    OutputFormat,
    ReportOptions,
    When,
    read_project,
    read_settings,
)
from httpx_fixer.outcome import Outcome
from httpx_fixer.report import FileChange, Report
from httpx_fixer.reporters.counts import plural
from httpx_fixer.reporters.json import render_json
from httpx_fixer.reporters.patch import PlacedChanges, colour_patch, place_changes
from httpx_fixer.reporters.paths import build_locator, show_path
from httpx_fixer.reporters.summary import SummaryReporter
from httpx_fixer.reporters.text import TextReporter
from httpx_fixer.rewrite.journal import Journal, NoRecord, RunUnderWay
from httpx_fixer.rewrite.write import WriteFailure, write_changes
from httpx_fixer.settings import Settings
from httpx_fixer.source import SkipReason
from httpx_fixer.toml_table import RuleName, UsageError


def check(options: ReportOptions) -> Outcome:
    """Read, and report what was found."""
    run = start(options, with_changes=False)
    return Outcome(run.code(), run.render_report(options.output_format), run.remark())


def diff(options: Options) -> Outcome:
    """Read, and return the fixes as a patch."""
    return show_patch(start(options, with_changes=True))


def show_patch(run: Run) -> Outcome:
    """Return the changes of a run as a patch."""
    patch, hint = _render_patch(run)
    return Outcome(run.code(), patch, run.remark() + run.render_summary(written=False) + hint)


def fix(options: FixOptions) -> Outcome:
    """Read, and write the fixes to the files."""
    run = start(options, with_changes=True, writes=True)
    if run.report.changes and not options.allow_dirty:
        refuse_uncommitted(run)
    remark = run.remark() + write(run)
    is_json = options.output_format is OutputFormat.JSON
    product = run.render_report(OutputFormat.JSON) if is_json else ""
    return Outcome(run.code(), product, remark + run.render_summary(written=True) + run.tell_next())


class _RuleNames(Sequence[RuleName]):
    """The names of the rules, read when a setting has to be compared with them: loading takes 0.1 s."""

    def _read(self) -> list[RuleName]:
        from httpx_fixer.catalogue import read_rule_names  # noqa: PLC0415 -- as said

        return read_rule_names()

    def __len__(self) -> int:
        return len(self._read())

    @overload
    def __getitem__(self, index: int) -> RuleName: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RuleName]: ...
    def __getitem__(self, index: int | slice) -> RuleName | Sequence[RuleName]:
        return self._read()[index]


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked, and what came of it; `directory` is where the tool was started.

    `recovered` tells of an earlier run that was killed.
    """

    options: Options
    project: Project
    settings: Settings
    report: Report
    directory: Path
    recovered: str = ""

    def code(self) -> int:
        """Return 1 if anything is to be told; what is no file hides no code, and does not count."""
        unread = any(skip.reason is not SkipReason.NOT_A_FILE for skip in self.report.skipped)
        is_something = bool(self.report.diagnostics or self.report.changes or unread)
        return int(is_something and not self.options.exit_zero)

    def remark(self) -> str:
        """Return what else there is to say, so that a mistyped path is not taken for clean code."""
        if self.report.files_seen or self.options.quiet:
            return self.recovered
        return f"{self.recovered}httpx-fixer: no Python files at or below the given paths\n"

    def render_report(self, output_format: OutputFormat) -> str:
        """Return the whole report."""
        if output_format is OutputFormat.JSON:
            return render_json(self.report, build_locator(self.project.root, self.directory))
        return self.text_reporter(sys.stdout).render(self.report, with_counts=not self.options.quiet)

    def render_summary(self, *, written: bool) -> str:
        """Return what was done, for standard error."""
        if self.options.quiet:
            return ""
        text = self.text_reporter(sys.stderr)
        return SummaryReporter(text, written=written, unsafe_fixes=self.settings.unsafe_fixes).render(
            self.report
        )

    def tell_next(self) -> str:
        """Return what to do after the files were changed."""
        if self.options.quiet or not self.report.changes:
            return ""
        return "Next: read the changes and run the tests; `httpx-fixer undo` takes this run back.\n"

    def text_reporter(self, stream: TextIO) -> TextReporter:
        """Return what writes texts for people to a stream."""
        return TextReporter(
            build_locator(self.project.root, self.directory),
            colour=is_coloured(self.options.color, stream),
            unsafe_fixes=self.settings.unsafe_fixes,
        )


def start(options: Options, *, with_changes: bool, writes: bool = False) -> Run:
    """Read what the options ask for; with changes, all applicable fixes are made in memory."""
    run, proposal = propose(options, writes=writes)
    return replace(run, report=proposal.settle({})) if with_changes else run


def propose(options: Options, *, writes: bool = False) -> tuple[Run, pipeline.Proposal]:
    """Read what the options ask for, and leave open which of the fixes are to be made.

    Who `writes` puts back first what a run that was killed left; others only tell of it.
    """
    project = read_project(options)
    settings = read_settings(options, project, _RuleNames())
    directory = Path(os.path.realpath(os.curdir))
    recovered = recover(project.root, directory) if writes else _tell_unfinished(project.root)
    proposal = pipeline.propose(project.root, project.paths, settings)
    return Run(options, project, settings, proposal.report, directory, recovered), proposal


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


def _tell_unfinished(root: Path) -> str:
    if not Journal(root).is_unfinished():
        return ""
    return (
        "httpx-fixer: a run is under way here, or was killed; then `httpx-fixer undo` puts its files back\n"
    )


def _render_patch(run: Run) -> tuple[bytes, str]:
    """Return the patch, and a hint where `git apply` would not take it in this directory."""
    from httpx_fixer.rewrite.diff import render_patch  # noqa: PLC0415 -- libcst, 0.3 s; `check` does without

    placed = place(run, run.report.changes)
    patch = render_patch(placed.changes)
    # `FORCE_COLOR` is set in many a CI, and `git apply` takes no colours.
    coloured = is_coloured(run.options.color, sys.stdout, is_forceable=False)
    return colour_patch(patch) if coloured else patch, tell_elsewhere(placed)


def place(run: Run, changes: Sequence[FileChange]) -> PlacedChanges:
    """Make the paths of changes such that `git apply` takes them."""
    return place_changes(changes, run.project.root, git.find_top_level(run.project.root), run.directory)


def tell_elsewhere(placed: PlacedChanges) -> str:
    """Return a hint where `git apply` would not take the changes in this directory."""
    if not placed.changes or placed.elsewhere is None:
        return ""
    return f"httpx-fixer: the patch reaches beyond this directory; run `git apply` in {placed.elsewhere}\n"


def write(run: Run) -> str:
    """Write the changes and return a remark. Raises `UsageError` where they cannot be written."""
    root, changes = run.project.root, run.report.changes
    if not changes:
        return ""
    journal, remark = Journal(root), ""
    with failing_to_write(run):
        try:
            journal.write({change.path: change.after for change in changes})
        except NoRecord as failure:
            remark = f"httpx-fixer: the old content of the files is kept nowhere: {failure}\n"
            write_changes(root, changes)
        except KeyboardInterrupt:
            if not all((root / change.path).read_bytes() == change.after for change in changes):
                raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is to tell what was done
        journal.close()
    return remark


@contextmanager
def failing_to_write(run: Run) -> Iterator[None]:
    """Turn the failure to write a file into what is told to the person who runs the tool."""
    try:
        yield
    except WriteFailure as failure:
        path = show_path(build_locator(run.project.root, run.directory)(failure.path))
        raise UsageError(f"writing failed: {path}: {failure.message}") from failure


def refuse_uncommitted(run: Run) -> None:
    """Raise `UsageError` where a file that would change holds what no commit does."""
    root = run.project.root
    try:
        uncommitted = git.list_uncommitted(root, [change.path for change in run.report.changes])
    except git.GitError as error:
        raise UsageError(
            f"cannot ask git what is committed ({error}); --allow-dirty writes anyway"
        ) from error
    if uncommitted:
        locate = build_locator(root, run.directory)
        names = "".join(f"\n  {show_path(locate(path))}" for path in uncommitted)
        raise UsageError(
            "nothing was written: no commit holds the present content of files that would change; "
            f"commit them, or give --allow-dirty{names}"
        )


def is_coloured(when: When, stream: TextIO, *, is_forceable: bool = True) -> bool:
    """Decide as `no-color.org` and `force-color.org` say; an option beats both."""
    if when is not When.AUTO:
        return when is When.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if is_forceable and os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
