"""The order of the stages, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from httpx_fixer.analysis.discovery import Discovery, discover
from httpx_fixer.analysis.files import build_reader, mentions_httpx
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.owners import Process
from httpx_fixer.report import Report
from httpx_fixer.rewrite.sources import Sources
from httpx_fixer.settings import Settings
from httpx_fixer.source import Skip


def run(root: Path, paths: tuple[Path, ...], settings: Settings, *, with_changes: bool) -> Report:
    """Read the Python files at or below `paths` and return what is to be said about them.

    Paths in the report are relative to `root`. With `with_changes` the applicable fixes are applied
    in memory, verified by reading the result again, and reported as `changes`; nothing is written.
    Anything wrong with a user's file becomes a `Skip` or a `Refusal`; what is raised is our mistake.
    """
    proposal = propose(root, paths, settings)
    return proposal.settle({}) if with_changes else proposal.report


def propose(root: Path, paths: tuple[Path, ...], settings: Settings) -> Proposal:
    """Read as `run` does, and leave open which of the fixes are to be made."""
    started = time.perf_counter()
    discovery = discover(root, paths, settings)
    read = build_reader(str(root), settings.max_file_size)
    scanned = {path: read(path) for path in sorted(discovery.targets)}
    known = {path: data for path, data in scanned.items() if not isinstance(data, Skip)}
    unread = {skip for skip in scanned.values() if isinstance(skip, Skip)} | set(discovery.skipped)
    report = Report(files_seen=len(discovery.targets))
    sources, processes = None, _no_processes
    if any(mentions_httpx(data) for data in known.values()):
        report, sources, processes = _judge(root, discovery, settings, known)
    skipped = _sort_skips({*unread, *report.skipped})
    report = replace(report, skipped=skipped, elapsed_s=time.perf_counter() - started)
    return Proposal(report, sources, processes, unsafe_fixes=settings.unsafe_fixes)


class Proposal:
    """What was read, and what would come of any choice among its fixes; `report` has no changes yet."""

    def __init__(
        self,
        report: Report,
        sources: Callable[[], Sources] | None,
        processes: Callable[[], tuple[Process, ...]],
        *,
        unsafe_fixes: bool,
    ) -> None:
        self.report = report
        self.processes = processes
        self.sources = sources
        self.unsafe_fixes = unsafe_fixes

    def settle(self, spared: Mapping[Diagnostic, Refusal], also: tuple[Diagnostic, ...] = ()) -> Report:
        """Return the report with the applicable fixes made, but for those of `spared`, which says why.

        The fixes of `also` are made as well: parts of others that are to be tried on their own.
        """
        if self.sources is None:
            return self.report
        # The writing wing loads libcst (0.3 s): only where something may be written.
        from httpx_fixer.rewrite.settle import settle  # noqa: PLC0415 -- as said

        started = time.perf_counter()
        diagnostics = (*self.report.diagnostics, *also)
        settled = settle(diagnostics, self.sources(), unsafe_fixes=self.unsafe_fixes, spared=spared)
        return replace(
            self.report,
            diagnostics=settled.diagnostics,
            skipped=_sort_skips({*self.report.skipped, *settled.skipped}),
            changes=settled.changes,
            numbers=settled.numbers,
            elapsed_s=self.report.elapsed_s + time.perf_counter() - started,
        )


def _judge(
    root: Path, discovery: Discovery, settings: Settings, known: dict[str, bytes]
) -> tuple[Report, Callable[[], Sources], Callable[[], tuple[Process, ...]]]:
    # Rules and frameworks take 0.1 s to load: only where there is something to read.
    from httpx_fixer.reading import Reading  # noqa: PLC0415 -- as said

    reading = Reading(root, discovery, settings, known)
    project, diagnostics = reading.read({})
    report = Report(
        diagnostics,
        project.skips_of(discovery.targets),
        files_seen=len(discovery.targets),
        files_read=project.parsed(),
    )

    def build_sources() -> Sources:
        first_party, line_length = project.imports.first_party(), project.line_length()
        return Sources(project.bytes_of, reading.read_again, first_party, line_length)

    return report, build_sources, reading.processes


def _no_processes() -> tuple[Process, ...]:
    return ()


def _sort_skips(skips: set[Skip]) -> tuple[Skip, ...]:
    return tuple(sorted(skips, key=lambda skip: skip.path))
