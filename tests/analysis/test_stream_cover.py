"""Where the close of a streamed response goes."""

from __future__ import annotations

import pytest
from stream_reading import ASYNC_HEADER, SEND, covered_lines, find_sites, judge

from httpx_fixer.analysis.stream_facts import CloseBelow, ExtendTry, WrapUses


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("r = SEND\nreturn r.headers['a']", (1, 1)),
        ("r = SEND\nwork()\nx = r.headers['a']\nwork()\nwork()", (1, 2)),
        ("try:\n    r = SEND\nexcept OSError:\n    return\nwork()\nprint(r.url)", (3, 4)),
        ("try:\n    r = SEND\nexcept OSError:\n    return\nelse:\n    print(r.url)", (4, 4)),
        ("async with lock:\n    r = SEND\nprint(r.url)", (1, 1)),
        ("while ok:\n    r = SEND\n    print(r.url)\n    work()", (1, 1)),
        ("r = SEND\nx = r.headers['a']\nr = SEND\nawait r.aread()", (1, 1)),
        ("r = SEND\ntry:\n    work(r.url)\nfinally:\n    work()", (1, 4)),
        ("r = SEND\ntry:\n    work(r.url)\nfinally:\n    pass\nprint(r.url)", (1, 5)),
    ],
)
def test_covered_statements_end_with_the_last_use(body: str, lines: tuple[int, int]) -> None:
    assert covered_lines(judge(body)) == lines


def test_close_below_where_nothing_uses_the_response() -> None:
    site = judge("r = SEND\nwork()")
    assert site.cover == CloseBelow(site.statement)


def test_try_without_finally_is_extended() -> None:
    site = judge("r = SEND\nn = 0\ntry:\n    work(r.url)\nexcept OSError:\n    pass\nwork()")
    assert isinstance(site.cover, ExtendTry)
    assert site.cover.anchor.start.line == site.line + 2


def test_close_that_has_nothing_left_to_do_is_dropped() -> None:
    site = judge("r = SEND\nprint(r.url)\nwork()\nawait r.aclose()\nwork()")
    assert isinstance(site.cover, WrapUses)
    assert site.cover.dropped is not None
    assert site.cover.dropped.start.line == site.line + 3


@pytest.mark.parametrize(
    "close", ["await r.aclose()  # now", "# now\nawait r.aclose()", "work(); await r.aclose()"]
)
def test_close_with_company_is_not_dropped(close: str) -> None:
    site = judge(f"r = SEND\nprint(r.url)\n{close}\nwork()")
    assert isinstance(site.cover, WrapUses)
    assert site.cover.dropped is None


def test_close_of_the_second_response_is_not_dropped_for_the_first() -> None:
    site = judge("r = SEND\nprint(r.url)\nr = SEND\nawait r.aclose()")
    assert isinstance(site.cover, WrapUses)
    assert site.cover.dropped is None


def test_name_that_may_be_none_is_asked() -> None:
    site = judge("r = None\ntry:\n    r = SEND\nexcept OSError:\n    pass\nif r:\n    print(r.url)")
    assert isinstance(site.cover, WrapUses)
    assert site.cover.may_be_none


def test_covers_of_two_responses_nest() -> None:
    code = f"{ASYNC_HEADER}    a = await {SEND}\n    b = await {SEND}\n    print(a.url)\n    print(b.url)\n"
    covers = [site.cover for site in find_sites(code)]
    assert [isinstance(cover, WrapUses) and cover.last.start.line for cover in covers] == [7, 7]


@pytest.mark.parametrize("use", ["print(r.status_code)", "return r.headers"])
def test_status_may_be_read_after_the_close_where_nothing_else_holds(use: str) -> None:
    site = judge(f"for u in url:\n    r = SEND\n    print(await anext(r.aiter_lines()))\n{use}")
    assert covered_lines(site) == (1, 1)


def test_two_branches_share_one_cover() -> None:
    code = (
        f"{ASYNC_HEADER}    if url:\n        r = await {SEND}\n"
        f"    else:\n        r = await {SEND}\n    print(r.url)\n"
    )
    first, second = find_sites(code)
    assert first.cover == second.cover
    assert isinstance(first.cover, WrapUses)
