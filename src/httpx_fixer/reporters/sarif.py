"""The report as SARIF 2.1.0, for code scanning; the standard is that of OASIS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.report import Replacement, Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.paths import Locate
from httpx_fixer.reporters.wording import NOTES, describe_outcome, is_note
from httpx_fixer.rule_page import RulePage
from httpx_fixer.source import Position, Skip

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "%SRCROOT%"
"""Stands for the directory in which the tool was started; the machine's own path is in no report."""
_FINGERPRINT = "httpxFixer/v1"

_Json = dict[str, Any]


def render(report: Report, context: Context) -> str:
    """Return one log with one run; each result carries its fingerprint, and its fix if there is one."""
    pages = context.read_pages()
    indices = {page.code: index for index, page in enumerate(pages)}
    run: _Json = {
        "tool": {"driver": _describe_tool(pages, context)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": "where httpx-fixer was started"}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notify(skip, context.locate) for skip in report.skipped],
            }
        ],
        "results": [
            _describe(diagnostic, report, context.locate, indices) for diagnostic in report.diagnostics
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _describe_tool(pages: Iterable[RulePage], context: Context) -> _Json:
    return {
        "name": "httpx-fixer",
        "version": context.version,
        "rules": [
            {
                "id": page.code,
                "name": page.name,
                "shortDescription": {"text": page.summary},
                "help": {"text": page.text, "markdown": page.text},
                **({"helpUri": address} if (address := context.page(page.name)) else {}),
                "defaultConfiguration": {"level": "note" if page.code.startswith(NOTES) else "warning"},
            }
            for page in pages
        ],
    }


def _describe(diagnostic: Diagnostic, report: Report, locate: Locate, indices: dict[str, int]) -> _Json:
    anchor, fix, refusal = diagnostic.anchor, diagnostic.fix, diagnostic.refusal
    result: _Json = {"ruleId": diagnostic.code}
    if diagnostic.code in indices:
        result["ruleIndex"] = indices[diagnostic.code]
    text = f"{diagnostic.message}. {describe_outcome(diagnostic, locate)}"
    result |= {
        "level": "note" if is_note(diagnostic) else "warning",
        "message": {"text": text},
        "locations": [_place(locate(anchor.path), _region(anchor.start, anchor.end))],
        "partialFingerprints": {_FINGERPRINT: diagnostic.fingerprint},
    }
    if refusal is not None:
        obstacle = _place(locate(refusal.path), {"startLine": refusal.line})
        result["relatedLocations"] = [{"id": 0, **obstacle, "message": {"text": refusal.detail}}]
        result["properties"] = {"refusal": refusal.reason.name}
    if fix is not None:
        result["properties"] = {"applicability": fix.applicability.value}
        replacements = report.replacements.get(diagnostic.fingerprint, ())
        if replacements:
            changes = _describe_changes(replacements, locate)
            result["fixes"] = [{"description": {"text": fix.title}, "artifactChanges": changes}]
    return result


def _describe_changes(replacements: Sequence[Replacement], locate: Locate) -> list[_Json]:
    return [
        {
            "artifactLocation": _locate(locate(path)),
            "replacements": [
                {"deletedRegion": _region(one.start, one.end), "insertedContent": {"text": one.text}}
                for one in group
            ],
        }
        for path, group in groupby(replacements, lambda one: one.path)
    ]


def _notify(skip: Skip, locate: Locate) -> _Json:
    return {
        "level": "warning",
        "descriptor": {"id": skip.reason.name},
        "message": {"text": f"not read: {skip.reason.name}: {skip.detail}"},
        "locations": [{"physicalLocation": {"artifactLocation": _locate(locate(skip.path))}}],
    }


def _place(path: str, region: _Json) -> _Json:
    return {"physicalLocation": {"artifactLocation": _locate(path), "region": region}}


def _locate(path: str) -> _Json:
    return {"uri": quote(path, errors="surrogateescape"), "uriBaseId": _BASE}


def _region(start: Position, end: Position) -> _Json:
    return {
        "startLine": start.line,
        "startColumn": start.column + 1,
        "endLine": end.line,
        "endColumn": end.column + 1,
    }
