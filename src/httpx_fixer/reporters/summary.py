"""What a run of `diff` or `fix` did, for the person at the terminal (standard error)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import Applicability, NumberChange
from httpx_fixer.report import Report
from httpx_fixer.reporters.counts import plural
from httpx_fixer.reporters.text import Colour, TextReporter


class SummaryReporter:
    """Writes what was done by rule, each number that changed, and what was left alone and why.

    `written` says whether the changes are in the files already, `show_fixes` whether each is listed.
    """

    def __init__(
        self, text: TextReporter, *, written: bool, unsafe_fixes: bool, show_fixes: bool = False
    ) -> None:
        self._text = text
        self._written = written
        self._show_fixes = show_fixes
        self._applied = {Applicability.SAFE, *((Applicability.UNSAFE,) if unsafe_fixes else ())}

    def render(self, report: Report) -> str:
        """Return the summary; sections that would be empty are left out."""
        fixed = [diagnostic for diagnostic in report.diagnostics if self._is_applied(diagnostic)]
        others = (diagnostic for diagnostic in report.diagnostics if not self._is_applied(diagnostic))
        left = (line for diagnostic in others for line in self._text.iter_diagnostic(diagnostic))
        lines = [
            *self._head(fixed, report),
            *self._section("Fixes", self._iter_fixes(fixed) if self._show_fixes else ()),
            *self._section(
                "Numbers that changed" if self._written else "Numbers that change",
                self._iter_numbers(report.numbers),
            ),
            *self._section("Left alone", left),
            *self._section("Not read", map(self._text.describe_skip, report.skipped)),
        ]
        return "".join(f"{line}\n" for line in lines)

    def _is_applied(self, diagnostic: Diagnostic) -> bool:
        return diagnostic.fix is not None and diagnostic.fix.applicability in self._applied

    def _head(self, fixed: Sequence[Diagnostic], report: Report) -> Iterator[str]:
        if not report.changes:
            yield f"Nothing to fix in {plural(report.files_seen, 'Python file')}."
            return
        where = plural(len(report.changes), "file")
        done = f"Changed {where}" if self._written else f"Would change {where}"
        by_rule = Counter((diagnostic.code, diagnostic.name) for diagnostic in fixed)
        rules = (
            f"{self._text.paint(code, Colour.RED)} {name}: {number:,}"
            for (code, name), number in sorted(by_rule.items())
        )
        yield from self._section(f"{done}, {plural(len(fixed), 'fix')}", rules)

    def _iter_fixes(self, fixed: Iterable[Diagnostic]) -> Iterator[str]:
        for diagnostic in fixed:
            yield from self._text.iter_diagnostic(diagnostic)

    def _iter_numbers(self, numbers: Iterable[NumberChange]) -> Iterator[str]:
        for number in numbers:
            place = self._text.place(number.path, number.line)
            yield f"{number.what}: {number.before} -> {number.after} at {place}"

    def _section(self, title: str, lines: Iterable[str]) -> Iterator[str]:
        inside = [f"  {line}" for line in lines]
        if inside:
            yield self._text.paint(f"{title}:", Colour.BOLD)
            yield from inside
