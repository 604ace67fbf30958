from __future__ import annotations

from collections.abc import Callable

import pytest

from httpx_fixer.fix import AnchoredEdit, RemoveStatement, UnwrapWith
from httpx_fixer.rewrite.apply import EditsClash

from ..anchoring import Case, Variant, anchor_of, in_all_variants, rewrite


def _items(*items: int, kind: str = "AsyncWith") -> Callable[[str], tuple[AnchoredEdit, ...]]:
    return lambda source: tuple(UnwrapWith(anchor_of(source, kind), item) for item in items)


@in_all_variants(
    Case(
        "body is dedented",
        """\
async def fetch(url):
    async with httpx.AsyncClient() as client:
        response = await client.get(url)
        return response.json()
""",
        """\
async def fetch(url):
    response = await client.get(url)
    return response.json()
""",
        _items(0),
    ),
    Case(
        "comment on the header line goes above the body",
        """\
async def fetch(url):
    # billing
    async with httpx.AsyncClient() as client:  # noqa: S113
        # one request
        return await client.get(url)  # json
""",
        """\
async def fetch(url):
    # billing
    # noqa: S113
    # one request
    return await client.get(url)  # json
""",
        _items(0),
    ),
    Case(
        "comment at the foot stays at the foot",
        """\
async def fetch(url):
    async with httpx.AsyncClient() as client:
        response = await client.get(url)
        # foot of the block

    # before the return
    return response
""",
        """\
async def fetch(url):
    response = await client.get(url)
    # foot of the block

    # before the return
    return response
""",
        _items(0),
    ),
    Case(
        "comment at the foot of the last statement stays",
        """\
async def fetch(url):
    async with httpx.AsyncClient() as client:
        if url:
            return await client.get(url)
            # foot of the if
        # foot of the with
    # foot of the function


x = 1
""",
        """\
async def fetch(url):
    if url:
        return await client.get(url)
        # foot of the if
    # foot of the with
    # foot of the function


x = 1
""",
        _items(0),
    ),
    Case(
        "one-line suite becomes a line",
        """\
async def fetch(url):
    async with httpx.AsyncClient() as client: return await client.get(url)  # json
""",
        """\
async def fetch(url):
    return await client.get(url)  # json
""",
        _items(0),
    ),
    Case(
        "statements joined by semicolons stay joined",
        """\
async def fetch(url):
    async with httpx.AsyncClient() as client: a = await client.get(url); b = a.json(); return b
""",
        """\
async def fetch(url):
    a = await client.get(url); b = a.json(); return b
""",
        _items(0),
    ),
    Case(
        "comments between the lines of a header go above the body",
        """\
async def fetch(url):
    async with (
        # ours
        httpx.AsyncClient(
            timeout=5,  # seconds
        ) as client,  # per request
        # foot
    ):
        return await client.get(url)
""",
        """\
async def fetch(url):
    # ours
    # seconds
    # per request
    # foot
    return await client.get(url)
""",
        _items(0),
    ),
    Case(
        "blank lines are kept and those that meet are not added up",
        """\
async def fetch(url):
    a = 1

    async with httpx.AsyncClient() as client:

        b = await client.get(url)

        c = 1

    return a, b, c
""",
        """\
async def fetch(url):
    a = 1

    b = await client.get(url)

    c = 1

    return a, b, c
""",
        _items(0),
    ),
    Case(
        "sole statement of a module",
        """\
with httpx.Client() as client:
    client.get(url)
""",
        """\
client.get(url)
""",
        _items(0, kind="With"),
    ),
    Case(
        "continuation lines move along and strings do not",
        '''\
async def fetch(url):
    async with httpx.AsyncClient() as client:
        response = await client.get(
            url,
            # header
            headers={
                "a": "b",
            },
        )
        text = """
        kept
            as it is
"""
        total = 1 + \\
            2
        return f"""{
            response
        }  text
        """
''',
        '''\
async def fetch(url):
    response = await client.get(
        url,
        # header
        headers={
            "a": "b",
        },
    )
    text = """
        kept
            as it is
"""
    total = 1 + \\
        2
    return f"""{
        response
    }  text
        """
''',
        _items(0),
    ),
    Case(
        "nested blocks and definitions move along",
        """\
async def fetch(urls):
    async with httpx.AsyncClient() as client:
        for url in urls:
            try:
                yield await client.get(url)
            except httpx.HTTPError:
                pass
            else:
                break

        async def again():
            return 1

        yield again
""",
        """\
async def fetch(urls):
    for url in urls:
        try:
            yield await client.get(url)
        except httpx.HTTPError:
            pass
        else:
            break

    async def again():
        return 1

    yield again
""",
        _items(0),
    ),
    Case(
        "first of two items",
        """\
async def fetch(url):
    async with httpx.AsyncClient() as client, lock:
        return await client.get(url)
""",
        """\
async def fetch(url):
    async with lock:
        return await client.get(url)
""",
        _items(0),
    ),
    Case(
        "last of two items",
        """\
async def fetch(url):
    async with lock, httpx.AsyncClient() as client:  # both
        return await client.get(url)
""",
        """\
async def fetch(url):
    async with lock:  # both
        return await client.get(url)
""",
        _items(1),
    ),
    Case(
        "two of three items",
        """\
async def fetch(url):
    async with httpx.AsyncClient() as client, lock, timer() as timer:
        return await client.get(url)
""",
        """\
async def fetch(url):
    async with lock:
        return await client.get(url)
""",
        _items(0, 2),
    ),
    Case(
        "all items one by one",
        """\
async def fetch(url):
    async with httpx.AsyncClient() as client, lock:
        return await client.get(url)
""",
        """\
async def fetch(url):
    return await client.get(url)
""",
        _items(0, 1),
    ),
    Case(
        "brackets go where one short item is left",
        """\
async def fetch(url):
    async with (
        httpx.AsyncClient() as client,
        lock,
    ):
        return await client.get(url)
""",
        """\
async def fetch(url):
    async with lock:
        return await client.get(url)
""",
        _items(0),
    ),
    Case(
        "brackets without a blank before them",
        """\
async def fetch(url):
    async with(httpx.AsyncClient() as client, lock):
        return await client.get(url)
""",
        """\
async def fetch(url):
    async with lock:
        return await client.get(url)
""",
        _items(0),
    ),
    Case(
        "hanging commas keep their layout",
        """\
async def fetch(url):
    async with (
        lock,
        # of its own
        httpx.AsyncClient() as client,  # pool
        # timing
        timer() as timer,
    ):
        return await client.get(url)
""",
        """\
async def fetch(url):
    # of its own
    # pool
    async with (
        lock,
        # timing
        timer() as timer,
    ):
        return await client.get(url)
""",
        _items(1),
    ),
    Case(
        "last hanging item without a comma behind it",
        """\
async def fetch(url):
    async with (
        lock,  # the lock
        timer() as timer,  # the timer
        httpx.AsyncClient() as client  # pool
        # foot
    ):
        return await client.get(url)
""",
        """\
async def fetch(url):
    # pool
    async with (
        lock,  # the lock
        timer() as timer  # the timer
        # foot
    ):
        return await client.get(url)
""",
        _items(2),
    ),
    Case(
        "a comment keeps the layout of a single item",
        """\
async def fetch(url):
    async with (
        lock,  # the lock
        httpx.AsyncClient() as client,
    ):
        return await client.get(url)
""",
        """\
async def fetch(url):
    async with (
        lock,  # the lock
    ):
        return await client.get(url)
""",
        _items(1),
    ),
)
def test_unwrap_with(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_indentation_of_the_body_may_differ_from_the_file() -> None:
    head = "def f():\n    return 1\n\n\n"
    source = head + "with a as b:\n  c(\n    1,\n  )\n  if b:\n        d = 1 + \\\n          2\n"
    result = rewrite(source, UnwrapWith(anchor_of(source, "With"), 0))
    assert result == head + "c(\n  1,\n)\nif b:\n      d = 1 + \\\n        2\n"


def test_inner_and_outer_with_are_both_unwrapped() -> None:
    source = """\
with a as x:  # outer
    # above inner
    with b as y:  # inner
        c()
        # foot of inner
    # foot of outer
"""
    edits = [UnwrapWith(anchor_of(source, "With", nth), 0) for nth in (0, 1)]
    expected = "# outer\n# above inner\n# inner\nc()\n# foot of inner\n# foot of outer\n"
    assert rewrite(source, *edits) == expected


def test_body_that_was_emptied_leaves_nothing_behind() -> None:
    source = "def f():\n    with a as x:  # header\n        # about b\n        b()\n    return 1\n"
    edits = UnwrapWith(anchor_of(source, "With"), 0), RemoveStatement(anchor_of(source, "Expr"))
    assert rewrite(source, *edits) == "def f():\n    # header\n    # about b\n    return 1\n"


def test_comment_behind_a_pass_survives_two_unwrapped_blocks() -> None:
    source = "with a as b:\n    with c as d:\n        pass  # nothing\ne()\n"
    edits = [UnwrapWith(anchor_of(source, "With", nth), 0) for nth in (0, 1)]
    assert rewrite(source, *edits) == "# nothing\ne()\n"


def test_pass_of_the_author_is_kept() -> None:
    source = "def f():\n    with a as x:\n        pass\n"
    assert rewrite(source, UnwrapWith(anchor_of(source, "With"), 0)) == "def f():\n    pass\n"


def test_item_that_does_not_exist_is_our_mistake() -> None:
    source = "with a as x:\n    b()\n"
    with pytest.raises(EditsClash):
        rewrite(source, UnwrapWith(anchor_of(source, "With"), 1))


def test_finally_goes_and_its_comments_stay() -> None:
    source = (
        "def f():\n    try:  # a\n        x()\n    finally:\n        # b\n        close()  # c\n    y()\n"
    )
    expected = "def f():\n    # a\n    # b\n    # c\n    x()\n    y()\n"
    assert rewrite(source, UnwrapWith(anchor_of(source, "Try"), 0)) == expected


def test_handlers_stay_without_the_finally() -> None:
    source = "try:\n    x()\nexcept ValueError:\n    y()\nfinally:\n    close()\nz()\n"
    expected = "try:\n    x()\nexcept ValueError:\n    y()\nz()\n"
    assert rewrite(source, UnwrapWith(anchor_of(source, "Try"), 0)) == expected


def test_body_on_the_line_of_the_try_stays_a_statement() -> None:
    source = "try: x(); y()\nfinally: close()\n"
    assert rewrite(source, UnwrapWith(anchor_of(source, "Try"), 0)) == "x(); y()\n"
