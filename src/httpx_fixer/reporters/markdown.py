"""The report as the body of a pull request: what, why, the numbers that change, what was left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import Applicability
from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.counts import plural
from httpx_fixer.reporters.paths import Locate

_MOST_ROWS = 200
"""GitHub takes 65,536 characters of a body; a row has 150 on average, and there are other sections."""


def render(report: Report, context: Context) -> str:
    """Return Markdown that GitHub and GitLab show alike; sections that would be empty are left out."""
    applied = {Applicability.SAFE, *((Applicability.UNSAFE,) if context.unsafe_fixes else ())}
    fixed = [d for d in report.diagnostics if d.fix is not None and d.fix.applicability in applied]
    left = [d for d in report.diagnostics if d not in fixed]
    if not report.diagnostics and not report.skipped:
        return f"httpx-fixer has nothing to report in {plural(report.files_seen, 'Python file')}.\n"
    blocks = [
        *_describe_fixed(fixed, context),
        *_list_numbers(fixed, context.locate),
        *_list_left(left, context),
        *_list_unread(report, context.locate),
    ]
    return "\n\n".join(blocks) + "\n"


def _describe_fixed(fixed: Sequence[Diagnostic], context: Context) -> Iterator[str]:
    """Yield what is fixed by rule, and why, in the words of the rules' pages."""
    if not fixed:
        return
    files = len({path for diagnostic in fixed for path in (diagnostic.fix.paths if diagnostic.fix else ())})
    yield f"## What\n\n{plural(len(fixed), 'fix')} in {plural(files, 'file')}."
    pages = {page.code: page for page in context.read_pages()}
    numbers = Counter((diagnostic.code, diagnostic.name) for diagnostic in fixed)
    rows = [
        f"| {_link(code, context.page(name))} `{name}` | {number:,} |"
        for (code, name), number in sorted(numbers.items())
    ]
    yield "\n".join(("| rule | fixes |", "|---|---:|", *rows))
    whys = [
        f"- **{code} {name}**: {_find_why(pages[code].text)}"
        for code, name in sorted(numbers)
        if code in pages
    ]
    if whys:
        yield "## Why\n\n" + "\n".join(whys)
    rows = [
        f"| {_place(diagnostic, context.locate)} | {diagnostic.code} | {_cell(diagnostic.fix.title)} |"
        for diagnostic in fixed
        if diagnostic.fix is not None
    ]
    yield _fold("Every fix", _table(("place", "rule", "fix"), rows))


def _find_why(page: str) -> str:
    """Return the first paragraph below "Why is this bad?", on one line."""
    rest = page.partition("## Why is this bad?")[2].strip()
    return " ".join(rest.partition("\n\n")[0].partition("\n## ")[0].split())


def _list_numbers(fixed: Sequence[Diagnostic], locate: Locate) -> Iterator[str]:
    numbers = sorted({number for d in fixed if d.fix is not None for number in d.fix.numbers})
    if numbers:
        rows = [
            f"| {_cell(n.what)} | {_cell(n.before)} | {_cell(n.after)} | `{locate(n.path)}:{n.line}` |"
            for n in numbers
        ]
        yield "## Numbers that change\n\n" + _table(("what", "before", "after", "place"), rows)


def _list_left(left: Sequence[Diagnostic], context: Context) -> Iterator[str]:
    if not left:
        return
    locate = context.locate
    reasons = Counter(_reason(diagnostic) for diagnostic in left)
    told = ", ".join(f"{number:,} `{reason}`" for reason, number in sorted(reasons.items()))
    rows = [
        f"| {_place(d, locate)} | {_link(d.code, context.page(d.name))} | `{_reason(d)}` "
        f"| {_cell(_detail(d, locate))} |"
        for d in left
    ]
    table = _table(("place", "rule", "reason", "why"), rows)
    yield f"## Left alone\n\n{plural(len(left), 'site')}: {told}."
    yield _fold("Every site that was left alone", table)


def _list_unread(report: Report, locate: Locate) -> Iterator[str]:
    if report.skipped:
        rows = [f"| `{locate(s.path)}` | `{s.reason.name}` | {_cell(s.detail)} |" for s in report.skipped]
        yield "## Not read\n\n" + _table(("file", "reason", "why"), rows)


def _reason(diagnostic: Diagnostic) -> str:
    if diagnostic.refusal is not None:
        return diagnostic.refusal.reason.name
    return "" if diagnostic.fix is None else diagnostic.fix.applicability.value


def _detail(diagnostic: Diagnostic, locate: Locate) -> str:
    if diagnostic.refusal is not None:
        refusal = diagnostic.refusal
        return f"{refusal.detail} (`{locate(refusal.path)}:{refusal.line}`)"
    return "" if diagnostic.fix is None else (diagnostic.fix.unsafe_because or diagnostic.fix.title)


def _link(code: str, page: str | None) -> str:
    return f"[{code}]({page})" if page else code


def _place(diagnostic: Diagnostic, locate: Locate) -> str:
    return f"`{locate(diagnostic.anchor.path)}:{diagnostic.anchor.start.line}`"


def _table(heads: Sequence[str], rows: Sequence[str]) -> str:
    more = [f"\n{len(rows) - _MOST_ROWS:,} more are left out here."] if len(rows) > _MOST_ROWS else []
    head = (f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}")
    return "\n".join((*head, *rows[:_MOST_ROWS], *more))


def _fold(title: str, text: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"


def _cell(text: str) -> str:
    """Keep a text in its cell: no line breaks, no bars, no HTML outside of code."""
    flat = " ".join(text.split()).replace("|", "\\|")
    return "".join(part if index % 2 else part.replace("<", "&lt;") for index, part in _iter_code(flat))


def _iter_code(text: str) -> Iterator[tuple[int, str]]:
    """Yield text and code between backticks in turn; the code keeps its backticks."""
    for index, part in enumerate(text.split("`")):
        yield index, f"`{part}`" if index % 2 else part
