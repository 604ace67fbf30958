"""The diagnostics as JSON, one a line; the schema of each is that of `json`."""

from __future__ import annotations

import json

from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.json import describe_diagnostic


def render(report: Report, context: Context) -> str:
    """Return a line of ASCII for each diagnostic, nothing where there is none."""
    described = (describe_diagnostic(diagnostic, context) for diagnostic in report.diagnostics)
    return "".join(f"{json.dumps(diagnostic)}\n" for diagnostic in described)
