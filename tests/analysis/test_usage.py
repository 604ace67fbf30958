"""What a block does with its client."""

from __future__ import annotations

from textwrap import indent

import pytest
from small_projects import find_sites

from httpx_fixer.analysis.site_facts import ClientUsage
from httpx_fixer.diagnostic import RefusalReason


def _usage(body: str, *, after: str = "") -> ClientUsage:
    """Return the usage of `client` in a block with this body, in a function with this end."""
    text = "import httpx\nasync def fetch(url, n):\n    async with httpx.AsyncClient() as client:\n"
    site = find_sites(text + indent(body, " " * 8) + "\n" + indent(after, " " * 4) + "\n")[0]
    assert site.usage is not None
    return site.usage


def _reasons(body: str, *, after: str = "") -> set[RefusalReason]:
    return {obstacle.reason for obstacle in _usage(body, after=after).obstacles}


@pytest.mark.parametrize(
    "body",
    [
        "return await client.get(url)",
        "r = await client.request('GET', url)",
        "r = await client.send(client.build_request('GET', url))",
        "r = await client.send(request, stream=False)",
        "async with client.stream('GET', url) as r: pass",
        "print(client.timeout, client.base_url)",
        "def probe(client): return client.headers",
        "found = [client.headers for client in n]",
        "found = [n for client in n if client.headers]",
    ],
)
def test_plain_use_is_no_obstacle(body: str) -> None:
    assert _reasons(body) == set()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return client", RefusalReason.ESCAPES),
        ("yield client", RefusalReason.ESCAPES),
        ("await run(client)", RefusalReason.ESCAPES),
        ("await run(client=client)", RefusalReason.ESCAPES),
        ("self.client = client", RefusalReason.ESCAPES),
        ("clients = [client]", RefusalReason.ESCAPES),
        ("fetch = client.get if n else None", RefusalReason.MUTATED),
        ("def later(): return client.get(url)", RefusalReason.ESCAPES),
        ("later = lambda: client.get(url)", RefusalReason.ESCAPES),
        ("client.headers['X'] = n", RefusalReason.MUTATED),
        ("client.headers.update(n)", RefusalReason.MUTATED),
        ("client.timeout = 5", RefusalReason.MUTATED),
        ("client.auth = n", RefusalReason.MUTATED),
        ("client.cookies.set('a', 'b')", RefusalReason.COOKIE_JAR),
        ("client = other", RefusalReason.REBOUND),
        ("for client in n: pass", RefusalReason.REBOUND),
        ("await client.aclose()", RefusalReason.MIXED_WITH_MANUAL_CLOSE),
        ("async with client: pass", RefusalReason.MIXED_WITH_MANUAL_CLOSE),
        ("r = await client.send(request, stream=True)", RefusalReason.STREAM_LEFT_OPEN),
        ("r = await client.send(request, stream=n)", RefusalReason.STREAM_LEFT_OPEN),
        ("r = await client.send(request, **n)", RefusalReason.STREAM_LEFT_OPEN),
        ("stream = client.stream('GET', url)", RefusalReason.STREAM_LEFT_OPEN),
        ("r = await stack.enter_async_context(client.stream('GET', url))", RefusalReason.STREAM_LEFT_OPEN),
    ],
)
def test_use_that_stands_in_the_way(body: str, reason: RefusalReason) -> None:
    assert _reasons(body) == {reason}


def test_use_after_the_block_is_rebound() -> None:
    assert _reasons("r = 1", after="print(client.is_closed)") == {RefusalReason.REBOUND}


def test_second_block_of_the_same_name_holds_a_client_of_its_own() -> None:
    after = "async with httpx.AsyncClient() as client:\n    await client.get(url)"
    assert _reasons("await client.get(url)", after=after) == set()


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("pass", 0),
        ("await client.get(url)", 1),
        ("await client.get(url)\nawait client.get(url)", 2),
        ("for u in url: await client.get(u)", 2),
        ("while n: await client.get(url)", 2),
        ("r = [await client.get(u) for u in url]", 2),
        ("if n: await client.get(url)\nelse: await client.post(url)", 1),
        ("if n:\n    return await client.get(url)\nreturn await client.post(url)", 1),
        ("if n:\n    await client.get(url)\nreturn await client.post(url)", 2),
        ("try: await client.get(url)\nexcept OSError: await client.get(url)", 2),
        ("try: await client.get(url)\nfinally: n = 1", 1),
        ("match n:\n    case 1: await client.get(url)\n    case 2: await client.put(url)", 1),
        ("request = client.build_request('GET', url)\nawait client.send(request)", 1),
        ("async with client.stream('GET', url) as r: await r.aread()", 1),
        ("return (await client.get(url)), (await client.get(url))", 2),
        ("if await client.get(url): await client.post(url)", 2),
        ("match await client.get(url):\n    case 1: await client.put(url)", 2),
        ("while await client.get(url): break", 2),
    ],
)
def test_requests_on_one_path_are_counted(body: str, count: int) -> None:
    assert _usage(body).max_requests == count


@pytest.mark.parametrize(
    ("first", "second", "distinct"),
    [
        ("'https://a.example/x'", "'https://b.test/y'", True),
        ("f'https://a.example/{n}'", "'https://b.test/y'", True),
        ("'https://a.example/x'", "'https://a.example/y'", False),
        ("f'https://{n}/x'", "'https://b.test/y'", False),
        ("f'https://a.example{n}'", "'https://b.test/y'", False),
        ("url", "'https://b.test/y'", False),
        ("'/x'", "'https://b.test/y'", False),
        ("'https://a.example:1/x'", "'https://a.example:2/x'", False),
        ("'https://a.example/x'", "'https://A.EXAMPLE/y'", False),
        ("'https://example.com/x'", "'https://www.example.com/y'", False),
        ("'https://login.example.com/x'", "'https://api.example.com/y'", False),
        ("'https://login.example.com/x'", "'https://api.example.org/y'", True),
        ("'https://u@a.example/x'", "'https://a.example/y'", False),
    ],
)
def test_hosts_that_share_no_cookie(first: str, second: str, distinct: bool) -> None:
    usage = _usage(f"await client.get({first})\nawait client.get({second})")
    assert usage.has_distinct_hosts is distinct


def test_every_request_has_a_timeout() -> None:
    assert _usage("await client.get(url, timeout=1)").every_request_has_timeout
    assert not _usage("await client.get(url, timeout=1)\nawait client.get(url)").every_request_has_timeout
    assert not _usage("pass").every_request_has_timeout


def test_names_that_the_block_changes() -> None:
    body = "a = 1\nb['x'] = 2\nc.d = 3\ne.update({})\ndel f\ng.get('x')\nawait client.get(url)"
    assert {"a", "b", "c", "e", "f"} <= _usage(body).changed_names
    assert "g" not in _usage(body).changed_names


def test_request_knows_its_arguments_and_place() -> None:
    usage = _usage("x = 1\nfor u in url:\n    await client.post(u, json=n, **n)")
    (request,) = usage.requests
    assert (request.method, request.url, request.arguments) == ("post", "u", (("json", "n"),))
    assert (request.repeats, request.is_first, request.is_complete) == (True, False, False)
