"""Imports that a fix leaves without a use."""

from __future__ import annotations

from httpx_fixer.analysis.project import Project
from httpx_fixer.fix import DropImport

_UNUSED = "F401"


def plan_drop(project: Project, path: str, bound: str) -> DropImport:
    """Remove the import of a name where nothing else reads it; it stays, and says so, for other files."""
    readers = project.search.readers_elsewhere(path, bound)
    if not readers:
        return DropImport(path, bound)
    is_for_tests = all(project.is_test(reader) for reader in readers)
    kept_for = "tests reach it here" if is_for_tests else "other modules take it from here"
    return DropImport(path, bound, kept_for, not project.packaging.is_noqa_unwanted(path, _UNUSED))
