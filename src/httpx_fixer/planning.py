"""What `plan` does with its options."""

from __future__ import annotations

import sys

from httpx_fixer.commands import start
from httpx_fixer.outcome import Outcome
from httpx_fixer.reporters.paths import build_locator
from httpx_fixer.reporters.plan import PlanReporter
from httpx_fixer.review_options import PlanFormat, PlanOptions


def plan(options: PlanOptions) -> Outcome:
    """Read, make the fixes in memory, and return who will own what and which sites reach it how."""
    run = start(options, with_changes=True, with_processes=True)
    reporter = PlanReporter(
        run.text_reporter(sys.stdout),
        build_locator(run.project.root, run.directory),
        unsafe_fixes=run.settings.unsafe_fixes,
        is_ascii="utf" not in (sys.stdout.encoding or "").lower(),
    )
    is_json = options.output_format is PlanFormat.JSON
    product = reporter.render_json(run.report) if is_json else reporter.render_tree(run.report)
    return Outcome(run.code(), product, run.remark())
