"""The order of the stages, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from httpx_fixer.analysis.discovery import Discovery, discover
from httpx_fixer.analysis.files import build_reader
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.suppressions import compile_file_ignores
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.frameworks._registry import build_frameworks
from httpx_fixer.report import Report
from httpx_fixer.rewrite.plan import refuse_excluded
from httpx_fixer.rules._judgement import judge
from httpx_fixer.settings import Settings


def run(root: Path, paths: tuple[Path, ...], settings: Settings, *, with_changes: bool) -> Report:
    """Read the Python files at or below `paths` and return what is to be said about them.

    Paths in the report are relative to `root`. With `with_changes` the applicable fixes are applied
    in memory, verified by reading the result again, and reported as `changes`; nothing is written.
    Anything wrong with a user's file becomes a `Skip` or a `Refusal`; what is raised is our mistake.
    """
    started = time.perf_counter()
    discovery = discover(root, paths, settings)
    reading = _Reading(root, discovery, settings)
    project, diagnostics = reading.read({})
    skipped = {*discovery.skipped, *project.skips_of(discovery.targets)}
    if with_changes:
        # The writing wing loads libcst (0.3 s): only where something may be written.
        from httpx_fixer.rewrite.settle import Sources, settle  # noqa: PLC0415

        first_party, line_length = project.imports.first_party(), project.line_length()
        sources = Sources(project.bytes_of, reading.read_again, first_party, line_length)
        settled = settle(diagnostics, sources, unsafe_fixes=settings.unsafe_fixes)
        diagnostics, changes, numbers = settled.diagnostics, settled.changes, settled.numbers
        skipped |= set(settled.skipped)
    else:
        changes, numbers = (), ()
    return Report(
        diagnostics,
        tuple(sorted(skipped, key=lambda skip: skip.path)),
        changes,
        numbers,
        files_seen=len(discovery.targets),
        files_read=project.parsed(),
        elapsed_s=time.perf_counter() - started,
    )


class _Reading:
    """Reads the project as it is, or as it is going to be."""

    def __init__(self, root: Path, discovery: Discovery, settings: Settings) -> None:
        self._root = str(root)
        self._discovery = discovery
        self._settings = settings
        self._ignores = compile_file_ignores(settings)
        self._first: Project | None = None

    def read(self, overlay: Mapping[str, bytes]) -> tuple[Project, tuple[Diagnostic, ...]]:
        """Read the project with the files of `overlay` in place of those on disk."""
        files = tuple(sorted({*self._discovery.files, *(path for path in overlay if path.endswith(".py"))}))
        targets = self._discovery.targets | overlay.keys()
        read = build_reader(self._root, self._settings.max_file_size, overlay)
        project = Project(files, frozenset(targets), read, self._first, frozenset(overlay))
        if self._first is None:
            self._first = project
        lifecycles = Lifecycles(project, build_frameworks())
        diagnostics = judge(project, lifecycles, self._settings, self._ignores)
        return project, refuse_excluded(diagnostics, self._discovery.excluded)

    def read_again(self, overlay: Mapping[str, bytes]) -> tuple[Diagnostic, ...]:
        """Return what is said about the project as it is going to be."""
        return self.read(overlay)[1]
