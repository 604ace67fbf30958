from __future__ import annotations

import pytest

from httpx_fixer.fix import (
    AddArgument,
    AddParameter,
    AddToFinally,
    DropImport,
    EnsureImport,
    InsertStatements,
    RemoveStatement,
    ReplaceExpression,
    UnwrapWith,
    WrapRest,
    WrapStatement,
)
from httpx_fixer.rewrite.apply import AnchorLost, EditsClash, apply_edits
from httpx_fixer.source import Skip, SkipReason

from .anchoring import PATH, Case, Variant, anchor_of, in_all_variants, rewrite

CLOSE = "finally:\n    await r.aclose()"
HANDLER = '''\
"""Routes."""

import httpx
from fastapi import APIRouter

router = APIRouter()


@router.get("/{item}")
async def read(item: int):
    # upstream
    async with httpx.AsyncClient() as client:  # per request
        response = await client.get(
            f"{URL}/{item}",
        )
        if response.is_error:
            async with httpx.AsyncClient() as other: return await other.get(FALLBACK)  # other
        return response.json()  # body


def unrelated():   # badly   formatted
    return {  'a':1 }
'''


@in_all_variants(
    Case(
        "with, nested with, argument and parameter",
        HANDLER,
        HANDLER.replace("read(item: int)", "read(item: int, *, client: HttpClient)").replace(
            HANDLER[HANDLER.index("    async with") : HANDLER.index("\n\ndef unrelated")],
            """\
    # per request
    log()
    response = await client.get(
        f"{URL}/{item}",
        timeout=5.0,
    )
    if response.is_error:
        return await client.get(FALLBACK)  # other
    return response.json()  # body
""",
        ),
        lambda source: (
            AddParameter(anchor_of(source, "AsyncFunctionDef"), "client", "HttpClient"),
            UnwrapWith(anchor_of(source, "AsyncWith", 0), 0),
            UnwrapWith(anchor_of(source, "AsyncWith", 1), 0),
            AddArgument(anchor_of(source, "Call", 3), "timeout", "5.0"),
            InsertStatements(anchor_of(source, "Assign", 1), "before", "log()"),
            ReplaceExpression(anchor_of(source, "Name", -3), "client"),
        ),
    ),
    Case(
        "rest with edits inside, after an insertion",
        """\
async def f(request):
    r = await client.send(request, stream=True)
    async with lock as held:  # lock
        a = await r.aread()
    return StreamingResponse(
        r.aiter_raw(),
    )
""",
        """\
async def f(request):
    r = await client.send(request, stream=True)
    opened = True
    try:
        # lock
        a = await r.aread()
        return StreamingResponse(
            r.aiter_raw(),
            background=BackgroundTask(r.aclose),
        )
    finally:
        await r.aclose()
""",
        lambda source: (
            WrapRest(
                anchor_of(source, "AsyncWith"), anchor_of(source, "Return"), "finally:\n    await r.aclose()"
            ),
            InsertStatements(anchor_of(source, "Assign"), "after", "opened = True"),
            UnwrapWith(anchor_of(source, "AsyncWith"), 0),
            AddArgument(anchor_of(source, "Call", 2), "background", "BackgroundTask(r.aclose)"),
        ),
    ),
    Case(
        "statement in a function that gets a parameter",
        """\
async def lifespan(app):
    try:
        yield  # running
    finally:
        stop()
""",
        """\
async def lifespan(app, *, pool: Pool):
    try:
        async with own():
            yield  # running
    finally:
        stop()
        await pool.aclose()
""",
        lambda source: (
            WrapStatement(anchor_of(source, "Expr", 0), "async with own():"),
            AddParameter(anchor_of(source, "AsyncFunctionDef"), "pool", "Pool"),
            AddToFinally(anchor_of(source, "Try"), "await pool.aclose()"),
        ),
    ),
    Case(
        "two items and the call in the third",
        """\
async def f():
    async with a() as b, c() as d, e() as f:
        await f.get(u)
""",
        """\
async def f():
    async with c(timeout=1) as d:
        await f.get(u)
""",
        lambda source: (
            UnwrapWith(anchor_of(source, "AsyncWith"), 0),
            AddArgument(anchor_of(source, "Call", 1), "timeout", "1"),
            UnwrapWith(anchor_of(source, "AsyncWith"), 2),
        ),
    ),
    Case(
        "with that is wrapped, unwrapped and followed",
        """\
async def f():
    async with a() as b:
        c()
        d()
        # foot
    e()
""",
        """\
async def f():
    async with own():
        c()
        d()
        # foot
    new()
    e()
""",
        lambda source: (
            InsertStatements(anchor_of(source, "AsyncWith"), "after", "new()"),
            WrapStatement(anchor_of(source, "AsyncWith"), "async with own():"),
            UnwrapWith(anchor_of(source, "AsyncWith"), 0),
        ),
    ),
    Case(
        "everything is removed from a rest",
        """\
def f():
    a()
    # about b
    b()
""",
        """\
def f():
    a()
    try:
        # about b
        pass
    finally:
        c()
""",
        lambda source: (
            WrapRest(anchor_of(source, "Expr", 1), anchor_of(source, "Expr", 1), "finally:\n    c()"),
            RemoveStatement(anchor_of(source, "Expr", 1)),
        ),
    ),
)
def test_edits_compose(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_order_of_edits_of_different_nodes_does_not_matter() -> None:
    edits = (
        EnsureImport(PATH, "app.clients", "HttpClient"),
        AddParameter(anchor_of(HANDLER, "AsyncFunctionDef"), "client", "HttpClient"),
        UnwrapWith(anchor_of(HANDLER, "AsyncWith", 0), 0),
        AddArgument(anchor_of(HANDLER, "Call", 3), "timeout", "5.0"),
    )
    assert rewrite(HANDLER, *edits) == rewrite(HANDLER, *reversed(edits))


def test_imports_are_edited_after_the_code() -> None:
    source = "import httpx\n\n\ndef f():\n    return httpx.get(1)\n"
    edits = (
        DropImport(PATH, "httpx"),
        EnsureImport(PATH, "app.http", "get"),
        ReplaceExpression(anchor_of(source, "Attribute"), "get"),
    )
    assert rewrite(source, *edits) == "from app.http import get\n\n\ndef f():\n    return get(1)\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\xef\xbb\xbf# bom\r\na = 1\r\n",
        "# coding: latin-1\na = 'ä'  # ö\n".encode("latin-1"),
        b"a = 1",
        b"def f():\n\treturn 1\n",
        b"# only a comment",
        b"a = 1\r\nb = 2\n",
    ],
)
def test_no_edits_give_the_same_bytes(data: bytes) -> None:
    assert apply_edits(PATH, data, []) == data


@pytest.mark.parametrize(
    ("data", "after"),
    [
        (b"\xef\xbb\xbff(a)\r\n", b"\xef\xbb\xbff(a, b='x')\r\n"),
        (b"# coding: latin-1\n'\xe4', f('\xfc')\n", b"# coding: latin-1\n'\xe4', f('\xfc', b='x')\n"),
        ("'ü€😀', f(a)".encode(), "'ü€😀', f(a, b='x')".encode()),
    ],
    ids=["bom", "latin-1", "wide"],
)
def test_encoding_is_kept(data: bytes, after: bytes) -> None:
    assert apply_edits(PATH, data, [AddArgument(anchor_of(data, "Call"), "b", "'x'")]) == after


def test_code_that_the_encoding_lacks_is_a_skip() -> None:
    data = b"# coding: latin-1\nf()\n"
    result = apply_edits(PATH, data, [AddArgument(anchor_of(data, "Call"), "b", "'€'")])
    assert isinstance(result, Skip)
    assert result.reason is SkipReason.BAD_ENCODING


@pytest.mark.parametrize("data", [b"if a:\n    b\n\x0c    c\n", b"a = 1\n\x0cdef f(): ...\n"])
def test_form_feed_that_libcst_loses_is_a_skip(data: bytes) -> None:
    result = apply_edits(PATH, data, [])
    assert isinstance(result, Skip)
    assert result.reason is SkipReason.ROUND_TRIP


def test_syntax_error_is_a_skip() -> None:
    result = apply_edits(PATH, b"def f(:\n", [])
    assert isinstance(result, Skip)
    assert (result.path, result.reason) == (PATH, SkipReason.SYNTAX_ERROR)


def test_deep_nesting_is_a_skip() -> None:
    result = apply_edits(PATH, b"a = " + b"-" * 600 + b"1\n", [])
    assert isinstance(result, Skip)
    assert result.reason is SkipReason.TOO_DEEP


def test_statement_edit_of_an_elif_is_lost() -> None:
    source = "if a:\n    pass\nelif b:\n    pass\n"
    with pytest.raises(AnchorLost):
        rewrite(source, RemoveStatement(anchor_of(source, "If", 1)))


def test_rest_over_two_blocks_is_lost() -> None:
    source = "if a:\n    b()\nc()\n"
    with pytest.raises(AnchorLost):
        rewrite(
            source, WrapRest(anchor_of(source, "Expr", 0), anchor_of(source, "Expr", 1), "finally:\n    pass")
        )


def test_edit_in_a_removed_item_is_our_mistake() -> None:
    source = "with a() as b:\n    pass\n"
    edits = UnwrapWith(anchor_of(source, "With"), 0), AddArgument(anchor_of(source, "Call"), "c", "1")
    with pytest.raises(EditsClash):
        rewrite(source, *edits)


def test_edit_of_another_kind_of_node_is_our_mistake() -> None:
    with pytest.raises(EditsClash):
        rewrite("a.b\n", AddArgument(anchor_of("a.b\n", "Attribute"), "c", "1"))


def test_code_of_an_edit_that_does_not_parse_is_our_own_mistake() -> None:
    with pytest.raises(EditsClash):
        apply_edits(PATH, b"import httpx\n", [EnsureImport(PATH, "depot-mail.http_tls", "tls_context")])
