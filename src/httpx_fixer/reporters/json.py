"""The report as JSON, for other programs; its schema stands in the documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.fix import Fix
from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.counts import count
from httpx_fixer.reporters.paths import Locate
from httpx_fixer.source import Position

SCHEMA_VERSION = 1
"""Changes when a reader of the old form would stumble; keys may be added without it."""

_Json = Mapping[str, "str | int | float | Sequence[str] | Sequence[_Json] | _Json | None"]


def render(report: Report, context: Context) -> str:
    """Return the report as one JSON object and a newline, in ASCII; keys in a fixed order."""
    counts, locate = count(report), context.locate
    document: _Json = {
        "schema_version": SCHEMA_VERSION,
        "diagnostics": [describe_diagnostic(diagnostic, context) for diagnostic in report.diagnostics],
        "skipped": [
            {"path": locate(skip.path), "reason": skip.reason.name, "detail": skip.detail}
            for skip in report.skipped
        ],
        "summary": {
            "files_seen": report.files_seen,
            "files_read": report.files_read,
            "diagnostics": counts.diagnostics,
            "fixable_safe": counts.safe,
            "fixable_unsafe": counts.unsafe,
            "refused": counts.refused,
            "seconds": round(report.elapsed_s, 3),
        },
    }
    return json.dumps(document, indent=2) + "\n"


def describe_diagnostic(diagnostic: Diagnostic, context: Context) -> _Json:
    """Return a diagnostic as the schema has it."""
    fix, refusal, locate = diagnostic.fix, diagnostic.refusal, context.locate
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "message": diagnostic.message,
        "path": locate(diagnostic.anchor.path),
        "start": _place(diagnostic.anchor.start),
        "end": _place(diagnostic.anchor.end),
        "applicability": None if fix is None else fix.applicability.value,
        "fix": None if fix is None else _describe_fix(fix, locate),
        "refusal": None if refusal is None else _describe_refusal(refusal, locate),
        "fingerprint": diagnostic.fingerprint,
        "url": context.page(diagnostic.name),
    }


def _describe_fix(fix: Fix, locate: Locate) -> _Json:
    return {"title": fix.title, "paths": [locate(path) for path in fix.paths]}


def _describe_refusal(refusal: Refusal, locate: Locate) -> _Json:
    return {
        "reason": refusal.reason.name,
        "detail": refusal.detail,
        "path": locate(refusal.path),
        "line": refusal.line,
    }


def _place(position: Position) -> _Json:
    return {"line": position.line, "column": position.column + 1}
