"""The order of the stages, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import filterfalse
from pathlib import Path

from httpx_fixer.analysis.discovery import Discovery, discover, discover_around
from httpx_fixer.analysis.files import build_reader, mentions_httpx
from httpx_fixer.analysis.suppressions import may_suppress
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.interpreter import set_for_trees
from httpx_fixer.report import Report
from httpx_fixer.settings import Settings
from httpx_fixer.source import Skip, SourceFile


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
    `with_replacements`, beside changes, asks what each applicable fix makes of the files alone.
    """

    keep: Callable[[Diagnostic], bool] = _keep_all
    given: SourceFile | None = None
    tell: Callable[[str, int, int], None] = _tell_nobody
    with_replacements: bool = False


NO_EXTRAS = Extras()


def run(
    root: Path, paths: tuple[Path, ...], settings: Settings, *, with_changes: bool, extras: Extras = NO_EXTRAS
) -> Report:
    """Read the Python files at or below `paths` and return what is to be said about them.

    Paths in the report are relative to `root`. With `with_changes` the applicable fixes are applied
    in memory, verified by reading the result again, and reported as `changes`; nothing is written.
    Anything wrong with a user's file becomes a `Skip` or a `Refusal`; what is raised is our mistake.
    """
    with set_for_trees():
        return _run(root, paths, settings, extras, with_changes=with_changes)


def _run(
    root: Path, paths: tuple[Path, ...], settings: Settings, extras: Extras, *, with_changes: bool
) -> Report:
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
    if any(map(_may_concern, known.values())):
        report = _judge(_Task(root, discovery, settings, extras, with_changes), known)
    skipped = tuple(sorted({*unread, *report.skipped}, key=lambda skip: skip.path))
    return replace(report, skipped=skipped, elapsed_s=time.perf_counter() - started)


def _may_concern(data: bytes) -> bool:
    """Answer from the bytes alone whether rules may have something to say about a file."""
    return mentions_httpx(data) or b".build_request(" in data or may_suppress(data)


@dataclass(frozen=True, slots=True)
class _Task:
    """What the stages are to do."""

    root: Path
    discovery: Discovery
    settings: Settings
    extras: Extras
    with_changes: bool


def _judge(task: _Task, known: dict[str, bytes]) -> Report:
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
    if task.with_changes:
        # The writing wing loads libcst (0.3 s): only where something may be written.
        from httpx_fixer.rewrite.settle import Sources, settle  # noqa: PLC0415 -- as said

        first_party, line_length = project.imports.first_party(), project.line_length()
        sources = Sources(project.bytes_of, reading.read_again, first_party, line_length)
        settled = settle(diagnostics, sources, unsafe_fixes=task.settings.unsafe_fixes)
        report = replace(
            report,
            diagnostics=settled.diagnostics,
            skipped=(*report.skipped, *settled.skipped),
            changes=settled.changes,
            numbers=settled.numbers,
        )
        if task.extras.with_replacements:
            from httpx_fixer.rewrite.replacements import list_alone  # noqa: PLC0415 -- as above

            wanted = filter(task.extras.keep, settled.diagnostics)
            alone = list_alone(wanted, sources, unsafe_fixes=task.settings.unsafe_fixes)
            report = replace(report, replacements=alone)
    kept = tuple(filter(task.extras.keep, report.diagnostics))
    hidden = tuple(filterfalse(task.extras.keep, report.diagnostics))
    sites = dict.fromkeys(diagnostic.anchor.path for diagnostic in kept)
    texts = {path: project.bytes_of(path) or b"" for path in sites}
    return replace(report, diagnostics=kept, hidden=hidden, sources=texts)
