"""The diagnostics as commands of a GitHub workflow, which shows them beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Mapping

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.paths import Locate
from httpx_fixer.reporters.wording import describe_fully, is_note
from httpx_fixer.source import Skip


def render(report: Report, context: Context) -> str:
    """Return one command a line: an error for a diagnostic, a notice for one about our comments.

    GitHub shows columns only where a site lies on one line.
    """
    lines = [_annotate(diagnostic, context) for diagnostic in report.diagnostics]
    lines += [_annotate_skip(skip, context.locate) for skip in report.skipped]
    return "".join(f"{line}\n" for line in lines)


def _annotate(diagnostic: Diagnostic, context: Context) -> str:
    start, end = diagnostic.anchor.start, diagnostic.anchor.end
    properties = {
        "title": f"{diagnostic.code} {diagnostic.name}",
        "file": context.locate(diagnostic.anchor.path),
        "line": str(start.line),
        "endLine": str(end.line),
    }
    if start.line == end.line:
        properties |= {"col": str(start.column + 1), "endColumn": str(end.column + 1)}
    kind = "notice" if is_note(diagnostic) else "error"
    return _command(kind, properties, describe_fully(diagnostic, context))


def _annotate_skip(skip: Skip, locate: Locate) -> str:
    properties = {"title": f"not read: {skip.reason.name}", "file": locate(skip.path)}
    return _command("warning", properties, skip.detail)


def _command(kind: str, properties: Mapping[str, str], message: str) -> str:
    given = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
    return f"::{kind} {given}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
