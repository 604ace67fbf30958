"""The report for programs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sample import sample_report
from schemas import assert_valid

from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.json import render
from httpx_fixer.source import Skip, SkipReason


@pytest.fixture
def report() -> Report:
    return sample_report()


def test_report_keeps_to_the_schema(report: Report) -> None:
    for each in (report, Report()):
        assert_valid(json.loads(render(each, Context(str))), "report")


def test_fix_and_refusal_exclude_one_another(report: Report) -> None:
    diagnostics = json.loads(render(report, Context(str)))["diagnostics"]
    assert [each["applicability"] for each in diagnostics] == ["safe", "unsafe", "display-only", None]
    assert [each["fix"] is None for each in diagnostics] == [False, False, False, True]
    assert [each["refusal"] is None for each in diagnostics] == [True, True, True, False]


def test_first_diagnostic_in_full(report: Report) -> None:
    assert json.loads(render(report, Context(lambda path: f"up/{path}")))["diagnostics"][0] == {
        "code": "HXF101",
        "name": "client-per-request",
        "message": "`fetch_user` does client-per-request[int]",
        "path": "up/app/x.py",
        "start": {"line": 10, "column": 5},
        "end": {"line": 10, "column": 40},
        "applicability": "safe",
        "fix": {"title": "share one client", "paths": ["up/app/client.py", "up/app/x.py"]},
        "refusal": None,
        "fingerprint": "0000000000000000000000000000000a",
        "url": None,
    }


def test_summary_counts_and_rounds(report: Report) -> None:
    assert json.loads(render(report, Context(str)))["summary"] == {
        "files_seen": 540,
        "files_read": 12,
        "diagnostics": 4,
        "fixable_safe": 1,
        "fixable_unsafe": 1,
        "refused": 1,
        "seconds": 0.123,
    }


def test_output_is_ascii_whatever_the_names(report: Report) -> None:
    odd = replace(report, skipped=(Skip("gr\u00f6\u00dfe\udce9.py", SkipReason.NOT_A_FILE, "a directory"),))
    text = render(odd, Context(str))
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text)["skipped"][0]["path"] == "gr\u00f6\u00dfe\udce9.py"
