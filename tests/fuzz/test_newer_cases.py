"""Cases in modules for a newer Python: what is reported and written does not depend on the running one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixture_cases import SOUND_CASES, Case, Tree, apply_changes, result_of, run_case, run_tree

from httpx_fixer.newer_python import is_compiled_by_newer
from httpx_fixer.report import Report

from .promises import TRIES

EACH = 1 if TRIES else 10
"""Every so many-th case is tried; all of them where random programs are asked for, too."""

NEWER = b"""

type _Pair[T] = tuple[T, T]


def _swap[T](pair: _Pair[T]) -> _Pair[T]:
    try:
        return pair[1], pair[0]
    except KeyError, IndexError:
        raise ValueError(f"{pair["first"]} {' '.join(f"{one}" for one in pair)}")
"""
"""PEP 695, 701 and 758: of 3.12 and 3.14."""

OWNERS = frozenset({"http_client.py", "http_tls.py", "http_limits.py"})
"""Modules that an earlier run wrote, which a later one writes anew: what the user puts there stops it."""


def _add_newer(tree: Tree) -> Tree:
    return {path: data + NEWER if _is_open(path, data) else data for path, data in tree.items()}


def _is_open(path: str, data: bytes) -> bool:
    is_module = path.endswith(".py") and path.rpartition("/")[2] not in OWNERS
    return is_module and data.endswith(b"\n") and b"\r" not in data and b"httpx" in data


@pytest.fixture(autouse=True)
def newer_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a Python on the path that compiles all that is newer, where none is installed."""
    if not is_compiled_by_newer(NEWER):
        stand_in = tmp_path / "bin" / f"python3.{sys.version_info.minor + 1}"
        stand_in.parent.mkdir()
        stand_in.write_text("#!/bin/sh\nexit 0\n")
        stand_in.chmod(0o755)
        monkeypatch.setenv("PATH", str(stand_in.parent), prepend=os.pathsep)
        is_compiled_by_newer.cache_clear()
    yield
    is_compiled_by_newer.cache_clear()


@pytest.mark.parametrize("case", SOUND_CASES[::EACH], ids=str)
def test_module_for_a_newer_python_is_fixed_like_any_other(case: Case) -> None:
    tree = _add_newer(case.before)
    report = run_tree(tree, case.settings)
    assert _gist(report) == _gist(run_case(case))
    found, expected = apply_changes(tree, report.changes), result_of(case)
    assert found.keys() == expected.keys()
    for path, data in expected.items():
        was = case.before.get(path)
        assert found[path] == (data + NEWER if was is not None and _is_open(path, was) else data), path


def _gist(report: Report) -> list[tuple[str, str, int, str]]:
    return [
        (d.code, d.anchor.path, d.anchor.start.line, "" if d.refusal is None else d.refusal.reason.name)
        for d in report.diagnostics
    ]
