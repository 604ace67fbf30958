"""What the code around an expression does with its value, and what functions do that get a client."""

from __future__ import annotations

import ast
from textwrap import dedent, indent

import pytest
from small_projects import build_module

from httpx_fixer.analysis.escapes import Way, find_step
from httpx_fixer.analysis.followed_uses import iter_local_uses
from httpx_fixer.analysis.local_uses import UseKind


@pytest.mark.parametrize(
    ("code", "way", "how"),
    [
        ("x.get", Way.MEMBER, "is stored or passed on"),
        ("x == other", Way.LOOKED_AT, "is stored or passed on"),
        ("f'{x}'", Way.LOOKED_AT, "is stored or passed on"),
        ("x", Way.LOOKED_AT, "is stored or passed on"),
        ("isinstance(x, int)", Way.LOOKED_AT, "is passed to `isinstance`"),
        ("logger.info('%s', x)", Way.LOOKED_AT, "is passed to `logger.info`"),
        ("if x and other: pass", Way.LOOKED_AT, "is stored or passed on"),
        ("assert not x", Way.LOOKED_AT, "is stored or passed on"),
        ("keep(x)", Way.PASSED, "is passed to `keep`"),
        ("keep(here=x)", Way.PASSED, "is passed to `keep`"),
        ("with x: pass", Way.ENTERED, "is entered by a `with` statement"),
        ("return x", Way.RETURNED, "is returned"),
        ("lambda: x", Way.RETURNED, "is returned"),
        ("yield x", Way.YIELDED, "is yielded"),
        ("y = x", Way.ASSIGNED, "is stored or passed on"),
        ("self.y = x", Way.ASSIGNED, "is stored or passed on"),
        ("(y := x)", Way.ASSIGNED, "is stored or passed on"),
        ("[x, other]", Way.COLLECTED, "is stored or passed on"),
        ("x or other", Way.COLLECTED, "is stored or passed on"),
        ("await x", Way.OTHER, "is stored or passed on"),
    ],
)
def test_step_is_told_from_the_code_around(code: str, way: Way, how: str) -> None:
    module = build_module(f"async def f(self, x, other):\n    {code}\n")
    read = next(node for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node.id == "x")
    step = find_step(module, read)
    assert (step.way, step.how) == (way, how)


def test_function_named_like_a_builtin_may_keep_what_it_gets() -> None:
    module = build_module("def print(y): kept.append(y)\ndef f(x):\n    print(x)\n")
    read = next(node for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node.id == "x")
    assert find_step(module, read).way is Way.PASSED


def _kinds(body: str, rest: str = "") -> list[UseKind]:
    """Return what is done with `client` in a function with this body, its assignment left out."""
    module = build_module(f"async def f(url, urls):\n{indent(dedent(body), '    ')}\n{dedent(rest)}")
    scope = module.table.of[module.functions["f"]]
    uses = iter_local_uses(module, scope, "client", is_async=True)
    return [use.kind for use in uses if use.kind is not UseKind.BOUND]


_SENDS = "\nasync def send(client, url):\n    return await client.get(url)\n"


@pytest.mark.parametrize(
    ("body", "rest"),
    [
        ("client = make()\nreturn await send(client, url)", _SENDS),
        ("client = make()\nreturn await send(url=url, client=client)", _SENDS),
        ("client = make()\nreturn await wait_for(send(client, url), 3)", _SENDS),
        ("client = make()\nawait outer(client)", "async def outer(c):\n    await send(c, 1)" + _SENDS),
        ("client = make()\nshow(client)", "def show(client):\n    print(client.timeout)\n"),
    ],
)
def test_client_is_lent_to_functions_that_let_go_of_it(body: str, rest: str) -> None:
    assert _kinds(body, rest) == [UseKind.LENT]


@pytest.mark.parametrize(
    ("body", "rest"),
    [
        ("client = make()\nt = spawn(send(client, url))", _SENDS),
        ("client = make()\nt = asyncio.create_task(send(client, url))\nawait t", _SENDS),
        ("client = make()\nawait known.send(client, url)", _SENDS),
        ("client = make()\nawait send(*urls, client)", _SENDS),
        ("client = make()\nawait send(client)", "async def send(c):\n    kept.append(c)"),
        ("client = make()\nawait send(client)", "async def send(c):\n    await c.aclose()"),
        ("client = make()\nsend(client)", "def send(c):\n    return c.get(1)"),
        (
            "client = make()\nawait send(client)",
            "async def send(c):\n    await c.send(1, stream=True)",
        ),
        ("client = make()\nawait send(client)", "@retry\nasync def send(c):\n    await c.get(1)"),
        ("client = make()\nx = events(client)", "async def events(c):\n    yield await c.get(1)"),
        ("client = make()\nawait send(client)", "async def send(c):\n    asyncio.create_task(c.get(1))"),
    ],
)
def test_client_is_passed_to_what_may_hold_it_for_longer(body: str, rest: str) -> None:
    assert _kinds(body, rest) == [UseKind.PASSED]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "async def one(u): return await client.get(u)\nawait gather(*[one(u) for u in urls])",
            [UseKind.LENT, UseKind.LENT],
        ),
        (
            "async def one(u): return await client.get(u)\ntodo = [one(u) for u in urls]\nawait all(*todo)",
            [UseKind.LENT, UseKind.LENT, UseKind.LENT],
        ),
        ("async def one(u): return await client.get(u)\nspawn(one)", [UseKind.CAPTURED]),
        ("async def one(u): return await client.get(u)\nreturn one(url)", [UseKind.CAPTURED]),
        ("async def one(u): return await client.get(u)", [UseKind.CAPTURED]),
        ("@on_stop\nasync def one(u): return await client.get(u)\nawait one(1)", [UseKind.CAPTURED]),
        ("async def one(u): kept.append(client)\nawait one(url)", [UseKind.CAPTURED]),
        ("async def one():\n    async def two(): await client.get(1)\nawait one()", [UseKind.CAPTURED]),
        ("await gather(*map(lambda u: client.get(u), urls))", [UseKind.CAPTURED]),
    ],
)
def test_nested_function_lends_the_client_where_it_is_only_called(body: str, expected: list[UseKind]) -> None:
    assert _kinds(f"client = make()\n{body}") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("todo = [client.get(u) for u in urls]\nawait gather(*todo)", [UseKind.LENT, UseKind.LENT]),
        ("todo = []\ntodo.append(client.get(url))\nawait gather(*todo)", [UseKind.LENT, UseKind.LENT]),
        ("first = client.get(url)\nreturn await first", [UseKind.LENT, UseKind.LENT]),
        ("todo = [client.get(url)]\nreturn todo", [UseKind.PENDING]),
        ("todo = [client.get(url)]\ntodo = other(todo)\nawait gather(*todo)", [UseKind.PENDING]),
        ("todo = [client.get(url)]\nspawn(*todo)\nawait gather(*todo)", [UseKind.PENDING]),
        ("return client.get(url)", [UseKind.PENDING]),
        ("todo = [create_task(client.get(u)) for u in urls]\nawait gather(*todo)", [UseKind.PENDING]),
    ],
)
def test_coroutines_are_uses_until_they_are_awaited(body: str, expected: list[UseKind]) -> None:
    assert _kinds(f"client = make()\n{body}") == expected
