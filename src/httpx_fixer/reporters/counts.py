"""How many of what a report holds."""

from __future__ import annotations

from httpx_fixer.fix import Applicability
from httpx_fixer.report import Report
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Diagnostics by what becomes of them; `by_hand` have a fix that is only shown."""

    diagnostics: int
    safe: int
    unsafe: int
    by_hand: int
    refused: int


def count(report: Report) -> Counts:
    """Count the diagnostics of a report."""
    fixes = [diagnostic.fix.applicability for diagnostic in report.diagnostics if diagnostic.fix is not None]
    return Counts(
        diagnostics=len(report.diagnostics),
        safe=fixes.count(Applicability.SAFE),
        unsafe=fixes.count(Applicability.UNSAFE),
        by_hand=fixes.count(Applicability.DISPLAY_ONLY),
        refused=len(report.diagnostics) - len(fixes),
    )


def plural(number: int, noun: str) -> str:
    """Return `1 file`, `2 files`; `fix` is the one noun here that takes `es`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun}{'es' if noun.endswith('fix') else 's'}"
