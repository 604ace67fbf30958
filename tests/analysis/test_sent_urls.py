"""Where the requests of a client go."""

from __future__ import annotations

from textwrap import indent

import pytest
from small_projects import find_site

BASE = "https://api.test"
"""What `BASE` is in the module of each case."""


def _urls(body: str) -> tuple[tuple[str, ...], ...]:
    text = f'import httpx\n\nBASE = "{BASE}"\n\n\nasync def work(number, urls):\n{indent(body, "    ")}\n'
    return find_site(text).urls


@pytest.mark.parametrize(
    ("body", "last"),
    [
        ('httpx.get("https://api.test/x")', "'https://api.test/x'"),
        ('httpx.request("GET", "https://api.test/x")', "'https://api.test/x'"),
        ('httpx.stream("GET", url=BASE)', "'https://api.test'"),
        ('httpx.get(f"{BASE}/{number}")', "f'https://api.test/{number}'"),
        ('httpx.get(BASE + "/x")', "'https://api.test/x'"),
        ("httpx.get(BASE + str(number))", "'https://api.test' + str(number)"),
        ('url = f"{BASE}/x"\nhttpx.get(url)', "f'https://api.test/x'"),
        ("httpx.get(number)", "number"),
        ('await httpx.AsyncClient().post("https://api.test/x")', "'https://api.test/x'"),
        ("async with httpx.AsyncClient() as c:\n    await c.get(BASE)", "'https://api.test'"),
        ("c = httpx.AsyncClient()\nawait c.get(BASE)\nawait c.aclose()", "'https://api.test'"),
        ("c = httpx.AsyncClient()\nr = c.build_request('GET', BASE)\nawait c.send(r)", "'https://api.test'"),
    ],
)
def test_names_of_strings_are_followed(body: str, last: str) -> None:
    (spellings,) = _urls(body)
    assert spellings[-1] == last


def test_a_url_is_told_as_it_is_written_first() -> None:
    assert _urls('httpx.get(f"{BASE}/x")')[0][0] == "f'{BASE}/x'"


@pytest.mark.parametrize(
    "body",
    [
        "httpx.get(*urls)",
        "return httpx.AsyncClient()",
        "c = httpx.AsyncClient()\nreturn c",
        "await httpx.AsyncClient().aclose()",
        "async with httpx.AsyncClient():\n    pass",
    ],
)
def test_other_urls_are_not_known(body: str) -> None:
    assert _urls(body) == ((),)


def test_a_client_that_is_passed_on_may_go_elsewhere() -> None:
    assert () in _urls("c = httpx.AsyncClient()\nawait c.get(BASE)\nawait number(c)")
