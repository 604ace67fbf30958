"""What `check` and `baseline write` do with their options."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from httpx_fixer import pipeline
from httpx_fixer.baseline import build_baseline, read_baseline, render_baseline
from httpx_fixer.commands import Run, start, start_with
from httpx_fixer.narrowing import read_narrowing
from httpx_fixer.options import BaselineOptions, CheckOptions, OutputFormat, read_project
from httpx_fixer.outcome import Outcome
from httpx_fixer.reporters.counts import plural
from httpx_fixer.toml_table import UsageError


def check(options: CheckOptions) -> Outcome:
    """Read, and report what was found."""
    project = read_project(options)
    narrowing = read_narrowing(options, project)
    output_format = options.output_format
    with_replacements = output_format in _WITH_REPLACEMENTS
    extras = pipeline.Extras(narrowing.keeps, project.given, with_replacements=with_replacements)
    run = start_with(options, project, with_changes=output_format in _WITH_CHANGES, extras=extras)
    if options.add_ignore is not None:
        if project.given is not None:
            raise UsageError("--add-ignore writes into files, not into standard input")
        return _silence(run, options.add_ignore)
    remark = run.remark() + ("" if options.quiet else narrowing.remark(run.report, project.paths))
    return Outcome(run.code(), run.render_report(options), remark, options.output_file)


def _silence(run: Run, reason: str) -> Outcome:
    from httpx_fixer.silencing import silence  # noqa: PLC0415 -- libcst, 0.3 s; `check` does without

    left, said = silence(run.project.root, run.report, reason)
    return Outcome(int(bool(left.diagnostics)), run.render_text(left), said)


_WITH_REPLACEMENTS = {OutputFormat.SARIF, OutputFormat.RDJSON}
"""The formats that carry fixes."""
_WITH_CHANGES = {*_WITH_REPLACEMENTS, OutputFormat.MARKDOWN}
"""The formats that say what will be changed, for which all fixes have to be tried."""


def write_baseline(options: BaselineOptions) -> Outcome:
    """Read, and write what was found as what is known; what is new only if that is asked for."""
    run = start(options, with_changes=False)
    file = Path(os.path.realpath(options.baseline))
    new = build_baseline(file, run.project.root, run.report.diagnostics)
    added = []
    if file.exists():
        old = read_baseline(file)
        added = [diagnostic for diagnostic in run.report.diagnostics if not old.holds(diagnostic)]
        elsewhere = set(old.entries).difference(old.entries_below(run.project.paths))
        new = replace(new, entries=tuple(sorted({*new.entries, *elsewhere})))
    if added and not options.grow:
        shown = run.render_text(replace(run.report, diagnostics=tuple(added)))
        talk = f"httpx-fixer: nothing was written: {len(added)} new; fix them, or give --grow\n"
        return Outcome(1, shown, talk)
    talk = f"httpx-fixer: {plural(len(new.entries), 'diagnostic')} in {options.baseline}\n"
    return Outcome(0, render_baseline(new), talk, file)
