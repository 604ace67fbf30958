"""What functions do with a response that they are given, and what functions return one."""

from __future__ import annotations

import pytest
from stream_reading import ASYNC_HEADER, SEND, find_sites

from httpx_fixer.analysis.stream_facts import StreamSite

CALLER = f"{ASYNC_HEADER}    r = await {SEND}\n    await use(r)\n"


def _judge(body: str, call: str = "await use(r)", header: str = "async def use(r):") -> StreamSite:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return find_sites(CALLER.replace("await use(r)", call) + f"\n{header}\n{lines}")[0]


@pytest.mark.parametrize(
    "body",
    [
        "await r.aclose()",
        "return await r.aread()",
        "try:\n    work()\nfinally:\n    await r.aclose()",
    ],
)
def test_function_that_closes_is_a_close(body: str) -> None:
    assert _judge(body).closed_on_every_path


@pytest.mark.parametrize(
    "body", ["print(r.url)", "r.raise_for_status()", "if r.is_error:\n    await r.aclose()", "return r.url"]
)
def test_function_that_only_uses_leaves_the_close_to_its_caller(body: str) -> None:
    site = _judge(body)
    assert not site.closed_on_every_path
    assert site.cover is not None


@pytest.mark.parametrize(
    "body",
    [
        "seen.append(r)",
        "return r",
        "other = r",
        "yield r",
        "raise Failed(r)",
        "global kept\nkept = r",
        "r = None",
        "return (lambda: r)",
    ],
)
def test_function_that_may_keep_it_is_an_escape(body: str) -> None:
    site = _judge(body)
    assert [obstacle.reason.name for obstacle in site.obstacles[:1]] == ["ESCAPES"]


@pytest.mark.parametrize(
    ("call", "header"),
    [
        ("use(r)", "async def use(r):"),
        ("await use(*[r])", "async def use(r):"),
        ("await use(r)", "@retried\nasync def use(r):"),
        ("await use(r)", "def use(r):"),
        ("await use(1, r)", "async def use(a, *r):"),
    ],
)
def test_call_that_is_not_followed_is_an_escape(call: str, header: str) -> None:
    site = _judge("print(1)", call, header)
    assert [obstacle.reason.name for obstacle in site.obstacles[:1]] == ["ESCAPES"]


@pytest.mark.parametrize("call", ["await use(1, r)", "await use(r=r, a=1)"])
def test_parameter_is_found(call: str) -> None:
    assert _judge("await r.aclose()", call, "async def use(a, r):").closed_on_every_path


@pytest.mark.parametrize(
    ("body", "sites"),
    [
        ("return SEND", 2),
        ("r = SEND\nreturn r", 2),
        ("r = SEND\nif r.is_error:\n    raise OSError\nreturn r", 2),
        ("r = SEND\nif r.is_error:\n    return None\nreturn r", 1),
        ("r = SEND\nif url:\n    return r", 1),
        ("r = SEND\nreturn r.url", 1),
        ("r = SEND\nreturn r, 1", 1),
    ],
)
def test_call_of_a_function_that_returns_the_response_is_a_site(body: str, sites: int) -> None:
    lines = "".join(f"    {line}\n" for line in body.replace("SEND", f"await {SEND}").splitlines())
    caller = "\nasync def call(client):\n    r = await fetch(client, '/')\n    print(r.url)\n"
    assert len(find_sites(ASYNC_HEADER + lines + caller)) == sites
