"""Which of two forms of the same fixes changes fewer lines of the user's code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import (
    AddParameter,
    CreateFile,
    DropImport,
    Edit,
    EnsureImport,
    Fix,
    InsertStatements,
    ReplaceExpression,
    UnwrapWith,
    WrapRest,
    path_of,
)

_Outcomes = Mapping[ClientSite, Fix | Refusal]


def find_longer(
    project: Project, sites: Sequence[ClientSite], first: _Outcomes, second: _Outcomes
) -> list[ClientSite]:
    """Return the sites whose fix in `first` changes more lines than that in `second`.

    Sites that need the same new parameter, which no other site needs, are weighed together.
    """
    longer: list[ClientSite] = []
    for group in _group(sites, first):
        refused = any(isinstance(second[site], Refusal) for site in group)
        if not refused and _count(project, group, first) > _count(project, group, second):
            longer += group
    return longer


def _group(sites: Sequence[ClientSite], outcomes: _Outcomes) -> list[list[ClientSite]]:
    given = _edits_of(outcomes, [site for site in outcomes if site not in sites])
    groups: list[tuple[set[Edit], list[ClientSite]]] = []
    for site in sites:
        ties: set[Edit] = {
            edit for edit in _edits_of(outcomes, [site]) - given if isinstance(edit, AddParameter)
        }
        mine = [site]
        for group in [group for group in groups if group[0] & ties]:
            groups.remove(group)
            ties |= group[0]
            mine = [*group[1], *mine]
        groups.append((ties, mine))
    return [mine for _, mine in groups]


def _edits_of(outcomes: _Outcomes, sites: Iterable[ClientSite]) -> set[Edit]:
    fixes = (outcomes[site] for site in sites)
    return {edit for fix in fixes if isinstance(fix, Fix) for edit in fix.edits}


def _count(project: Project, group: Sequence[ClientSite], outcomes: _Outcomes) -> int:
    """Count the lines that change on account of some sites alone.

    A line counts once, however it changes: reworded, added or removed; one that only moves to the
    left does not, nor do those of a module that is written anew.
    """
    gone = _find_unread(project, _edits_of(outcomes, outcomes))
    others = _lines_of(_edits_of(outcomes, [site for site in outcomes if site not in group]), gone)
    mine = _lines_of(_edits_of(outcomes, group), gone)
    return sum(count for line, count in mine.items() if line not in others)


def _find_unread(project: Project, edits: set[Edit]) -> frozenset[DropImport]:
    """Return the imports that nothing reads any more: each edit at a site takes one read away."""
    gone: set[DropImport] = set()
    for drop in (edit for edit in edits if isinstance(edit, DropImport)):
        here = [edit for edit in edits if path_of(edit) == drop.path]
        taken = sum(isinstance(edit, ReplaceExpression | UnwrapWith) for edit in here)
        is_said = any(
            isinstance(edit, AddParameter) and edit.annotation.split(".")[0] == drop.bound for edit in here
        )
        if not is_said and project.uses_of(drop.path, drop.bound) <= taken:
            gone.add(drop)
    return frozenset(gone)


def _lines_of(edits: Iterable[Edit], gone: frozenset[DropImport]) -> dict[tuple[str, str | int], int]:
    """Return {(path, line or import): how many lines}."""
    lines: dict[tuple[str, str | int], int] = {}
    for edit in edits:
        match edit:
            case CreateFile():
                continue
            case EnsureImport():
                lines[edit.path, f"from {edit.module}"] = 1
            case DropImport():
                if edit in gone:
                    lines[edit.path, f"drop {edit.bound}"] = 1
            case InsertStatements():
                lines[edit.anchor.path, edit.code] = len(edit.code.strip().splitlines())
            case WrapRest():
                lines[edit.first.path, edit.first.start.line] = 1
            case _:
                lines[edit.anchor.path, edit.anchor.start.line] = 1
    return lines
