"""What `fix --verify`, `--interactive` and `undo` do with their options."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from httpx_fixer.choosing import choose, require_terminal
from httpx_fixer.commands import Run, propose, show_patch, tell_written
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.options import Options, read_project
from httpx_fixer.outcome import Outcome
from httpx_fixer.pipeline import Proposal
from httpx_fixer.report import Report
from httpx_fixer.reporters.counts import plural
from httpx_fixer.reporters.narration import keep_silent, narrate
from httpx_fixer.reporters.paths import build_locator, show_path
from httpx_fixer.review_options import DiffOptions, MigrateOptions
from httpx_fixer.rewrite.journal import ChangedSince, Journal, NoRecord
from httpx_fixer.toml_table import UsageError
from httpx_fixer.trials import CannotCompare, Trials
from httpx_fixer.verify_command import Command
from httpx_fixer.writing import close, failing_to_write, recover, refuse_uncommitted, write


def fix(options: MigrateOptions) -> Outcome:
    """Read, and write those fixes to the files that are wanted, and with which `--verify` goes as before."""
    if options.interactive:
        require_terminal()
    run, proposal = propose(options, writes=True)
    run = replace(run, report=proposal.settle({}))
    remark = ""
    if run.report.changes:
        if not options.allow_dirty:
            refuse_uncommitted(run.project.root, run.directory, run.report.changes)
        spared = choose(run, proposal) if options.interactive else {}
        if options.verify:
            report, remark = _verify(run, proposal, options.verify, spared)
            run = replace(run, report=report)
        else:
            run = replace(run, report=proposal.settle(spared))
            remark = write(run.project.root, run.directory, run.report.changes)
    return tell_written(replace(run, report=proposal.complete(run.report)), options, remark)


def diff(options: DiffOptions) -> Outcome:
    """Read, ask for each fix, and return those that are wanted as a patch."""
    require_terminal()
    if options.split_by is not None or options.output_dir is not None:
        raise UsageError("--interactive and --split-by exclude one another")
    run, proposal = propose(options)
    report = proposal.settle(choose(run, proposal))
    return show_patch(replace(run, report=proposal.complete(report)), options)


def undo(options: Options) -> Outcome:
    """Put back the files of the last run, unless somebody changed one of them since."""
    root, directory = read_project(options).root, Path.cwd().resolve()
    said = recover(root, directory)
    if said:
        return Outcome(1, "", said)
    locate = build_locator(root, directory)
    try:
        with failing_to_write(root, directory):
            paths = Journal(root).undo()
    except NoRecord as failure:
        raise UsageError(f"nothing was undone: {failure}") from failure
    except ChangedSince as changed:
        names = "".join(f"\n  {show_path(locate(path))}" for path in changed.paths)
        raise UsageError(f"nothing was undone: these files were changed since{names}") from changed
    if paths is None:
        raise UsageError("there is no run to undo")
    names = "".join(f"  {show_path(locate(path))}\n" for path in paths)
    return Outcome(0, "", f"Put back {plural(len(paths), 'file')}:\n{names}")


def _verify(
    run: Run, proposal: Proposal, line: str, spared: Mapping[Diagnostic, Refusal]
) -> tuple[Report, str]:
    """Leave on the disk what stands the test, and return its report and a remark.

    Whatever is raised, all is put back.
    """
    journal = Journal(run.project.root)
    tell = keep_silent if run.options.quiet else narrate
    with failing_to_write(run.project.root, run.directory), _interrupted_by_any_signal():
        try:
            trials = Trials(proposal, journal, Command(line, run.directory), tell)
            report = trials.settle(spared)
        except (CannotCompare, NoRecord) as failure:
            journal.put_back()
            raise UsageError(f"nothing was written: {failure}") from failure
        except BaseException:
            journal.put_back()
            raise
        remark = close(journal)
    return report, remark


@contextmanager
def _interrupted_by_any_signal() -> Iterator[None]:
    """Treat a polite request to end as Ctrl-C: the files are put back."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = ("SIGTERM", "SIGHUP")
    usual = {
        number: signal.signal(number, interrupt) for name in names if (number := getattr(signal, name, None))
    }
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
