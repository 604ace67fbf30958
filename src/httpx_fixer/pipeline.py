"""The order of the stages, and nothing else."""

from __future__ import annotations

from pathlib import Path

from httpx_fixer.report import Report
from httpx_fixer.settings import Settings


def run(root: Path, paths: tuple[Path, ...], settings: Settings, *, with_changes: bool) -> Report:
    """Read the Python files at or below `paths` and return what is to be said about them.

    Paths in the report are relative to `root`. With `with_changes` the applicable fixes are applied
    in memory, verified by reading the result again, and reported as `changes`; nothing is written.
    Anything wrong with a user's file becomes a `Skip` or a `Refusal`; what is raised is our mistake.
    """
    raise NotImplementedError
