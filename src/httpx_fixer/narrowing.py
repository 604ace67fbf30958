"""Which of the diagnostics of a run are to be reported: those on changed lines, those that are new."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from httpx_fixer.baseline import Baseline, read_baseline
from httpx_fixer.changed_lines import ChangedLines, read_changed_lines
from httpx_fixer.config import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.git import GitError
from httpx_fixer.options import CheckOptions
from httpx_fixer.report import Report
from httpx_fixer.toml_table import UsageError
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What was asked for; None: not asked."""

    changed: ChangedLines | None = None
    baseline: Baseline | None = None

    def keeps(self, diagnostic: Diagnostic) -> bool:
        """Answer whether a diagnostic is to be reported."""
        if self.changed is not None and not self.changed.touch(diagnostic.anchor):
            return False
        return self.baseline is None or not self.baseline.holds(diagnostic)

    def remark(self, report: Report, paths: Sequence[Path]) -> str:
        """Return what to say of entries of the baseline that are gone, of files at or below `paths`."""
        if self.baseline is None:
            return ""
        found = {d.fingerprint for d in (*report.diagnostics, *report.hidden)}
        gone = [entry for entry in self.baseline.entries_below(paths) if entry.fingerprint not in found]
        if not gone:
            return ""
        return (
            f"httpx-fixer: {len(gone)} of {len(self.baseline.entries)} in the baseline no longer found; "
            "`httpx-fixer baseline write` takes them out\n"
        )


def read_narrowing(options: CheckOptions, project: Project) -> Narrowing:
    """Read what the options name. Raises `UsageError`."""
    changed = None
    if options.diff_base is not None:
        try:
            changed = read_changed_lines(project.root, options.diff_base)
        except GitError as error:
            raise UsageError(f"--diff-base {options.diff_base}: {error}") from error
    baseline = None
    if options.baseline is not None:
        baseline = read_baseline(Path(os.path.realpath(options.baseline)))
    return Narrowing(changed, baseline)
