"""The report in the format of reviewdog, which turns a suggestion into one that a reviewer can accept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.report import Replacement, Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.wording import describe_fully, is_note
from httpx_fixer.source import Position, SourceFile


def render(report: Report, context: Context) -> str:
    """Return one JSON object (`rdjson`)."""
    document = {
        "source": {"name": "httpx-fixer"},
        "severity": "WARNING",
        "diagnostics": [_describe(diagnostic, report, context) for diagnostic in report.diagnostics],
    }
    return json.dumps(document, indent=2) + "\n"


def _describe(diagnostic: Diagnostic, report: Report, context: Context) -> dict[str, Any]:
    anchor = diagnostic.anchor
    described: dict[str, Any] = {
        "message": describe_fully(diagnostic, context),
        "location": {"path": context.locate(anchor.path), "range": _range(anchor.start, anchor.end)},
        "severity": "INFO" if is_note(diagnostic) else "WARNING",
        "code": {"value": diagnostic.code},
    }
    page = context.page(diagnostic.name)
    if page is not None:
        described["code"]["url"] = page
    replacements = report.replacements.get(diagnostic.fingerprint, ())
    if replacements and all(one.path == anchor.path for one in replacements):
        described["suggestions"] = [
            _suggest(SourceFile(anchor.path, report.sources[anchor.path]), replacements)
        ]
    return described


def _suggest(source: SourceFile, replacements: Sequence[Replacement]) -> dict[str, Any]:
    """Join what a fix replaces into one suggestion: half of a fix is not to be accepted.

    A fix that changes several files has none, for the same reason.
    """
    start, end = replacements[0].start, replacements[-1].end
    text, line = "", start.line
    for one in replacements:
        text += "".join(source.whole_lines[line - 1 : one.start.line - 1]) + one.text
        line = one.end.line
    return {"range": _range(start, end), "text": text}


def _range(start: Position, end: Position) -> dict[str, Any]:
    return {
        "start": {"line": start.line, "column": start.column + 1},
        "end": {"line": end.line, "column": end.column + 1},
    }
