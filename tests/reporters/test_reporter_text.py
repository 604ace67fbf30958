"""The report for people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sample import sample_report

from httpx_fixer.report import Report
from httpx_fixer.reporters.paths import build_locator, show_path
from httpx_fixer.reporters.text import TextReporter
from httpx_fixer.source import Skip, SkipReason

EVERYTHING = """\
app/x.py:10:5 HXF101 `fetch_user` does client-per-request[int]
    fix: share one client (also changes app/client.py)
app/x.py:12:5 HXF106 `fetch_user` does blocking-request-in-async[int]
    fix with --unsafe-fixes: await it; unsafe: it may block
app/x.py:14:5 HXF111 `fetch_user` does mixed-upstream-client[int]
    fix by hand: split it
app/x.py:16:5 HXF301 `fetch_user` does unclosed-stream[int]
    left alone: ESCAPES: `client` is returned (app/y.py:7)
app/old.py not read: SYNTAX_ERROR: line 3: Missing parentheses
4 diagnostics in 1 file: 1 with a safe fix, 1 with an unsafe fix, 1 to fix by hand, 1 left alone; \
1 file not read.
"""


@pytest.fixture
def report() -> Report:
    return sample_report()


def test_everything_is_told(report: Report) -> None:
    assert TextReporter(str).render(report) == EVERYTHING


def test_closing_line_can_be_left_out(report: Report) -> None:
    text = TextReporter(str).render(report, with_counts=False)
    assert text.splitlines() == EVERYTHING.splitlines()[:-1]


def test_unsafe_fix_that_was_asked_for_is_a_fix_like_others(report: Report) -> None:
    assert "    fix: await it; unsafe: it may block\n" in TextReporter(str, unsafe_fixes=True).render(report)


def test_nothing_to_report() -> None:
    assert TextReporter(str).render(Report(files_seen=1)) == "Nothing to report in 1 Python file.\n"
    assert TextReporter(str).render(Report(files_seen=5400)) == "Nothing to report in 5,400 Python files.\n"


def test_colours_only_add(report: Report) -> None:
    coloured = TextReporter(str, colour=True).render(report)
    assert "\x1b[31mHXF101\x1b[0m" in coloured
    for sequence in ("\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"):
        coloured = coloured.replace(sequence, "")
    assert coloured == EVERYTHING


@pytest.mark.parametrize(
    ("directory", "path"),
    [("/home/me/project", "app/x.py"), ("/home/me/project/app", "x.py"), ("/home/me", "project/app/x.py")],
)
def test_paths_are_relative_to_the_working_directory(directory: str, path: str) -> None:
    assert build_locator(Path("/home/me/project"), Path(directory))("app/x.py") == path


def test_path_elsewhere_goes_up() -> None:
    assert build_locator(Path("/srv/project"), Path("/srv/other"))("x.py") == "../project/x.py"


def test_name_cannot_speak_to_the_terminal(report: Report) -> None:
    odd = replace(report, skipped=(Skip("a\n\x1b[2Jb.py", SkipReason.NOT_A_FILE, "a directory"),))
    assert r"a\n\x1b[2Jb.py not read: NOT_A_FILE" in TextReporter(str).render(odd)
    assert show_path("größe b.py") == "größe b.py"
