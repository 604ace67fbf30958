"""The patch in parts: files that apply one after the other."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from httpx_fixer.commands import Run, place, propose, tell_elsewhere
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.outcome import Outcome
from httpx_fixer.pipeline import Proposal
from httpx_fixer.report import FileChange, Report
from httpx_fixer.reporters.counts import plural
from httpx_fixer.reporters.paths import build_locator, show_path
from httpx_fixer.review_options import DiffOptions, SplitBy
from httpx_fixer.rewrite.diff import render_patch
from httpx_fixer.rewrite.plan import is_applicable
from httpx_fixer.rewrite.write import WriteFailure, write_changes
from httpx_fixer.toml_table import UsageError
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """Fixes that belong together, and what they change on top of the parts before."""

    title: str
    diagnostics: tuple[Diagnostic, ...]
    changes: tuple[FileChange, ...]


def split(options: DiffOptions) -> Outcome:
    """Write the patches and return their names, one a line."""
    if options.split_by is None or options.output_dir is None:
        raise UsageError("--split-by and --output-dir need one another")
    directory = options.output_dir
    if any(directory.glob("*.patch")):
        raise UsageError(f"{directory} holds patches already; name another directory")
    run, proposal = propose(options)
    run = replace(run, report=proposal.settle({}))
    parts = build_parts(proposal, run.report, options.split_by, unsafe_fixes=run.settings.unsafe_fixes)
    files = [
        FileChange(f"{turn:04}-{_name_file(part.title)}.patch", None, _render(run, part, (turn, len(parts))))
        for turn, part in enumerate(parts, 1)
    ]
    try:
        write_changes(directory, files)
    except WriteFailure as failure:
        raise UsageError(f"writing failed: {directory / failure.path}: {failure.message}") from failure
    names = "".join(f"{show_path(str(directory / file.path))}\n" for file in files)
    talk = run.remark() + run.render_summary(written=False, show_fixes=options.show_fixes)
    return Outcome(run.code(), names, talk + tell_elsewhere(place(run, run.report.changes)))


def build_parts(proposal: Proposal, whole: Report, by: SplitBy, *, unsafe_fixes: bool) -> tuple[Part, ...]:
    """Return the parts of a settled report in their order; applied one after the other they make all of it.

    Each part is settled on top of the parts before, so that every state in between was verified.
    """
    found = proposal.report.diagnostics
    groups: dict[tuple[bool, str], list[Diagnostic]] = {}
    for diagnostic in found:
        if is_applicable(diagnostic.fix, unsafe_fixes=unsafe_fixes):
            title = _title_of(diagnostic, by)
            groups.setdefault((not title, title), []).append(diagnostic)
    parts: list[Part] = []
    state: Mapping[str, bytes] = {}
    waiting = {diagnostic: None for members in groups.values() for diagnostic in members}
    for key in sorted(groups):
        for diagnostic in groups[key]:
            del waiting[diagnostic]
        report = proposal.settle(dict.fromkeys(waiting, _LATER)) if waiting else whole
        following = {change.path: change.after for change in report.changes}
        if state.keys() - following.keys():
            continue  # what a file was created for is made otherwise by what follows: one part with that
        changes = _compare(report.changes, state)
        if changes:
            parts.append(Part(key[1] or "without-owner", tuple(groups[key]), changes))
        state = following
    return tuple(parts)


_LATER = Refusal(RefusalReason.DECLINED, "belongs to a later part", "", 1)


def _title_of(diagnostic: Diagnostic, by: SplitBy) -> str:
    """Return what part a fix belongs to, "" for that of fixes without an owner."""
    match by:
        case SplitBy.RULE:
            return f"{diagnostic.code}-{diagnostic.name}"
        case SplitBy.PACKAGE:
            return posixpath.dirname(diagnostic.anchor.path) or "top-level"
        case SplitBy.OWNER:
            supply = diagnostic.fix.supply if diagnostic.fix is not None else None
            return "" if supply is None else supply.owner.path.removesuffix(".py")


def _compare(changes: Sequence[FileChange], state: Mapping[str, bytes]) -> tuple[FileChange, ...]:
    stepped = (replace(change, before=state.get(change.path, change.before)) for change in changes)
    return tuple(change for change in stepped if change.before != change.after)


def _name_file(title: str) -> str:
    return re.sub(r"[^\w-]+", ".", title).strip(".")


def _render(run: Run, part: Part, turn: tuple[int, int]) -> bytes:
    """Return a patch with words before it, which `git apply` passes over."""
    head = "".join(f"{line}\n" for line in _iter_head(run, part, turn))
    return head.encode(errors="backslashreplace") + render_patch(place(run, part.changes).changes)


def _iter_head(run: Run, part: Part, turn: tuple[int, int]) -> Iterator[str]:
    yield f"{part.title}: {plural(len(part.diagnostics), 'fix')}"
    yield f"Patch {turn[0]} of {turn[1]}; they apply in this order."
    yield ""
    locate = build_locator(run.project.root, run.directory)
    for diagnostic in part.diagnostics:
        place_ = f"{show_path(locate(diagnostic.anchor.path))}:{diagnostic.anchor.start.line}"
        yield f"  {place_} {diagnostic.code} {diagnostic.message}"
    yield ""
