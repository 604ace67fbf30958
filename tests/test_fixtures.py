"""Every case of `tests/fixtures`: what is reported, and what comes out."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_cases import (
    CASES,
    SOUND_CASES,
    Case,
    Tree,
    iter_stray_directories,
    marks_of,
    result_of,
    run_case,
    write_tree,
)

EXPECTED = [
    pytest.param(
        case, marks=pytest.mark.xfail(strict=True, reason=case.fault) if case.fault else (), id=repr(case)
    )
    for case in CASES
]
WITH_CHECK = [case for case in SOUND_CASES if case.check is not None]


@pytest.mark.parametrize("case", EXPECTED)
def test_case(case: Case, *, accept: bool) -> None:
    """Each mark has its diagnostic, each diagnostic its mark, and the result is the after half."""
    report = run_case(case)
    told = dict.fromkeys(sorted((marks_of(report) - case.marks).elements()), "reported, not marked")
    told |= dict.fromkeys(sorted((case.marks - marks_of(report)).elements()), "marked, not reported")
    assert not told, "\n".join(f"{m.path}:{m.line} {m.code} {m.reason}: {what}" for m, what in told.items())
    assert not report.skipped
    if accept and not case.fault:
        case.accept(result_of(case))
    unlike = _diff(case.after, result_of(case))
    assert not unlike, unlike


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_case_says_why(case: Case) -> None:
    assert case.why.strip().endswith(".")
    assert "\n" not in case.why.strip()


def test_every_directory_is_a_case() -> None:
    assert list(iter_stray_directories()) == []


@pytest.mark.parametrize("case", WITH_CHECK, ids=repr)
def test_case_behaves_as_before(case: Case, tmp_path: Path) -> None:
    before = _run_check(case, case.before, tmp_path / "before")
    assert before
    assert _run_check(case, case.after, tmp_path / "after") == before


def _run_check(case: Case, tree: Tree, place: Path) -> str:
    """Run the case's `check.py` in a copy of one of its halves, and return what it prints."""
    assert case.check is not None
    write_tree({**tree, "check.py": case.check.read_bytes()}, place)
    done = subprocess.run(
        [sys.executable, "check.py"],
        cwd=place,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _diff(expected: Tree, found: Tree) -> str:
    """Return what is wrong with a result, as a patch from the expected tree; "" where nothing is."""
    parts: list[str] = []
    for path in sorted(expected.keys() | found.keys()):
        old, new = expected.get(path), found.get(path)
        if old != new:
            lines = difflib.unified_diff(_lines(old), _lines(new), f"expected/{path}", f"found/{path}")
            parts.append("".join(line.rstrip("\n") + "\n" for line in lines))
    return "".join(parts)


def _lines(data: bytes | None) -> list[str]:
    """Return the lines of a file; carriage returns and bytes that are no UTF-8 stay visible."""
    text = (data or b"").decode(errors="backslashreplace").replace("\r", "\\r")
    return text.splitlines(keepends=True) if data is not None else ["(no such file)\n"]
