"""A run as options ask for it, and what `diff` and `fix` do with it; the printing is left to `cli`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TextIO, overload

from httpx_fixer import git, pipeline
from httpx_fixer.config import Project
from httpx_fixer.options import (
    ChangeOptions,
    FixOptions,
    Options,
    OutputFormat,
    ReportOptions,
    When,
    read_project,
    read_settings,
)
from httpx_fixer.outcome import Outcome
from httpx_fixer.records import has_records
from httpx_fixer.report import FileChange, Report
from httpx_fixer.reporters._registry import load_renderer
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.patch import PlacedChanges, colour_patch, place_changes
from httpx_fixer.reporters.paths import build_locator
from httpx_fixer.reporters.progress import show_progress
from httpx_fixer.reporters.summary import SummaryReporter
from httpx_fixer.reporters.text import TextReporter
from httpx_fixer.rule_page import RulePage
from httpx_fixer.settings import Settings
from httpx_fixer.source import SkipReason, SourceFile
from httpx_fixer.toml_table import RuleName, UsageError
from httpx_fixer.values import dataclass


def diff(options: ChangeOptions) -> Outcome:
    """Read, and return the fixes as a patch."""
    return show_patch(start(options, with_changes=True), options)


def show_patch(run: Run, options: ChangeOptions) -> Outcome:
    """Return the changes of a run as a patch."""
    patch, hint = _render_patch(run)
    summary = run.render_summary(written=False, show_fixes=options.show_fixes)
    return Outcome(run.code(), patch, run.remark() + summary + hint)


def fix(options: FixOptions) -> Outcome:
    """Read, and write the fixes to the files."""
    run = start(options, with_changes=True, writes=True)
    from httpx_fixer.writing import refuse_uncommitted, write  # noqa: PLC0415 -- 15 ms, to write only

    if run.project.given is not None:
        if options.output_format is not OutputFormat.TEXT:
            raise UsageError("`fix -` prints the file and no report")
        return _show_fixed(run, run.project.given)
    if run.report.changes and not options.allow_dirty:
        refuse_uncommitted(run.project.root, run.directory, run.report.changes)
    remark = write(run.project.root, run.directory, run.report.changes)
    return tell_written(run, options, remark)


def tell_written(run: Run, options: FixOptions, remark: str) -> Outcome:
    """Return what is told once the changes of a run are in the files."""
    is_wanted = options.output_format is not OutputFormat.TEXT or options.output_file is not None
    product = run.render_report(options) if is_wanted or options.statistics else ""
    code = int(bool(run.report.changes)) if options.exit_non_zero_on_fix else run.code()
    talk = run.remark() + remark + run.render_summary(written=True, show_fixes=options.show_fixes)
    talk += run.tell_next()
    return Outcome(code, product, talk, options.output_file)


def _show_fixed(run: Run, given: SourceFile) -> Outcome:
    """Return the given file as it is after all fixes; it is returned as it was where it cannot be read."""
    after = next((change.after for change in run.report.changes), given.data)
    return Outcome(run.code(), after, run.render_summary(written=True, show_fixes=False))


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

    def render_report(self, options: ReportOptions) -> str:
        """Return the whole report."""
        to_file = options.output_file is not None
        context = Context(
            build_locator(self.project.root, self.directory),
            colour=is_coloured(options.color, sys.stdout) and not to_file,
            unsafe_fixes=self.settings.unsafe_fixes,
            with_counts=options.statistics or not options.quiet,
            only_counts=options.statistics,
            version=_read_version() if options.output_format is OutputFormat.SARIF else "",
            read_pages=_read_pages,
            docs_url=self.settings.docs_url,
        )
        return load_renderer(options.output_format.value)(self.report, context)

    def render_summary(self, *, written: bool, show_fixes: bool) -> str:
        """Return what was done, for standard error."""
        if self.options.quiet:
            return ""
        text = self.text_reporter(sys.stderr)
        unsafe_fixes = self.settings.unsafe_fixes
        summary = SummaryReporter(text, written=written, unsafe_fixes=unsafe_fixes, show_fixes=show_fixes)
        return summary.render(self.report)

    def render_text(self, report: Report) -> str:
        """Return a report for people, without counts."""
        return self.text_reporter(sys.stdout).render(report, with_counts=False)

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
            docs_url=self.settings.docs_url,
        )


def _read_version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 -- 15 ms, for few formats

    return version("httpx-fixer")


def _read_pages() -> Sequence[RulePage]:
    from httpx_fixer.catalogue import read_pages  # noqa: PLC0415 -- the rules, which take 0.1 s to load

    return read_pages()


def start(options: Options, *, with_changes: bool, writes: bool = False, with_processes: bool = False) -> Run:
    """Read what the options ask for; with changes, all applicable fixes are made in memory.

    Who `writes` puts back first what a run that was killed left; others only tell of it.
    """
    project = read_project(options)
    extras = pipeline.Extras(given=project.given, with_processes=with_processes)
    recovered = _look_after(project, writes=writes)
    run = start_with(options, project, with_changes=with_changes, extras=extras)
    return replace(run, recovered=recovered) if recovered else run


def start_with(
    options: Options, project: Project, *, with_changes: bool, extras: pipeline.Extras = pipeline.NO_EXTRAS
) -> Run:
    """Read a project that was found already, and do what else is asked for."""
    settings = read_settings(options, project, _RuleNames())
    with nullcontext(extras.tell) if options.quiet else show_progress(sys.stderr) as tell:
        extras = replace(extras, tell=tell)
        report = pipeline.run(project.root, project.paths, settings, with_changes=with_changes, extras=extras)
    directory = Path(os.path.realpath(os.curdir))
    return Run(options, project, settings, report, directory, _tell_unfinished(project.root))


def propose(options: Options, *, writes: bool = False) -> tuple[Run, pipeline.Proposal]:
    """Read files as `start` does, and leave open which of the fixes are to be made."""
    project = read_project(options)
    if project.given is not None:
        raise UsageError("this works on files, not on standard input")
    recovered = _look_after(project, writes=writes)
    settings = read_settings(options, project, _RuleNames())
    proposal = pipeline.propose(project.root, project.paths, settings)
    directory = Path(os.path.realpath(os.curdir))
    return Run(options, project, settings, proposal.report, directory, recovered), proposal


def _look_after(project: Project, *, writes: bool) -> str:
    """Return what there is to say of a run that was killed; its files are put back if we are to write."""
    if writes and project.given is None:
        from httpx_fixer.writing import recover  # noqa: PLC0415 -- as in `fix`

        return recover(project.root, Path(os.path.realpath(os.curdir)))
    return _tell_unfinished(project.root)


def _tell_unfinished(root: Path) -> str:
    if not has_records(root):
        return ""
    from httpx_fixer.writing import tell_unfinished  # noqa: PLC0415 -- as in `fix`

    return tell_unfinished(root)


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


def is_coloured(when: When, stream: TextIO, *, is_forceable: bool = True) -> bool:
    """Decide as `no-color.org` and `force-color.org` say; an option beats both."""
    if when is not When.AUTO:
        return when is When.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if is_forceable and os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
