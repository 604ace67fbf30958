"""The order of the stages, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import filterfalse
from pathlib import Path

from httpx_fixer.analysis.discovery import Discovery, discover, discover_around
from httpx_fixer.analysis.files import build_reader, mentions_httpx
from httpx_fixer.analysis.suppressions import may_suppress
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.interpreter import set_for_trees
from httpx_fixer.owners import Process
from httpx_fixer.report import Report
from httpx_fixer.rewrite.sources import Sources
from httpx_fixer.settings import Settings
from httpx_fixer.source import Skip, SourceFile
from httpx_fixer.values import dataclass


def _tell_nobody(_what: str, _done: int, _total: int) -> None:
    pass


def _keep_all(_diagnostic: Diagnostic) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Extras:
    """What a run may be asked for besides.

    `keep` says which diagnostics are to be reported; it does not choose what is fixed.
    `given` is a file as it stands in an editor: the only one to be reported on, and to be changed.
    `tell` is told what is being done, how many steps of it are done and of how many.
    `with_replacements`, beside changes, asks what each applicable fix makes of the files alone;
    `with_processes` what starts and ends once.
    """

    keep: Callable[[Diagnostic], bool] = _keep_all
    given: SourceFile | None = None
    tell: Callable[[str, int, int], None] = _tell_nobody
    with_replacements: bool = False
    with_processes: bool = False


NO_EXTRAS = Extras()


def run(
    root: Path, paths: tuple[Path, ...], settings: Settings, *, with_changes: bool, extras: Extras = NO_EXTRAS
) -> Report:
    """Read the Python files at or below `paths` and return what is to be said about them.

    Paths in the report are relative to `root`. With `with_changes` the applicable fixes are applied
    in memory, verified by reading the result again, and reported as `changes`; nothing is written.
    Anything wrong with a user's file becomes a `Skip` or a `Refusal`; what is raised is our mistake.
    """
    proposal = propose(root, paths, settings, extras)
    report = proposal.settle({}) if with_changes else proposal.report
    return proposal.complete(report, extras)


def propose(root: Path, paths: tuple[Path, ...], settings: Settings, extras: Extras = NO_EXTRAS) -> Proposal:
    """Read as `run` does, and leave open which of the fixes are to be made."""
    with set_for_trees():
        return _propose(root, paths, settings, extras)


def _propose(root: Path, paths: tuple[Path, ...], settings: Settings, extras: Extras) -> Proposal:
    started = time.perf_counter()
    given = extras.given
    if given is None:
        discovery = discover(root, paths, settings)
    else:
        discovery = discover_around(root, given.path, settings)
    texts = None if given is None else {given.path: given.data}
    read = build_reader(str(root), settings.max_file_size, texts)
    scanned = {path: read(path) for path in sorted(discovery.targets)}
    known = {path: data for path, data in scanned.items() if not isinstance(data, Skip)}
    unread = {skip for skip in scanned.values() if isinstance(skip, Skip)} | set(discovery.skipped)
    report = Report(files_seen=len(discovery.targets))
    basis = None
    if any(map(_may_concern, known.values())):
        report, basis = _judge(_Task(root, discovery, settings, extras), known)
    skipped = _sort_skips({*unread, *report.skipped})
    report = replace(report, skipped=skipped, elapsed_s=time.perf_counter() - started)
    return Proposal(report, basis, unsafe_fixes=settings.unsafe_fixes)


def _may_concern(data: bytes) -> bool:
    """Answer from the bytes alone whether rules may have something to say about a file."""
    return mentions_httpx(data) or b".build_request(" in data or may_suppress(data)


@dataclass(frozen=True, slots=True)
class _Task:
    """What a reading is to do."""

    root: Path
    discovery: Discovery
    settings: Settings
    extras: Extras


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a reading leaves for whoever rewrites or asks more."""

    sources: Callable[[], Sources]
    processes: Callable[[], tuple[Process, ...]]
    bytes_of: Callable[[str], bytes | None]


class Proposal:
    """What was read, and what would come of any choice among its fixes; `report` has no changes yet."""

    def __init__(self, report: Report, basis: _Basis | None, *, unsafe_fixes: bool) -> None:
        self.report = report
        self.unsafe_fixes = unsafe_fixes
        self._basis = basis
        # A circle, so that only a garbage collection takes apart what was read. The command line has none
        # (see `__main__`): a tenth of a run would go into freeing trees just before the process ends.
        self._circle = self

    def build_sources(self) -> Sources | None:
        """Return where files come from while they are rewritten, None where there is nothing to rewrite."""
        return self._basis.sources() if self._basis is not None else None

    def settle(self, spared: Mapping[Diagnostic, Refusal], also: tuple[Diagnostic, ...] = ()) -> Report:
        """Return the report with the applicable fixes made, but for those of `spared`, which says why.

        The fixes of `also` are made as well: parts of others that are to be tried on their own.
        """
        if self._basis is None:
            return self.report
        # The writing wing loads libcst (0.3 s): only where something may be written.
        from httpx_fixer.rewrite.settle import settle  # noqa: PLC0415 -- as said

        started = time.perf_counter()
        diagnostics = (*self.report.diagnostics, *also)
        with set_for_trees():
            sources = self._basis.sources()
            settled = settle(diagnostics, sources, unsafe_fixes=self.unsafe_fixes, spared=spared)
        return replace(
            self.report,
            diagnostics=settled.diagnostics,
            skipped=_sort_skips({*self.report.skipped, *settled.skipped}),
            changes=settled.changes,
            numbers=settled.numbers,
            elapsed_s=self.report.elapsed_s + time.perf_counter() - started,
        )

    def complete(self, report: Report, extras: Extras = NO_EXTRAS) -> Report:
        """Return a report with what a reporter may need besides, and without what is not to be reported."""
        if self._basis is None:
            return report
        if extras.with_replacements:
            from httpx_fixer.rewrite.replacements import list_alone  # noqa: PLC0415 -- libcst, 0.3 s

            wanted = filter(extras.keep, report.diagnostics)
            with set_for_trees():
                alone = list_alone(wanted, self._basis.sources(), unsafe_fixes=self.unsafe_fixes)
            report = replace(report, replacements=alone)
        if extras.with_processes:
            report = replace(report, processes=self._basis.processes())
        kept = tuple(filter(extras.keep, report.diagnostics))
        hidden = tuple(filterfalse(extras.keep, report.diagnostics))
        sites = dict.fromkeys(diagnostic.anchor.path for diagnostic in kept)
        texts = {path: self._basis.bytes_of(path) or b"" for path in sites}
        return replace(report, diagnostics=kept, hidden=hidden, sources=texts)


def _judge(task: _Task, known: dict[str, bytes]) -> tuple[Report, _Basis]:
    # Rules and frameworks take 0.1 s to load: only where there is something to read.
    from httpx_fixer.reading import Reading  # noqa: PLC0415 -- as said

    reading = Reading(task.root, task.discovery, task.settings, known, task.extras.tell)
    project, diagnostics = reading.read({})
    report = Report(
        diagnostics,
        project.skips_of(task.discovery.targets),
        files_seen=len(task.discovery.targets),
        files_read=project.parsed(),
    )

    def build_sources() -> Sources:
        first_party, line_length = project.imports.first_party(), project.line_length()
        return Sources(project.bytes_of, reading.read_again, first_party, line_length)

    return report, _Basis(build_sources, reading.processes, project.bytes_of)


def _sort_skips(skips: set[Skip]) -> tuple[Skip, ...]:
    return tuple(sorted(skips, key=lambda skip: skip.path))
