"""The fixes of a report by what they share: processes, owners, what these own, and the sites that get it."""

from __future__ import annotations

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import Applicability
from httpx_fixer.owners import Handing, Owned, Owner, Process
from httpx_fixer.report import Report
from httpx_fixer.values import dataclass

HANDED = {
    Handing.PARAMETER: "gets it as a parameter",
    Handing.ARGUMENT: "gets it from its callers",
    Handing.REQUEST: "takes it from the request",
    Handing.BORROWED: "borrows from it",
    Handing.LASTING: "keeps a client over it",
}


@dataclass(frozen=True, slots=True)
class Share:
    """One owned client or pool, and the diagnostics whose sites will use it."""

    owned: Owned
    sites: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class OwnerOutline:
    """One owning module with what it owns."""

    owner: Owner
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """A report as a plan: `in_place` are fixes that share nothing, `left` is all that stays as it is."""

    processes: tuple[Process, ...]
    owners: tuple[OwnerOutline, ...]
    in_place: tuple[Diagnostic, ...]
    left: tuple[Diagnostic, ...]


def build_outline(report: Report, *, unsafe_fixes: bool) -> Outline:
    """Group the diagnostics of a settled report, each group in the order of the report."""
    applied = {Applicability.SAFE, *((Applicability.UNSAFE,) if unsafe_fixes else ())}
    owners: dict[str, Owner] = {}
    shares: dict[str, dict[tuple[str, str], tuple[Owned, list[Diagnostic]]]] = {}
    in_place, left = list[Diagnostic](), list[Diagnostic]()
    for diagnostic in report.diagnostics:
        fix = diagnostic.fix
        if fix is None or fix.applicability not in applied:
            left.append(diagnostic)
        elif fix.supply is None:
            in_place.append(diagnostic)
        else:
            supply = fix.supply
            owners.setdefault(supply.owner.path, supply.owner)
            mine = shares.setdefault(supply.owner.path, {})
            key = (supply.owned.kind, supply.owned.name)
            mine.setdefault(key, (supply.owned, []))[1].append(diagnostic)
    outlines = (
        OwnerOutline(
            owners[path], tuple(Share(owned, tuple(sites)) for _, (owned, sites) in sorted(mine.items()))
        )
        for path, mine in sorted(shares.items())
    )
    return Outline(report.processes, tuple(outlines), tuple(in_place), tuple(left))
