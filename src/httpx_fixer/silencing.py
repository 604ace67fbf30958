"""`--add-ignore`: comments that silence what was found, written into the files."""

from __future__ import annotations

from pathlib import Path

from httpx_fixer.report import Report
from httpx_fixer.reporters.counts import plural
from httpx_fixer.rewrite.ignores import add_ignores
from httpx_fixer.rewrite.write import WriteFailure, write_changes
from httpx_fixer.toml_table import UsageError


def silence(root: Path, report: Report, reason: str) -> tuple[Report, str]:
    """Write a comment to every diagnostic; return what no comment can silence, and what to say.

    Raises `UsageError` where a file cannot be written; then none is.
    """
    silenced = add_ignores(report, reason)
    try:
        write_changes(root, silenced.changes)
    except WriteFailure as failure:
        raise UsageError(f"writing failed: {failure}") from failure
    number = len(report.diagnostics) - len(silenced.left)
    where = plural(len(silenced.changes), "file")
    said = f"httpx-fixer: silenced {plural(number, 'diagnostic')} in {where}\n"
    return Report(silenced.left, sources=report.sources), said
