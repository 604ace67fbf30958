"""The report as lines for people; also what the other texts for people are made of."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import groupby

from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.fix import Applicability, Fix
from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.counts import count, plural
from httpx_fixer.reporters.excerpt import iter_excerpt
from httpx_fixer.reporters.paths import Locate, show_path
from httpx_fixer.reporters.table import iter_table
from httpx_fixer.source import Skip, SourceFile


def render(report: Report, context: Context) -> str:
    """Return the report for people."""
    text = TextReporter(
        context.locate, colour=context.colour, unsafe_fixes=context.unsafe_fixes, docs_url=context.docs_url
    )
    return text.render(report, with_counts=context.with_counts, only_counts=context.only_counts)


class Colour(Enum):
    """What a terminal is told (SGR parameters)."""

    BOLD = "1"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"


class TextReporter:
    """Writes reports as plain lines, however wide the terminal is.

    `unsafe_fixes` says whether such fixes are among those that the run would apply.
    """

    def __init__(
        self, locate: Locate, *, colour: bool = False, unsafe_fixes: bool = False, docs_url: str = ""
    ) -> None:
        self._locate = locate
        self._colour = colour
        self._unsafe_fixes = unsafe_fixes
        self._docs_url = docs_url

    def render(self, report: Report, *, with_counts: bool = True, only_counts: bool = False) -> str:
        """Return the report: diagnostics by file with their code, files not read, and what it comes to."""
        lines = [] if only_counts else list(self._iter_body(report))
        if with_counts:
            lines += self._iter_counts(report, after_body=bool(lines))
        return "".join(f"{line}\n" for line in lines)

    def _iter_body(self, report: Report) -> Iterator[str]:
        for path, group in groupby(report.diagnostics, lambda diagnostic: diagnostic.anchor.path):
            if path != report.diagnostics[0].anchor.path:
                yield ""
            source = SourceFile(path, report.sources.get(path, b""))
            for diagnostic in group:
                head, outcome = self.iter_diagnostic(diagnostic)
                yield head
                if path in report.sources:
                    yield from iter_excerpt(source, diagnostic.anchor)
                yield outcome
        if report.diagnostics and report.skipped:
            yield ""
        yield from map(self.describe_skip, report.skipped)

    def _iter_counts(self, report: Report, *, after_body: bool) -> Iterator[str]:
        table = list(iter_table(report.diagnostics))
        if table:
            yield from [""] if after_body else []
            yield self.paint(table[0], Colour.BOLD)
            yield from table[1:]
        yield from self._close(report)

    def iter_diagnostic(self, diagnostic: Diagnostic) -> Iterator[str]:
        """Yield the line of a diagnostic, and one on what becomes of it."""
        start = diagnostic.anchor.start
        place = f"{self.place(diagnostic.anchor.path, start.line)}:{start.column + 1}"
        code = self.paint(diagnostic.code, Colour.RED)
        yield f"{self.paint(place, Colour.BOLD)} {code} {diagnostic.message}"
        match diagnostic.outcome:
            case Fix() as fix:
                yield f"    {self._describe_fix(fix, diagnostic.anchor.path)}"
            case Refusal() as refusal:
                yield f"    {self.paint('left alone:', Colour.YELLOW)} {self.describe_refusal(refusal)}"

    def describe_refusal(self, refusal: Refusal) -> str:
        """Return reason, detail and the place of the obstacle."""
        place = self.place(refusal.path, refusal.line)
        return f"{refusal.reason.name}: {refusal.detail} ({place})"

    def describe_skip(self, skip: Skip) -> str:
        """Return one line on a file that was not read."""
        path = self.paint(show_path(self._locate(skip.path)), Colour.BOLD)
        return f"{path} {self.paint('not read:', Colour.YELLOW)} {skip.reason.name}: {skip.detail}"

    def place(self, path: str, line: int) -> str:
        """Return `path:line`."""
        return f"{show_path(self._locate(path))}:{line}"

    def paint(self, text: str, colour: Colour) -> str:
        """Return the text in a colour, if there are to be colours."""
        return f"\x1b[{colour.value}m{text}\x1b[0m" if self._colour else text

    def _describe_fix(self, fix: Fix, path: str) -> str:
        others = [show_path(self._locate(other)) for other in fix.paths if other != path]
        also = f" (also changes {', '.join(others)})" if others else ""
        because = f"; unsafe: {fix.unsafe_because}" if fix.unsafe_because else ""
        return f"{self.paint(self._name_fix(fix), Colour.GREEN)} {fix.title}{also}{because}"

    def _name_fix(self, fix: Fix) -> str:
        match fix.applicability:
            case Applicability.DISPLAY_ONLY:
                return "fix by hand:"
            case Applicability.UNSAFE if not self._unsafe_fixes:
                return "fix with --unsafe-fixes:"
            case _:
                return "fix:"

    def _close(self, report: Report) -> Iterator[str]:
        counts = count(report)
        other = f"; {plural(len(report.skipped), 'file')} not read" if report.skipped else ""
        if report.hidden:
            other += f"; {len(report.hidden):,} not reported, being in the baseline or on unchanged lines"
        if not counts.diagnostics:
            yield f"Nothing to report in {plural(report.files_seen, 'Python file')}{other}."
            return
        paths = {diagnostic.anchor.path for diagnostic in report.diagnostics}
        parts = [
            f"{number:,} {what}"
            for number, what in (
                (counts.safe, "with a safe fix"),
                (counts.unsafe, "with an unsafe fix"),
                (counts.by_hand, "to fix by hand"),
                (counts.refused, "left alone"),
            )
            if number
        ]
        found = f"{plural(counts.diagnostics, 'diagnostic')} in {plural(len(paths), 'file')}"
        yield f"{found}: {', '.join(parts)}{other}."
        also = f"; so does {self._docs_url}" if self._docs_url else ""
        told = "tells more of a code, and of a reason why something was left alone"
        yield f"`httpx-fixer explain` {told}{also}."
