"""What `diff` and `fix` say on standard error."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample import sample_report

from httpx_fixer.report import Report
from httpx_fixer.reporters.summary import SummaryReporter
from httpx_fixer.reporters.text import TextReporter

LEFT = """\
Left alone:
  app/x.py:12:5 HXF106 `fetch_user` does blocking-request-in-async[int]
      fix with --unsafe-fixes: await it; unsafe: it may block
  app/x.py:14:5 HXF111 `fetch_user` does mixed-upstream-client[int]
      fix by hand: split it
  app/x.py:16:5 HXF301 `fetch_user` does unclosed-stream[int]
      left alone: ESCAPES: `client` is returned (app/y.py:7)
Not read:
  app/old.py not read: SYNTAX_ERROR: line 3: Missing parentheses
"""


@pytest.fixture
def report() -> Report:
    return sample_report()


def _render(report: Report, *, written: bool, unsafe_fixes: bool = False) -> str:
    text = TextReporter(str, unsafe_fixes=unsafe_fixes)
    return SummaryReporter(text, written=written, unsafe_fixes=unsafe_fixes).render(report)


def test_what_was_written(report: Report) -> None:
    assert _render(report, written=True) == (
        "Changed 2 files, 1 fix:\n"
        "  HXF101 client-per-request: 1\n"
        "Numbers that changed:\n"
        "  read timeout: 5 s -> 30 s at app/x.py:10\n" + LEFT
    )


def test_what_would_be_written(report: Report) -> None:
    text = _render(report, written=False)
    assert text.startswith("Would change 2 files, 1 fix:\n")
    assert "Numbers that change:\n" in text


def test_unsafe_fixes_count_where_they_were_asked_for(report: Report) -> None:
    text = _render(report, written=True, unsafe_fixes=True)
    assert text.startswith(
        "Changed 2 files, 2 fixes:\n  HXF101 client-per-request: 1\n  HXF106 blocking-request-in-async: 1\n"
    )
    assert "await it" not in text


def test_nothing_to_fix(report: Report) -> None:
    assert _render(Report(files_seen=3), written=True) == "Nothing to fix in 3 Python files.\n"
    nothing = replace(report, diagnostics=report.diagnostics[1:], changes=(), numbers=())
    assert _render(nothing, written=False) == "Nothing to fix in 540 Python files.\n" + LEFT
