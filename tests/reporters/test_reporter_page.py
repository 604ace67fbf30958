"""The page to look at: what is in it, and how it behaves in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import Browser, browser
from sample import sample_report

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import DropImport, Fix
from httpx_fixer.owners import Handing, Owned, Owner, Process, Supply
from httpx_fixer.report import FileChange, Report
from httpx_fixer.reporters.page import PageReporter
from httpx_fixer.rewrite.diff import render_patch
from httpx_fixer.source import Anchor, Position

APP = Process("app/main.py", 3, "fastapi", "app", "lifespan")
POOL = Owned("pool", "http_client", "httpx.AsyncClient", (("limits", "Limits(max_connections=600)"),))
OWNER = Owner("app/client.py", True, (APP,), (POOL,))
WIDE_X, PHONE_X = 1200, 390


def _render(report: Report) -> str:
    patches = {change.path: render_patch([change]) for change in report.changes}
    return PageReporter(str, patches, unsafe_fixes=False).render(report, "review of <shop>")


def _report() -> Report:
    """The sample, with an owner for its safe fix and one process that owns nothing."""
    report = sample_report()
    first = report.diagnostics[0]
    assert first.fix is not None
    supplied = replace(first.fix, supply=Supply(OWNER, POOL, Handing.BORROWED, "fetch_user"))
    changes = (
        FileChange("app/client.py", None, b"import httpx\n" * 90),
        FileChange("app/x.py", b"a\n<b>\nc\n", b"a\n<i>\nd\nc\n"),
    )
    worker = Process("app/worker.py", 9, "asyncio", "main", "entry coroutine")
    diagnostics = (replace(first, outcome=supplied), *report.diagnostics[1:])
    return replace(report, diagnostics=diagnostics, changes=changes, processes=(APP, worker))


class _Tags(HTMLParser):
    """Collects tags that are not closed in order, and everything that would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "input", "br"}:
            self.open.append(tag)
        self.fetched += [
            f"{key}={value}" for key, value in attrs if key in {"src", "href", "srcset", "action"}
        ]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_page_is_well_formed_and_fetches_nothing() -> None:
    page = _render(_report())
    tags = _Tags()
    tags.feed(page)
    assert (tags.open, tags.wrong, tags.fetched) == ([], [], [])
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)", page)
    assert "default-src 'none'" in page


def test_two_renderings_are_the_same_bytes() -> None:
    assert _render(_report()) == _render(_report())


def test_what_is_shown_is_escaped() -> None:
    page = _render(_report())
    assert "<title>review of &lt;shop&gt;</title>" in page
    assert '<td class="c">&lt;b&gt;</td>' in page
    assert "<b></td>" not in page


def test_everything_of_the_report_is_on_the_page() -> None:
    report = _report()
    page = _render(report)
    assert page.count('<div class="said"') == len(report.diagnostics)
    for words in (
        "<b>4</b> diagnostics",
        "<b>1</b> left alone",
        "ESCAPES",
        "Missing parentheses",
        "read timeout",
    ):
        assert words in page
    for words in ("app/main.py:3", "borrows from it", "entry coroutine", "Limits(max_connections=600)"):
        assert words in page
    assert page.count('<tr class="add"') == 92
    assert page.count('<details class="patch">') == 1  # the long new file is folded


def test_page_of_nothing_says_so() -> None:
    assert "<p>Nothing to report.</p>" in _render(Report(files_seen=3))


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as started:
        started.resize(WIDE_X, 900)
        yield started


@pytest.fixture
def page(window: Browser, tmp_path: Path) -> Browser:
    (tmp_path / "review.html").write_text(_render(_report()))
    window.prefer(dark=False)
    window.resize(WIDE_X, 900)
    window.open(tmp_path / "review.html")
    return window


SHOWN = "return [...document.querySelectorAll('.said:not([hidden])')].map((one) => one.dataset.rule)"
FILES = "return [...document.querySelectorAll('.file:not([hidden])')].map((one) => one.dataset.path)"
CHOOSE = """
const field = document.querySelector('.bar form')[arguments[0]];
field.value = arguments[1];
field.dispatchEvent(new Event('input', { bubbles: true }));
"""


def test_browser_has_no_complaints(page: Browser) -> None:
    assert page.complaints() == []
    assert page.run("return document.querySelector('output').value") == "4 of 4"


@pytest.mark.parametrize(
    ("field", "value", "rules"),
    [
        ("rule", "HXF106", ["HXF106"]),
        ("file", "app/x.py", ["HXF101", "HXF106", "HXF111", "HXF301"]),
        ("status", "unsafe", ["HXF106"]),
        ("reason", "ESCAPES", ["HXF301"]),
        ("words", "by HAND split", ["HXF111"]),
        ("words", "nowhere to be found", []),
    ],
)
def test_filters(page: Browser, field: str, value: str, rules: list[str]) -> None:
    page.run(CHOOSE, field, value)
    assert page.run(SHOWN) == rules
    page.run("document.querySelector('[type=reset]').click()")
    assert page.run(
        "return new Promise((done) => setTimeout(() => done(document.querySelector('output').value), 50))"
    ) == ("4 of 4")


def test_files_that_a_shown_fix_changes_stay(page: Browser) -> None:
    page.run(CHOOSE, "rule", "HXF101")
    assert page.run(FILES) == ["app/client.py", "app/x.py"]
    page.run(CHOOSE, "rule", "HXF301")
    assert page.run(FILES) == ["app/x.py"]


def test_keys_move_reveal_and_turn(page: Browser) -> None:
    focused = "return document.activeElement.dataset.rule"
    page.press("jj")
    assert page.run(focused) == "HXF106"
    page.press("k")
    assert page.run(focused) == "HXF101"
    page.press("o")
    assert page.run("return document.querySelectorAll('tr.shown').length") == 1
    page.press("u")
    assert (
        page.run("return document.querySelector('[data-path=\"app/x.py\"] .diff').className") == "diff beside"
    )
    rows = page.run(
        "return [...document.querySelector('[data-path=\"app/x.py\"] .diff').rows].slice(1)"
        ".map((row) => [...row.cells].map((cell) => cell.dataset.n || cell.textContent))"
    )
    assert rows == [["1", "a", "1", "a"], ["2", "<b>", "2", "<i>"], ["", "", "3", "d"], ["3", "c", "4", "c"]]
    page.press("u")
    assert page.run("return document.querySelectorAll('.beside').length") == 0


def test_search_takes_the_keys_while_it_has_the_focus(page: Browser) -> None:
    page.press("/jku")
    assert page.run("return document.querySelector('[name=words]').value") == "jku"
    page.press("\ue00c")  # Escape
    assert page.run("return document.activeElement === document.body")
    page.press("?")
    assert page.run("return document.querySelector('dialog').open")


BACKGROUND = "return getComputedStyle(document.body).backgroundColor"


def test_light_and_dark(page: Browser) -> None:
    light = page.run(BACKGROUND)
    page.prefer(dark=True)
    dark = page.run(BACKGROUND)
    page.press("t")
    assert (light, dark, page.run(BACKGROUND)) == ("rgb(255, 255, 255)", "rgb(13, 17, 23)", light)


OVERFLOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_phone_needs_no_scrolling_sideways(page: Browser) -> None:
    page.resize(PHONE_X, 800)
    assert page.run(OVERFLOW) <= 0
    page.press("u")
    assert page.run(OVERFLOW) <= 0


def test_print_opens_all_and_leaves_the_bar_out(page: Browser) -> None:
    page.prefer(dark=True, printing=True)
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run("return [...document.querySelectorAll('details')].every((one) => one.open)")
    assert page.run("return getComputedStyle(document.querySelector('.bar')).display") == "none"
    assert page.run(BACKGROUND) == "rgb(255, 255, 255)"


def _large_report() -> Report:
    """Five hundred fixes in a hundred files."""
    body = b"".join(b"line %d of the file\n" % number for number in range(200))
    diagnostics, changes = list[Diagnostic](), list[FileChange]()
    for number in range(100):
        path = f"app/module{number:03}.py"
        after = body
        for line in range(10, 60, 10):
            after = after.replace(b"line %d of the" % line, b"first half\nsecond half of the")
        changes.append(FileChange(path, body, after))
        for line in range(10, 60, 10):
            anchor = Anchor(path, "Call", Position(line, 4), Position(line, 9))
            fix = Fix("share one client", (DropImport(path, "httpx"),))
            message = f"`httpx.AsyncClient(...)` is built on every call of `call_{number}`"
            diagnostics.append(Diagnostic("HXF101", "client-per-request", message, anchor, fix))
    return Report(diagnostics=tuple(diagnostics), changes=tuple(changes), files_seen=100)


TIMED = """
const start = performance.now();
%s;
void document.body.offsetHeight;
return performance.now() - start;
"""


def test_five_hundred_fixes_stay_usable(window: Browser, tmp_path: Path) -> None:
    """What grows with the square of the fixes would take minutes."""
    file = tmp_path / "large.html"
    file.write_text(_render(_large_report()))
    assert file.stat().st_size < 4_000_000
    window.open(file)
    window.run(CHOOSE, "rule", "HXF101")
    assert window.run(TIMED % CHOOSE, "words", "call_42") < 5000
    assert len(window.run(SHOWN)) == 5
    window.run(CHOOSE, "words", "")
    assert window.run(TIMED % "document.querySelector('[name=layout]').click()") < 5000
    assert window.run(TIMED % "document.querySelectorAll('.said')[400].focus()") < 5000
    last = "document.querySelectorAll('.file')[99]"
    window.run(f"{last}.scrollIntoView()")
    for _ in range(50):
        if window.run(f"return {last}.querySelector('.beside') !== null"):
            break
        time.sleep(0.1)
    else:
        pytest.fail("what has come into sight is not side by side")
