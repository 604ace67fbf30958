"""The fixes chosen for this run, in order and without overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import (
    AddArgument,
    AddParameter,
    Applicability,
    CreateFile,
    DropImport,
    Edit,
    EnsureImport,
    Fix,
    ReplaceExpression,
    UnwrapWith,
    WrapRest,
    path_of,
)
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Diagnostics with those refused whose fixes do not fit together; `chosen` are to be applied."""

    diagnostics: tuple[Diagnostic, ...]
    chosen: tuple[Diagnostic, ...]

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All edits of the chosen fixes, each once, in order."""
        return tuple(dict.fromkeys(edit for diagnostic in self.chosen for edit in _edits_of(diagnostic)))


def build_plan(diagnostics: Sequence[Diagnostic], *, unsafe_fixes: bool) -> Plan:
    """Choose the applicable fixes; of two that overlap the earlier one wins."""
    kept: list[Diagnostic] = []
    chosen: list[Diagnostic] = []
    taken: dict[object, Edit] = {}
    wrapped: list[WrapRest] = []
    for diagnostic in diagnostics:
        if not is_applicable(diagnostic.fix, unsafe_fixes=unsafe_fixes):
            kept.append(diagnostic)
            continue
        rival = _find_rival(_edits_of(diagnostic), taken, wrapped)
        if rival is not None:
            kept.append(refuse(diagnostic, _overlap(rival)))
            continue
        for edit in _edits_of(diagnostic):
            taken.setdefault(_slot(edit), edit)
        wrapped += [edit for edit in _edits_of(diagnostic) if isinstance(edit, WrapRest)]
        kept.append(diagnostic)
        chosen.append(diagnostic)
    return Plan(tuple(kept), tuple(chosen))


def refuse_excluded(diagnostics: Iterable[Diagnostic], excluded: frozenset[str]) -> tuple[Diagnostic, ...]:
    """Refuse every fix that would change a file that the settings keep out."""
    detail = "the fix would change `{}`, which is excluded"
    return tuple(_refuse_any(one, excluded, RefusalReason.EXCLUDED, detail) for one in diagnostics)


def refuse_newer(diagnostics: Iterable[Diagnostic], stuck: frozenset[str]) -> tuple[Diagnostic, ...]:
    """Refuse every fix that would change a file which no Python at hand compiles."""
    detail = "`{}` is for a newer Python: run httpx-fixer under that, or have it on the path"
    return tuple(_refuse_any(one, stuck, RefusalReason.NEWER_SYNTAX, detail) for one in diagnostics)


def _refuse_any(
    diagnostic: Diagnostic, paths: frozenset[str], reason: RefusalReason, detail: str
) -> Diagnostic:
    """Refuse a fix that would change one of some files."""
    path = next((p for p in diagnostic.fix.paths if p in paths), None) if diagnostic.fix else None
    return diagnostic if path is None else refuse(diagnostic, Refusal(reason, detail.format(path), path, 1))


def refuse_spreading(diagnostics: Iterable[Diagnostic], lone: str) -> tuple[Diagnostic, ...]:
    """Refuse every fix that would change another file than the one that may change."""
    return tuple(_refuse_spreading(diagnostic, lone) for diagnostic in diagnostics)


def _refuse_spreading(diagnostic: Diagnostic, lone: str) -> Diagnostic:
    path = next((p for p in diagnostic.fix.paths if p != lone), None) if diagnostic.fix else None
    if path is None:
        return diagnostic
    detail = f"the fix would change `{path}`, too, and only one file was given"
    return refuse(
        diagnostic,
        Refusal(RefusalReason.EXCLUDED, detail, diagnostic.anchor.path, diagnostic.anchor.start.line),
    )


def withdraw(plan: Plan, refused: Iterable[tuple[Diagnostic, Refusal]]) -> Plan:
    """Return the plan without some fixes, whose diagnostics carry a refusal instead."""
    reasons = dict(refused)
    kept = tuple(refuse(d, reasons[d]) if d in reasons else d for d in plan.diagnostics)
    return Plan(kept, tuple(d for d in plan.chosen if d not in reasons))


def refuse(diagnostic: Diagnostic, refusal: Refusal) -> Diagnostic:
    """Return the diagnostic with a refusal in place of its fix."""
    return replace(diagnostic, outcome=refusal)


def is_applicable(fix: Fix | None, *, unsafe_fixes: bool) -> bool:
    """Answer whether a fix is to be applied in this run."""
    if fix is None or fix.applicability is Applicability.DISPLAY_ONLY:
        return False
    return unsafe_fixes or fix.applicability is Applicability.SAFE


def _edits_of(diagnostic: Diagnostic) -> tuple[Edit, ...]:
    return diagnostic.fix.edits if diagnostic.fix is not None else ()


def _find_rival(edits: Iterable[Edit], taken: dict[object, Edit], wrapped: list[WrapRest]) -> Edit | None:
    for edit in edits:
        rival = taken.get(_slot(edit))
        if rival is not None and rival != edit:
            return rival
        if isinstance(edit, WrapRest):
            crossing = next((other for other in wrapped if other != edit and _cross(edit, other)), None)
            if crossing is not None:
                return crossing
    return None


def _cross(one: WrapRest, other: WrapRest) -> bool:
    """Answer whether two ranges of statements overlap without one holding the other."""
    if one.first.path != other.first.path:
        return False
    first, second = sorted(((one.first.start, one.last.end), (other.first.start, other.last.end)))
    return first[0] < second[0] < first[1] < second[1] or (first == second and one != other)


def _slot(edit: Edit) -> object:
    """Return what only one edit may claim."""
    match edit:
        case AddArgument() | AddParameter():
            return type(edit), edit.anchor, edit.name
        case UnwrapWith():
            return type(edit), edit.anchor, edit.item
        case EnsureImport():
            return type(edit), edit.path, edit.alias or edit.name or edit.module.split(".")[0]
        case DropImport():
            return type(edit), edit.path, edit.bound
        case CreateFile():
            return type(edit), edit.path
        case WrapRest():
            return type(edit), edit.first
        case ReplaceExpression():
            return type(edit), edit.anchor
        case _:
            return edit


def _overlap(rival: Edit) -> Refusal:
    anchor = getattr(rival, "anchor", getattr(rival, "first", None))
    line = anchor.start.line if isinstance(anchor, Anchor) else 1
    return Refusal(RefusalReason.OVERLAPS, "another fix changes the same place", path_of(rival), line)


def iter_paths(edits: Iterable[Edit]) -> Iterator[str]:
    """Yield the files that edits change, sorted, each once."""
    yield from sorted({path_of(edit) for edit in edits})
