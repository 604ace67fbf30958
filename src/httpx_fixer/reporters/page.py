"""The report as one page that needs nothing else: no network, no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import NumberChange
from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.counts import plural
from httpx_fixer.reporters.outline import build_outline
from httpx_fixer.reporters.page_parts import (
    name_status,
    render_diff,
    render_owner,
    render_process,
    render_said,
    status_of,
)
from httpx_fixer.reporters.paths import Locate, show_path
from httpx_fixer.source import Skip

_ASSETS = Path(__file__).parent / "assets"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_KEYS = (
    ("j, k", "next, previous diagnostic"),
    ("o, Enter", "its place in the diff"),
    ("u", "unified or side by side"),
    ("/", "search; Esc leaves the field"),
    ("t", "light or dark"),
    ("?", "this list"),
)


class PageReporter:
    """Writes pages; `patches` holds the unified diff of each file that changes, `{path: patch}`.

    Codes link to the pages of their rules where these are served at `docs_url`.
    """

    def __init__(
        self, locate: Locate, patches: Mapping[str, bytes], *, unsafe_fixes: bool, docs_url: str = ""
    ) -> None:
        self._locate = locate
        self._patches = patches
        self._unsafe_fixes = unsafe_fixes
        self._context = Context(locate, docs_url=docs_url)

    def render(self, report: Report, title: str) -> str:
        """Return the page of a settled report; the same report makes the same page."""
        style, script = ((_ASSETS / name).read_text("utf-8") for name in ("page.css", "page.js"))
        shown = escape(title)
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{shown}</title>\n"
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<style>\n{style}</style>\n</head>\n<body>\n"
            f"<header><h1>{shown}</h1>\n{self._count(report)}</header>\n"
            f"{self._render_bar(report)}<main>\n{''.join(self._iter_sections(report))}</main>\n{_render_keys()}"
            f"<script>\n{script}</script>\n</body>\n</html>\n"
        )

    def _status(self, diagnostic: Diagnostic) -> str:
        return status_of(diagnostic, unsafe_fixes=self._unsafe_fixes)

    def _count(self, report: Report) -> str:
        statuses = [self._status(diagnostic) for diagnostic in report.diagnostics]
        items = [(len(statuses), "diagnostics"), (len(report.changes), "files changed")]
        items += [(statuses.count(one), name_status(one)) for one in ("made", "unsafe", "hand", "left")]
        inside = "".join(f"<li><b>{number:,}</b> {what}</li>" for number, what in items if number)
        return f'<ul class="counts">{inside}<li>{plural(report.files_seen, "Python file")} read</li></ul>\n'

    def _render_bar(self, report: Report) -> str:
        found = report.diagnostics
        rules = {d.code: f"{d.code} {d.name}" for d in found}
        files = {self._locate(d.anchor.path): show_path(self._locate(d.anchor.path)) for d in found}
        statuses = {status: name_status(status) for status in sorted({self._status(d) for d in found})}
        reasons = {d.refusal.reason.name: d.refusal.reason.name for d in found if d.refusal is not None}
        selects = "".join(
            _render_select(name, label, choices)
            for name, label, choices in (
                ("rule", "all rules", rules),
                ("file", "all files", files),
                ("status", "fixed or not", statuses),
                ("reason", "all reasons", reasons),
            )
        )
        return (
            '<div class="bar"><form hidden autocomplete="off"><label><span class="name">Search</span>'
            f'<input name="words" type="search" placeholder="Search ( / )"></label>{selects}'
            '<button type="reset">Clear</button><button type="button" name="layout">Side by side</button>'
            '<button type="button" name="theme">Light / dark</button>'
            '<button type="button" name="keys" class="wide">Keys ( ? )</button>'
            "<output></output></form></div>\n"
        )

    def _iter_sections(self, report: Report) -> Iterator[str]:
        outline = build_outline(report, unsafe_fixes=self._unsafe_fixes)
        if outline.owners or outline.processes:
            yield '<section id="plan"><h2>Who will own what</h2>\n'
            yield from (render_owner(owner, self._locate) for owner in outline.owners)
            owning = {process for owner in outline.owners for process in owner.owner.processes}
            others = [process for process in outline.processes if process not in owning]
            if others:
                boxes = "".join(render_process(process, self._locate) for process in others)
                yield f'<p class="soft">Found as well, and owning nothing new:</p>{boxes}\n'
            yield "</section>\n"
        if report.numbers:
            yield self._render_numbers(report.numbers)
        yield '<section id="files"><h2>File by file</h2>\n'
        yield from self._iter_files(report)
        if not report.diagnostics and not report.changes:
            yield "<p>Nothing to report.</p>\n"
        yield "</section>\n"
        if report.skipped:
            items = "".join(self._render_skip(skip) for skip in report.skipped)
            yield f'<section id="skipped"><h2>Not read</h2><ul>{items}</ul></section>\n'

    def _render_skip(self, skip: Skip) -> str:
        path = escape(show_path(self._locate(skip.path)))
        return f"<li><code>{path}</code> {skip.reason.name}: {escape(skip.detail)}</li>"

    def _iter_files(self, report: Report) -> Iterator[str]:
        by_path: dict[str, list[Diagnostic]] = {path: [] for path in self._patches}
        for diagnostic in report.diagnostics:
            by_path.setdefault(diagnostic.anchor.path, []).append(diagnostic)
        for path, found in sorted(by_path.items()):
            shown = escape(show_path(self._locate(path)))
            said = "".join(render_said(one, self._context, self._status(one)) for one in found)
            diff = render_diff(self._patches[path]) if path in self._patches else ""
            data = escape(self._locate(path))
            head = f"<h3><code>{shown}</code></h3>"
            yield f'<article class="file" data-path="{data}">{head}\n{said}{diff}</article>\n'

    def _render_numbers(self, numbers: Iterable[NumberChange]) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.what)}</td><td>{escape(one.before)}</td><td>{escape(one.after)}</td>"
            f"<td><code>{escape(show_path(self._locate(one.path)))}:{one.line}</code></td></tr>"
            for one in numbers
        )
        head = "<tr><th>what</th><th>today</th><th>then</th><th>where</th></tr>"
        return (
            '<section id="numbers"><h2>Numbers that change</h2><details><summary>Every one of them</summary>'
            f'<div class="scroll"><table class="numbers">{head}{rows}</table></div></details></section>\n'
        )


def _render_select(name: str, label: str, choices: Mapping[str, str]) -> str:
    options = "".join(
        f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in sorted(choices.items())
    )
    return (
        f'<label><span class="name">{label}</span><select name="{name}"><option value="">{label}</option>'
        f"{options}</select></label>"
    )


def _render_keys() -> str:
    inside = "".join(f"<dt><kbd>{keys}</kbd></dt><dd>{what}</dd>" for keys, what in _KEYS)
    close = '<form method="dialog"><button>Close</button></form>'
    return f"<dialog><h3>Keys</h3><dl>{inside}</dl>{close}</dialog>\n"
