"""A fix over several files that is stopped, or fails, at any step: old or new, and the next run says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("dying.py")
CHANGED = {"shop/http_client.py", "shop/main.py", "shop/orders.py", "shop/prices.py"}
KILLED = "an earlier run was killed while it wrote; "

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each run is a fork")


def try_every_step(way: str, directory: Path) -> list[dict[str, Any]]:
    """Return what came of each step; the last row is a run that nothing happened to."""
    unwanted = ("GIT_", "NO_COLOR", "FORCE_COLOR", "HTTPX_FIXER", "XDG_STATE_HOME")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), way, str(directory)],
        env={**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["step"] for row in rows} >= {"open", "fsync", "replace", ""}
    assert (rows[-1]["step"], rows[-1]["code"]) in {("", 0), ("", 1)}
    return rows


def is_all(files: dict[str, str], state: str) -> bool:
    return files == dict.fromkeys(CHANGED, state)


def test_kill_at_each_step_leaves_old_or_new_and_the_next_run_says_so(tmp_path: Path) -> None:
    rows = try_every_step("kill", tmp_path / "work")[:-1]
    assert any(len(set(row["files"].values()) & {"old", "new"}) == 2 for row in rows), "never half-way"
    for row in rows:
        assert row["code"] == -9
        assert "neither" not in row["files"].values()
        strays = [path for path, state in row["files"].items() if state == "stray"]
        assert all(path.endswith(".tmp") for path in strays)
        is_whole = is_all(row["files"], "old") or is_all(row["files"], "new")
        is_recorded = KILLED in row["next told"]
        assert is_recorded or is_whole
        if row["check"] is not None:
            assert ("was killed; then `httpx-fixer undo` puts its files back" in row["check"]) == is_recorded
        assert is_all(row["next files"], "old" if row["next"] == "undo" else "new")


def test_kill_at_each_step_of_putting_back_is_put_right_by_the_next_run(tmp_path: Path) -> None:
    rows = try_every_step("die-twice", tmp_path / "work")
    assert len(rows) > 5
    for row in rows:
        assert "neither" not in row["files"].values()
        assert is_all(row["next files"], "old" if row["next"] == "undo" else "new")
    assert KILLED in rows[-1]["told"]


def test_error_at_each_step_leaves_all_files_old_or_all_new(tmp_path: Path) -> None:
    for row in try_every_step("fail", tmp_path / "work"):
        assert is_all(row["files"], "old" if row["code"] == 2 else "new"), row
        assert row["code"] in {1, 2}
        assert "internal error" not in row["told"]
        assert row["told"]
