"""What `report` does with its options."""

from __future__ import annotations

from httpx_fixer.commands import start
from httpx_fixer.outcome import Outcome
from httpx_fixer.reporters.page import PageReporter
from httpx_fixer.reporters.paths import build_locator
from httpx_fixer.review_options import PageOptions
from httpx_fixer.rewrite.diff import render_patch


def report(options: PageOptions) -> Outcome:
    """Read, make the fixes in memory, and return a page to look at them."""
    run = start(options, with_changes=True, with_processes=True)
    locate = build_locator(run.project.root, run.directory)
    patches = {change.path: render_patch([change]) for change in run.report.changes}
    reporter = PageReporter(
        locate, patches, unsafe_fixes=run.settings.unsafe_fixes, docs_url=run.settings.docs_url
    )
    page = reporter.render(run.report, f"httpx-fixer: review of {run.project.root.name}")
    talk = "" if options.quiet else f"httpx-fixer: wrote {options.output}\n"
    return Outcome(run.code(), page, run.remark() + talk, options.output)
