"""The report as JUnit XML, which most CI servers show as test results."""

from __future__ import annotations

from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.patterns import compile_later
from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.wording import describe_below

_NOT_XML = compile_later("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, also not escaped."""


def render(report: Report, context: Context) -> str:
    """Return one document: a suite for each file, a failed case for each diagnostic.

    A file that was not read is an error. Without any of these there is one case, which passed: some
    servers take an empty document for a fault.
    """
    suites = [
        _suite(path, list(group), context)
        for path, group in groupby(report.diagnostics, lambda diagnostic: diagnostic.anchor.path)
    ]
    unread = [
        _case("not read", context.locate(s.path), _error(s.reason.name, s.detail)) for s in report.skipped
    ]
    if unread:
        suites.append(_wrap("not read", unread, f'errors="{len(unread)}"'))
    if not suites:
        suites.append(
            _wrap("httpx-fixer", ['    <testcase name="nothing to report" classname="httpx-fixer"/>\n'])
        )
    counts = f'tests="{max(len(report.diagnostics) + len(unread), 1)}" failures="{len(report.diagnostics)}"'
    body = "".join(suites)
    text = f'<testsuites name="httpx-fixer" {counts} errors="{len(unread)}">\n{body}</testsuites>\n'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_NOT_XML.sub("?", text)}'


def _suite(path: str, diagnostics: list[Diagnostic], context: Context) -> str:
    name = context.locate(path)
    cases = [
        _case(
            f"{diagnostic.code} {diagnostic.name}",
            f"{name}:{diagnostic.anchor.start.line}:{diagnostic.anchor.start.column + 1}",
            f"      <failure message={quoteattr(diagnostic.message)}>"
            f"{escape(describe_below(diagnostic, context))}</failure>\n",
        )
        for diagnostic in diagnostics
    ]
    return _wrap(name, cases, f'failures="{len(cases)}"')


def _wrap(name: str, cases: list[str], outcome: str = 'failures="0"') -> str:
    head = f'  <testsuite name={quoteattr(name)} tests="{len(cases)}" {outcome}>\n'
    return f"{head}{''.join(cases)}  </testsuite>\n"


def _case(name: str, place: str, inside: str) -> str:
    return f"    <testcase name={quoteattr(name)} classname={quoteattr(place)}>\n{inside}    </testcase>\n"


def _error(reason: str, detail: str) -> str:
    return f"      <error message={quoteattr(f'{reason}: {detail}')}/>\n"
