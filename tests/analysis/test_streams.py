"""What stands in the way of closing a streamed response."""

from __future__ import annotations

import pytest
from stream_reading import covered_lines, find_sites, judge

from httpx_fixer.analysis.stream_facts import GuardUses, StackUses, WrapUses
from httpx_fixer.diagnostic import RefusalReason


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("r = SEND\nyield r", 1),
        ("r = SEND\nwork()\nself.r = r", 2),
        ("r = SEND\nother = r", 1),
        ("r = SEND\nwork(r)", 1),
        ("r = SEND\nwork(response=r)", 1),
        ("r = SEND\nitems = [r]", 1),
        ("r = SEND\nwork()\nf = lambda: r.url", 2),
        ("r = SEND\ndef f():\n    return r.url\nreturn f", 2),
        ("r = SEND\nreturn r.aiter_raw()", 1),
        ("r = SEND\nlines = r.aiter_lines()", 1),
        ("r = SEND\nreturn (line async for line in r.aiter_lines())", 1),
        ("r = SEND\nreturn Body(r.aiter_raw(), BackgroundTask(r.aclose))", 1),
        ("r = SEND\ntask = create_task(r.aread())", 1),
        ("r = SEND\nreturn r.extensions['network_stream']", 1),
        ("r = SEND\nraise Failed(r)", 1),
        ("r = SEND\nbool = work\nbool(r)", 2),
        ("self.r = SEND", 0),
        ("work(SEND)", 0),
        ("return [SEND for url in url]", 0),
    ],
)
def test_response_that_escapes(body: str, line: int) -> None:
    site = judge(body)
    assert site.obstacles[0].reason is RefusalReason.ESCAPES
    assert site.obstacles[0].line == site.line + line


@pytest.mark.parametrize(
    "use",
    [
        "print(r)",
        "x = len(str(r))",
        "ok = isinstance(r, httpx.Response)",
        "logger.info('%s', r)",
        "self.log.debug('got', extra=r)",
        "x = f'{r}'",
        "x = r == None",
        "if r and r.url:\n    work()",
        "return r.headers",
        "return r.json()",
        "x = r.raise_for_status().json()",
        "r.encoding = 'utf-8'",
        "x = r.extensions.get('http_version')",
        "return [line async for line in r.aiter_lines() if line]",
        "x = await anext(r.aiter_lines())",
        "async for n, line in enumerate(r.aiter_lines()):\n    work(n)",
        "x = await asyncio.wait_for(r.aread(), 5)",
    ],
)
def test_use_that_is_no_escape(use: str) -> None:
    site = judge(f"r = SEND\nwork()\n{use}")
    assert site.obstacles == ()
    assert site.cover is not None


@pytest.mark.parametrize(
    "body",
    [
        "return SEND",
        "r = SEND\nreturn r",
        "r = SEND\nreturn r, 1",
        "r = SEND\nif url:\n    await r.aclose()\n    return\nreturn r",
        "r = SEND\ntry:\n    work()\nexcept BaseException:\n    await r.aclose()\n    raise\nreturn r",
        "return httpx.Wrapper(SEND)",
    ],
)
def test_response_that_is_handed_on_is_settled(body: str) -> None:
    assert judge(body).closed_on_every_path


@pytest.mark.parametrize(
    ("body", "lines", "early"),
    [
        ("r = SEND\nwork()\nreturn r", (1, 2), 0),
        ("r = SEND\nreturn r.raise_for_status()", (1, 1), 0),
        ("r = SEND\nif url:\n    return None\nreturn r, work()", (1, 3), 1),
        ("r = SEND\nif r.is_error:\n    return await r.aread()\nreturn r, work()", (1, 3), 0),
        ("r = SEND\ntry:\n    work()\nexcept OSError:\n    return\nreturn r", (1, 5), 1),
        ("r = SEND\nwork()\nx = httpx.Wrapper(r)\nx.y = 1\nreturn x", (1, 4), 0),
    ],
)
def test_exceptions_before_the_response_is_handed_on_are_guarded(
    body: str, lines: tuple[int, int], early: int
) -> None:
    site = judge(body)
    assert isinstance(site.cover, GuardUses)
    covered = (site.cover.first.start.line - site.line, site.cover.last.end.line - site.line)
    assert (covered, len(site.cover.early)) == (lines, early)


def test_false_flag_needs_no_close() -> None:
    header = "import httpx\n\nasync def fetch(client: httpx.AsyncClient, url, stream):\n"
    body = (
        "    r = await client.send(url, stream=stream)\n"
        "    if stream:\n        return r\n    return r.json()\n"
    )
    assert find_sites(header + body)[0].closed_on_every_path


def test_escape_of_another_response_of_the_name_does_not_count() -> None:
    site = judge("if url:\n    r = await client.get(url)\n    return r\nr = SEND\nprint(r.url)")
    assert site.obstacles == ()


def test_escape_of_a_response_that_is_read_does_not_count() -> None:
    site = judge("r = SEND\nprint(r.url)\nawait r.aread()\nreturn r")
    assert covered_lines(site) == (1, 2)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("SEND", RefusalReason.UNSUPPORTED_BINDING),
        ("x = (SEND).status_code", RefusalReason.UNSUPPORTED_BINDING),
        ("a = b = SEND", RefusalReason.UNSUPPORTED_BINDING),
        ("a, b = await asyncio.gather(client.send(1, stream=True), x)", RefusalReason.UNSUPPORTED_BINDING),
        ("t = asyncio.create_task(client.send(1, stream=True))", RefusalReason.UNSUPPORTED_BINDING),
        ("r = client.send(1, stream=True)\nwork()", RefusalReason.UNSUPPORTED_BINDING),
        ("print((r := SEND).url)", RefusalReason.UNSUPPORTED_BINDING),
        (
            "r = SEND\nr = await client.send(r.next_request, stream=True)\nawait r.aread()",
            RefusalReason.REBOUND,
        ),
    ],
)
def test_refused(body: str, reason: RefusalReason) -> None:
    site = judge(body)
    assert not site.closed_on_every_path
    assert [obstacle.reason for obstacle in site.obstacles[:1]] == [reason]
    assert site.cover is None


@pytest.mark.parametrize(
    ("body", "repeats"),
    [
        ("for u in url:\n    r = SEND\n    print(r.url)\nprint(r.text)", True),
        ("async with session() as s:\n    r = SEND\nprint(r.text)", False),
        ("try:\n    r = SEND\nexcept OSError:\n    r = {}\nprint(r.text)", False),
        ("try:\n    r = SEND\n    work()\nexcept OSError:\n    return\nprint(r.text)", False),
    ],
)
def test_stack_closes_what_a_name_may_not_hold(body: str, repeats: bool) -> None:
    cover = judge(body).cover
    assert isinstance(cover, StackUses)
    assert cover.repeats is repeats


def test_module_variable_escapes() -> None:
    site = find_sites(
        "import httpx\nclient = httpx.Client()\nr = client.send(1, stream=True)\nprint(r.url)\n"
    )[0]
    assert [obstacle.reason for obstacle in site.obstacles] == [RefusalReason.ESCAPES]


def test_global_variable_escapes() -> None:
    site = judge("global r\nr = SEND\nprint(r.url)")
    assert [obstacle.reason for obstacle in site.obstacles] == [RefusalReason.ESCAPES]


def test_failed_response_read_by_an_outer_handler_escapes() -> None:
    site = judge(
        "try:\n    r = SEND\n    r.raise_for_status()\nexcept httpx.HTTPStatusError as e:\n"
        "    print(await e.response.aread())"
    )
    assert [(o.reason, o.line - site.line) for o in site.obstacles] == [(RefusalReason.ESCAPES, 3)]


def test_failed_response_read_by_an_inner_handler_is_covered() -> None:
    site = judge(
        "r = SEND\ntry:\n    r.raise_for_status()\nexcept httpx.HTTPStatusError as e:\n"
        "    print(await e.response.aread())\n    raise\nprint(r.url)"
    )
    assert covered_lines(site) == (1, 6)


def test_long_chain_of_branches_is_followed() -> None:
    branches = "".join(f"elif url == {n}:\n    work()\n" for n in range(300))
    site = judge(f"r = SEND\nif url:\n    print(r.url)\n{branches}")
    assert isinstance(site.cover, WrapUses)
