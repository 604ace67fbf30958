"""The diagnostics as a Code Quality report of GitLab."""

from __future__ import annotations

import json

from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.wording import describe_fully, is_note


def render(report: Report, context: Context) -> str:
    """Return one JSON array; GitLab tells new from old by the fingerprints."""
    entries = [
        {
            "description": f"{diagnostic.code}: {describe_fully(diagnostic, context)}",
            "check_name": diagnostic.name,
            "fingerprint": diagnostic.fingerprint,
            "severity": "info" if is_note(diagnostic) else "major",
            "location": {
                "path": context.locate(diagnostic.anchor.path),
                "lines": {"begin": diagnostic.anchor.start.line, "end": diagnostic.anchor.end.line},
            },
        }
        for diagnostic in report.diagnostics
    ]
    return json.dumps(entries, indent=2) + "\n"
