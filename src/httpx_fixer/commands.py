"""A run as options ask for it, and what `diff` and `fix` do with it; the printing is left to `cli`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
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
from httpx_fixer.report import Report
from httpx_fixer.reporters._registry import load_renderer
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.patch import colour_patch, place_changes
from httpx_fixer.reporters.paths import build_locator, show_path
from httpx_fixer.reporters.progress import show_progress
from httpx_fixer.reporters.summary import SummaryReporter
from httpx_fixer.reporters.text import TextReporter
from httpx_fixer.rule_page import RulePage
from httpx_fixer.settings import Settings
from httpx_fixer.source import SkipReason, SourceFile
from httpx_fixer.toml_table import RuleName, UsageError


def diff(options: ChangeOptions) -> Outcome:
    """Read, and return the fixes as a patch."""
    run = start(options, with_changes=True)
    patch, hint = _render_patch(run)
    summary = run.render_summary(written=False, show_fixes=options.show_fixes)
    return Outcome(run.code(), patch, run.remark() + summary + hint)


def fix(options: FixOptions) -> Outcome:
    """Read, and write the fixes to the files."""
    run = start(options, with_changes=True)
    if run.project.given is not None:
        if options.output_format is not OutputFormat.TEXT:
            raise UsageError("`fix -` prints the file and no report")
        return _show_fixed(run, run.project.given)
    remark = run.remark() + _write(run, allow_dirty=options.allow_dirty)
    is_wanted = options.output_format is not OutputFormat.TEXT or options.output_file is not None
    product = run.render_report(options) if is_wanted or options.statistics else ""
    code = int(bool(run.report.changes)) if options.exit_non_zero_on_fix else run.code()
    talk = remark + run.render_summary(written=True, show_fixes=options.show_fixes)
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
    """What was asked, and what came of it; `directory` is where the tool was started."""

    options: Options
    project: Project
    settings: Settings
    report: Report
    directory: Path

    def code(self) -> int:
        """Return 1 if anything is to be told; what is no file hides no code, and does not count."""
        unread = any(skip.reason is not SkipReason.NOT_A_FILE for skip in self.report.skipped)
        is_something = bool(self.report.diagnostics or self.report.changes or unread)
        return int(is_something and not self.options.exit_zero)

    def remark(self) -> str:
        """Return what else there is to say, so that a mistyped path is not taken for clean code."""
        if self.report.files_seen or self.options.quiet:
            return ""
        return "httpx-fixer: no Python files at or below the given paths\n"

    def render_report(self, options: ReportOptions) -> str:
        """Return the whole report."""
        to_file = options.output_file is not None
        context = Context(
            build_locator(self.project.root, self.directory),
            colour=_is_coloured(options.color, sys.stdout) and not to_file,
            unsafe_fixes=self.settings.unsafe_fixes,
            with_counts=options.statistics or not options.quiet,
            only_counts=options.statistics,
            version=_read_version() if options.output_format is OutputFormat.SARIF else "",
            read_pages=_read_pages,
        )
        return load_renderer(options.output_format.value)(self.report, context)

    def render_summary(self, *, written: bool, show_fixes: bool) -> str:
        """Return what was done, for standard error."""
        if self.options.quiet:
            return ""
        text = self._text_reporter(sys.stderr)
        unsafe_fixes = self.settings.unsafe_fixes
        summary = SummaryReporter(text, written=written, unsafe_fixes=unsafe_fixes, show_fixes=show_fixes)
        return summary.render(self.report)

    def render_text(self, report: Report) -> str:
        """Return a report for people, without counts."""
        return self._text_reporter(sys.stdout).render(report, with_counts=False)

    def _text_reporter(self, stream: TextIO) -> TextReporter:
        return TextReporter(
            build_locator(self.project.root, self.directory),
            colour=_is_coloured(self.options.color, stream),
            unsafe_fixes=self.settings.unsafe_fixes,
        )


def _read_version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 -- 15 ms, for few formats

    return version("httpx-fixer")


def _read_pages() -> Sequence[RulePage]:
    from httpx_fixer.catalogue import read_pages  # noqa: PLC0415 -- the rules, which take 0.1 s to load

    return read_pages()


def start(options: Options, *, with_changes: bool) -> Run:
    """Read what the options ask for; with changes, all applicable fixes are made in memory."""
    project = read_project(options)
    return start_with(
        options, project, with_changes=with_changes, extras=pipeline.Extras(given=project.given)
    )


def start_with(
    options: Options, project: Project, *, with_changes: bool, extras: pipeline.Extras = pipeline.NO_EXTRAS
) -> Run:
    """Read a project that was found already, and do what else is asked for."""
    settings = read_settings(options, project, _RuleNames())
    with nullcontext(extras.tell) if options.quiet else show_progress(sys.stderr) as tell:
        extras = replace(extras, tell=tell)
        report = pipeline.run(project.root, project.paths, settings, with_changes=with_changes, extras=extras)
    return Run(options, project, settings, report, Path(os.path.realpath(os.curdir)))


def _render_patch(run: Run) -> tuple[bytes, str]:
    """Return the patch, and a hint where `git apply` would not take it in this directory."""
    from httpx_fixer.rewrite.diff import render_patch  # noqa: PLC0415 -- libcst, 0.3 s; `check` does without

    top = git.find_top_level(run.project.root)
    placed = place_changes(run.report.changes, run.project.root, top, run.directory)
    patch = render_patch(placed.changes)
    # `FORCE_COLOR` is set in many a CI, and `git apply` takes no colours.
    is_coloured = _is_coloured(run.options.color, sys.stdout, is_forceable=False)
    hint = ""
    if placed.changes and placed.elsewhere is not None:
        hint = (
            f"httpx-fixer: the patch reaches beyond this directory; run `git apply` in {placed.elsewhere}\n"
        )
    return colour_patch(patch) if is_coloured else patch, hint


def _write(run: Run, *, allow_dirty: bool) -> str:
    """Write the changes and return a remark. Raises `UsageError` where they cannot be written, or undone."""
    from httpx_fixer.rewrite.write import WriteFailure, write_changes  # noqa: PLC0415 -- as above

    root, changes = run.project.root, run.report.changes
    if not allow_dirty:
        _refuse_uncommitted(run)
    try:
        write_changes(root, changes)
    except WriteFailure as failure:
        path = show_path(build_locator(root, run.directory)(failure.path))
        raise UsageError(f"writing failed: {path}: {failure.message}") from failure
    except KeyboardInterrupt:
        if not all((root / change.path).read_bytes() == change.after for change in changes):
            raise
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is to tell what was done
    if not changes or git.find_top_level(root) is not None or run.options.quiet:
        return ""
    return "httpx-fixer: this is no git repository; the old content of the files is not kept anywhere\n"


def _refuse_uncommitted(run: Run) -> None:
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


def _is_coloured(when: When, stream: TextIO, *, is_forceable: bool = True) -> bool:
    """Decide as `no-color.org` and `force-color.org` say; an option beats both."""
    if when is not When.AUTO:
        return when is When.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if is_forceable and os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
