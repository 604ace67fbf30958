"""The report for people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sample import sample_report

from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.report import Report
from httpx_fixer.reporters.excerpt import iter_excerpt
from httpx_fixer.reporters.paths import build_locator, show_path
from httpx_fixer.reporters.table import iter_table
from httpx_fixer.reporters.text import TextReporter
from httpx_fixer.source import Anchor, Position, Skip, SkipReason, SourceFile

EVERYTHING = """\
app/x.py:10:5 HXF101 `fetch_user` does client-per-request[int]
  10 |     call_number_10(with_arguments, in_it)
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    fix: share one client (also changes app/client.py)
app/x.py:12:5 HXF106 `fetch_user` does blocking-request-in-async[int]
  12 |     call_number_12(with_arguments, in_it)
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    fix with --unsafe-fixes: await it; unsafe: it may block
app/x.py:14:5 HXF111 `fetch_user` does mixed-upstream-client[int]
  14 |     call_number_14(with_arguments, in_it)
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    fix by hand: split it
app/x.py:16:5 HXF301 `fetch_user` does unclosed-stream[int]
  16 |     call_number_16(with_arguments, in_it)
     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    left alone: ESCAPES: `client` is returned (app/y.py:7)

app/old.py not read: SYNTAX_ERROR: line 3: Missing parentheses

"""
COUNTS = """\
rule                              found  safe fix  unsafe fix  by hand  left alone
HXF101 client-per-request             1         1           0        0  0
HXF106 blocking-request-in-async      1         0           1        0  0
HXF111 mixed-upstream-client          1         0           0        1  0
HXF301 unclosed-stream                1         0           0        0  1 (1 ESCAPES)
4 diagnostics in 1 file: 1 with a safe fix, 1 with an unsafe fix, 1 to fix by hand, 1 left alone; \
1 file not read.
`httpx-fixer explain` tells more of a code, and of a reason why something was left alone.
"""


@pytest.fixture
def report() -> Report:
    return sample_report()


def test_everything_is_told(report: Report) -> None:
    assert TextReporter(str).render(report) == EVERYTHING + COUNTS


def test_counts_can_be_left_out(report: Report) -> None:
    assert TextReporter(str).render(report, with_counts=False) == EVERYTHING.removesuffix("\n")


def test_counts_can_be_all(report: Report) -> None:
    assert TextReporter(str).render(report, only_counts=True) == COUNTS


def test_files_are_apart(report: Report) -> None:
    first = report.diagnostics[0]
    other = replace(first, anchor=replace(first.anchor, path="app/z.py"))
    text = TextReporter(str).render(
        replace(report, diagnostics=(first, other), skipped=()), with_counts=False
    )
    heads = ("    fix: share one client (also changes app/client.py)\n", "\napp/z.py:10:5 HXF101 ")
    assert "".join(heads) in text


def test_reasons_are_counted_the_most_frequent_first(report: Report) -> None:
    refused = report.diagnostics[-1]
    assert refused.refusal is not None
    other = replace(refused, outcome=replace(refused.refusal, reason=RefusalReason.COOKIE_JAR))
    assert list(iter_table([other, refused, refused]))[1].endswith("3 (2 ESCAPES, 1 COOKIE_JAR)")


@pytest.mark.parametrize(
    ("line", "start", "end", "shown"),
    [
        ("x = f(a)", 4, 8, ["x = f(a)", "    ^^^^"]),
        ("\tx = f(a)", 5, 9, ["    x = f(a)", "        ^^^^"]),
        ("名前 = f(a)", 5, 9, ["名前 = f(a)", "       ^^^^"]),
        ("e\u0301 = f(a)", 5, 9, ["e\u0301 = f(a)", "    ^^^^"]),
        ("f('\x1b[2J')", 0, 9, ["f('·[2J')", "^^^^^^^^^"]),
        ("x" * 200 + "f(a)", 200, 204, ["..." + "x" * 30 + "f(a)", " " * 33 + "^^^^"]),
        ("f(a)" + "x" * 200, 0, 4, ["f(a)" + "x" * 116 + "...", "^^^^"]),
        ("", 0, 0, ["", "^"]),
    ],
)
def test_excerpt_marks_the_site(line: str, start: int, end: int, shown: list[str]) -> None:
    anchor = Anchor("x.py", "Call", Position(1, start), Position(1, end))
    lines = list(iter_excerpt(SourceFile("x.py", line.encode()), anchor))
    assert lines == [f"  1 | {shown[0]}", f"    | {shown[1]}"]


def test_excerpt_of_several_lines_shows_the_first() -> None:
    anchor = Anchor("x.py", "Call", Position(2, 4), Position(4, 1))
    source = SourceFile("x.py", b"\nx = f(  # why\n    a\n)\n")
    assert list(iter_excerpt(source, anchor)) == ["  2 | x = f(  # why", "    |     ^^^^^^^^^ ..."]


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
    assert coloured == EVERYTHING + COUNTS


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
