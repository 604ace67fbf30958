"""Whether every path of a function closes a streamed response."""

from __future__ import annotations

import ast

import pytest
from stream_reading import SYNC_HEADER, judge, read_module

from httpx_fixer.analysis.streams import is_surely_closed


@pytest.mark.parametrize(
    "body",
    [
        "r = SEND\nawait r.aclose()",
        "r = SEND\nawait asyncio.shield(r.aclose())",
        "r = SEND\ncount = 0\nstatus = r.status_code\nNone\nawait r.aclose()",
        (
            "r = SEND\nif r.status_code >= 400 and not r.is_closed:\n"
            "    await r.aclose()\nelse:\n    await r.aread()"
        ),
        "r = SEND\ntry:\n    work()\nfinally:\n    await r.aclose()",
        "r = SEND\nn = 0\ntry:\n    return r.headers\nfinally:\n    await r.aclose()",
        "r = SEND\ntry:\n    work()\nfinally:\n    if not r.is_closed:\n        await r.aclose()",
        (
            "r = SEND\ntry:\n    work()\nexcept BaseException:\n"
            "    await r.aclose()\n    raise\nawait r.aclose()"
        ),
        "r = SEND\ntry:\n    work()\nexcept:\n    pass\nawait r.aclose()",
        "r = SEND\nwith anyio.CancelScope(shield=True):\n    await r.aclose()",
        "r = SEND\nasync with aclosing(r):\n    work()",
        "r = SEND\nasync with contextlib.aclosing(r) as r2, other():\n    work()",
        "async with aclosing(SEND) as r:\n    work()",
        "async with AsyncExitStack() as s:\n    r = SEND\n    s.push_async_callback(r.aclose)\n    work(r)",
        (
            "async with AsyncExitStack() as s:\n    r = SEND\n"
            "    await s.enter_async_context(aclosing(r))\n    work()"
        ),
        "async with AsyncExitStack() as s:\n    r = await s.enter_async_context(aclosing(SEND))\n    work()",
        "r = None\ntry:\n    r = SEND\n    work()\nfinally:\n    if r is not None:\n        await r.aclose()",
        "r = None\ntry:\n    r = SEND\n    work()\nfinally:\n    if r:\n        await r.aclose()",
        "try:\n    r = SEND\n    work()\nfinally:\n    if 'r' in locals():\n        await r.aclose()",
        "r = SEND\nreturn await r.aread()",
        "r = SEND\nreturn json.loads(await r.aread())",
        "r = SEND\nlines = [line async for line in r.aiter_lines()]",
        "r = SEND\nbody = b''.join([chunk async for chunk in r.aiter_bytes()])",
        "r = SEND\nasync for _ in r.aiter_raw():\n    pass",
        "r = SEND\nasync for i in r.aiter_raw():\n    n = i\nelse:\n    n = 0",
        "return await (SEND).aread()",
        "for u in urls:\n    r = SEND\n    try:\n        work()\n    finally:\n        await r.aclose()",
        (
            "for u in urls:\n    r = SEND\n    if r.status_code == 200:\n"
            "        break\n    await r.aclose()\nelse:\n    return\nawait r.aclose()"
        ),
        "while True:\n    r = SEND\n    await r.aread()\n    if r.status_code == 200:\n        return r",
        "r = SEND\nassert r is not None\nawait r.aclose()",
        "a = SEND\ntry:\n    b = other()\nfinally:\n    await other.aclose()\n    await a.aclose()",
        "r = SEND\nawait r.aclose()\nmatch x:\n    case r:\n        pass",
        "r = SEND\nawait asyncio.wait_for(r.aread(), 5)",
    ],
)
def test_closed_on_every_path(body: str) -> None:
    site = judge(body)
    assert site.closed_on_every_path
    assert site.obstacles == ()
    assert site.cover is None


@pytest.mark.parametrize(
    "body",
    [
        "r = SEND\nr.close()",
        "r = SEND\nr.aclose()",
        "r = SEND\nwork()\nawait r.aclose()",
        "r = SEND\nif ok:\n    await r.aclose()",
        "r = SEND\nif not ok:\n    return\nawait r.aclose()",
        "r = SEND\ntry:\n    work()\nexcept Exception:\n    await r.aclose()\n    raise\nawait r.aclose()",
        "r = SEND\ntry:\n    work()\nexcept ValueError:\n    pass\nawait r.aclose()",
        "r = SEND\ntry:\n    work()\nfinally:\n    log()\n    await r.aclose()",
        "r = SEND\ntry:\n    work()\nfinally:\n    if ok:\n        await r.aclose()",
        "r = SEND\nwith closing(r):\n    work()",
        "r = SEND\nwith suppress(OSError):\n    work()\n    await r.aclose()",
        "async with AsyncExitStack() as s:\n    r = SEND\n    s.callback(r.aclose)",
        "r = SEND\nasync for chunk in r.aiter_raw():\n    work(chunk)",
        "r = SEND\nasync for chunk in r.aiter_raw():\n    break",
        "r = SEND\nasync for chunk in r.stream:\n    pass",
        "r = SEND\nlines = [work(line) async for line in r.aiter_lines()]",
        "r = SEND\nsize = work(r.headers['a'], await r.aread())",
        "r = SEND\nasyncio.create_task(r.aclose())",
        "r = SEND\nx = ok or await r.aread()",
        "r = SEND\nr = None",
        "r = SEND\ndel r",
        "r = SEND\nr = SEND\nawait r.aclose()",
        "for u in urls:\n    r = SEND\nawait r.aclose()",
        "while ok():\n    r = SEND\n    if r.status_code == 200:\n        continue\n    await r.aclose()",
        "r = SEND\nasync for i in r.aiter_raw():\n    r = SEND",
    ],
)
def test_not_closed_on_every_path(body: str) -> None:
    assert not judge(body).closed_on_every_path


def test_exception_alone_covers_a_sync_function() -> None:
    body = "r = SEND\ntry:\n    work()\nexcept Exception:\n    r.close()\n    raise\nr.close()"
    assert judge(body, SYNC_HEADER).closed_on_every_path
    assert not judge(body.replace("work()", "yield 1"), SYNC_HEADER).closed_on_every_path


@pytest.mark.parametrize(
    "body",
    [
        "r = SEND\nwith closing(r):\n    work()",
        "with closing(SEND) as r:\n    work()",
        "r = SEND\nreturn b''.join(r.iter_bytes())",
        "r = SEND\nreturn list(r.iter_lines())",
        "with ExitStack() as s:\n    r = SEND\n    s.callback(r.close)\n    work()",
        "return SEND.read()",
    ],
)
def test_sync_closed_on_every_path(body: str) -> None:
    assert judge(body, SYNC_HEADER).closed_on_every_path


def test_predicate_for_one_call() -> None:
    module = read_module(
        "async def f(c):\n"
        "    a = await c.send(1, stream=True)\n"
        "    await a.aread()\n"
        "    b = await c.send(2, stream=True)\n"
        "    work(b)\n"
        "    d = await c.send(3)\n"
        "    e = await c.send(4, stream=False)\n"
        "    f = await c.send(5, **options)\n"
        "    g = await c.send(6, **options)\n"
        "    await g.aclose()\n"
    )
    found = [is_surely_closed(module, call) for call in module.calls if ast.unparse(call.func) == "c.send"]
    assert found == [True, False, True, True, False, True]
