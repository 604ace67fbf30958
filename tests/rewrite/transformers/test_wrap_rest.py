from __future__ import annotations

from collections.abc import Callable

import pytest

from httpx_fixer.fix import AnchoredEdit, RemoveStatement, WrapRest
from httpx_fixer.rewrite.apply import EditsClash

from ..anchoring import Case, Variant, anchor_of, in_all_variants, rewrite

CLOSE = "finally:\n    await r.aclose()"


def _wrap(
    first: tuple[str, int], last: tuple[str, int], footer: str = CLOSE
) -> Callable[[str], tuple[AnchoredEdit, ...]]:
    return lambda source: (WrapRest(anchor_of(source, *first), anchor_of(source, *last), footer),)


@in_all_variants(
    Case(
        "rest of a function",
        """\
async def f(request):
    r = await client.send(request, stream=True)  # open
    # check
    r.raise_for_status()

    # read
    async for chunk in r.aiter_bytes():  # loop
        yield chunk
        # foot of the loop
    # foot of the function


x = 1
""",
        """\
async def f(request):
    r = await client.send(request, stream=True)  # open
    try:
        # check
        r.raise_for_status()

        # read
        async for chunk in r.aiter_bytes():  # loop
            yield chunk
            # foot of the loop
        # foot of the function
    finally:
        await r.aclose()


x = 1
""",
        _wrap(("Expr", 0), ("AsyncFor", 0)),
    ),
    Case(
        "statements in the middle of a block",
        """\
async def f():
    r = await g()

    a = 1
    b = [
        a,  # one
    ]
    # about c
    c = 1
""",
        """\
async def f():
    r = await g()

    try:
        a = 1
        b = [
            a,  # one
        ]
    finally:
        await r.aclose()
    # about c
    c = 1
""",
        _wrap(("Assign", 1), ("Assign", 2)),
    ),
    Case(
        "sole statement of a block",
        """\
async def f(r):
    if r:  # there
        return r.text  # done
    return None
""",
        """\
async def f(r):
    if r:  # there
        try:
            return r.text  # done
        finally:
            await r.aclose()
    return None
""",
        _wrap(("Return", 0), ("Return", 0)),
    ),
    Case(
        "one-line suite",
        """\
async def f(r):
    if r: a = r.text; return a  # done
    return None
""",
        """\
async def f(r):
    if r:
        try:
            a = r.text
            return a  # done
        finally:
            await r.aclose()
    return None
""",
        _wrap(("Assign", 0), ("Return", 0)),
    ),
    Case(
        "statements joined by semicolons",
        """\
async def f():
    r = await g(); a = 1; b = 2  # all
    c = 3
""",
        """\
async def f():
    r = await g()
    try:
        a = 1
        b = 2  # all
    finally:
        await r.aclose()
    c = 3
""",
        _wrap(("Assign", 1), ("Assign", 2)),
    ),
    Case(
        "footer that raises again",
        """\
async def f():
    r = await g()
    return StreamingResponse(
        r.aiter_raw(),
        # closes it
        background=BackgroundTask(r.aclose),
    )
""",
        """\
async def f():
    r = await g()
    try:
        return StreamingResponse(
            r.aiter_raw(),
            # closes it
            background=BackgroundTask(r.aclose),
        )
    except BaseException:
        await r.aclose()
        raise
""",
        _wrap(("Return", 0), ("Return", 0), "except BaseException:\n    await r.aclose()\n    raise"),
    ),
)
def test_wrap_rest(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_inner_and_outer_rest_nest() -> None:
    source = "r = a()\nb()\ns = c()\nd()\n"
    outer = WrapRest(anchor_of(source, "Expr", 0), anchor_of(source, "Expr", 1), "finally:\n    r.close()")
    inner = WrapRest(anchor_of(source, "Expr", 1), anchor_of(source, "Expr", 1), "finally:\n    s.close()")
    expected = """\
r = a()
try:
    b()
    s = c()
    try:
        d()
    finally:
        s.close()
finally:
    r.close()
"""
    assert rewrite(source, outer, inner) == rewrite(source, inner, outer) == expected


def test_rests_that_overlap_are_our_mistake() -> None:
    source = "a()\nb()\nc()\n"
    a, b, c = (anchor_of(source, "Expr", nth) for nth in range(3))
    with pytest.raises(EditsClash):
        rewrite(source, WrapRest(a, b, CLOSE), WrapRest(b, c, CLOSE))


def test_another_header_takes_the_place_of_the_line_above() -> None:
    source = """\
async def f(url):
    # about the client
    client = make(  # why
        timeout=5,  # seconds
    )  # slow

    # ask
    r = await client.get(url)
    print(r)
    return r
"""
    header = "async with borrow(\n    timeout=5,  # seconds\n) as client:"
    wrapped = WrapRest(anchor_of(source, "Assign", 1), anchor_of(source, "Expr", 0), header=header)
    removed = RemoveStatement(anchor_of(source, "Assign", 0), is_moved=True)
    assert (
        rewrite(source, wrapped, removed)
        == """\
async def f(url):
    # about the client
    # slow

    async with borrow(
        timeout=5,  # seconds
    ) as client:
        # ask
        r = await client.get(url)
        print(r)
    return r
"""
    )
