"""Diagnostics counted by rule: found, fixed and how surely, left alone and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import Applicability

_HEADS = ("rule", "found", "safe fix", "unsafe fix", "by hand", "left alone")


def iter_table(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Yield a head and a line for each rule, by code; nothing where there are no diagnostics."""
    by_rule: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        by_rule.setdefault(f"{diagnostic.code} {diagnostic.name}", []).append(diagnostic)
    if not by_rule:
        return
    rows = [_HEADS, *((rule, *_count(by_rule[rule])) for rule in sorted(by_rule))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *map(str.rjust, row[1:-1], widths[1:-1]), row[-1]]
        yield "  ".join(cells).rstrip()


def _count(diagnostics: Sequence[Diagnostic]) -> tuple[str, ...]:
    kinds = Counter(d.fix.applicability for d in diagnostics if d.fix is not None)
    return (
        f"{len(diagnostics):,}",
        *(
            f"{kinds[kind]:,}"
            for kind in (Applicability.SAFE, Applicability.UNSAFE, Applicability.DISPLAY_ONLY)
        ),
        _describe_refusals(diagnostics),
    )


def _describe_refusals(diagnostics: Iterable[Diagnostic]) -> str:
    """Return how many were left alone, and for each reason how many, the most frequent first."""
    reasons = Counter(d.refusal.reason.name for d in diagnostics if d.refusal is not None)
    if not reasons:
        return "0"
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return f"{reasons.total():,} ({', '.join(f'{number:,} {reason}' for reason, number in ranked)})"
