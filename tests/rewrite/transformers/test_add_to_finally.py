from __future__ import annotations

from httpx_fixer.fix import AddToFinally, AnchoredEdit

from ..anchoring import Case, Variant, anchor_of, in_all_variants, rewrite


def _close(source: str) -> tuple[AnchoredEdit, ...]:
    return (AddToFinally(anchor_of(source, "Try"), "await r.aclose()"),)


@in_all_variants(
    Case(
        "clause is there",
        """\
async def f():
    try:  # begin
        a()
    finally:  # end
        b()
        # foot of the clause
    # foot of the function
""",
        """\
async def f():
    try:  # begin
        a()
    finally:  # end
        b()
        # foot of the clause
        await r.aclose()
    # foot of the function
""",
        _close,
    ),
    Case(
        "clause is missing",
        """\
async def f():
    try:
        a()
    except ValueError:  # odd
        b()
        # foot of the clause

    # next
    c()
""",
        """\
async def f():
    try:
        a()
    except ValueError:  # odd
        b()
        # foot of the clause
    finally:
        await r.aclose()

    # next
    c()
""",
        _close,
    ),
    Case(
        "clause after else",
        """\
async def f():
    try:
        a(
            1,  # one
        )
    except ValueError:
        b()
    else:
        c()
""",
        """\
async def f():
    try:
        a(
            1,  # one
        )
    except ValueError:
        b()
    else:
        c()
    finally:
        await r.aclose()
""",
        _close,
    ),
    Case(
        "one-line suite and semicolons",
        """\
async def f():
    try: a()
    finally: b(); c()  # both
""",
        """\
async def f():
    try: a()
    finally:
        b(); c()  # both
        await r.aclose()
""",
        _close,
    ),
    Case(
        "sole statement is pass",
        """\
async def f():
    try:
        a()
    finally:
        pass
""",
        """\
async def f():
    try:
        a()
    finally:
        pass
        await r.aclose()
""",
        _close,
    ),
)
def test_add_to_finally(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_except_star_gets_the_clause_too() -> None:
    source = "try:\n    a()\nexcept* ValueError:\n    b()\n"
    edit = AddToFinally(anchor_of(source, "TryStar"), "c()")
    assert rewrite(source, edit) == source + "finally:\n    c()\n"


def test_two_statements_come_in_the_order_of_their_edits() -> None:
    source = "try:\n    a()\nexcept ValueError:\n    b()\n"
    anchor = anchor_of(source, "Try")
    edits = AddToFinally(anchor, "c()"), AddToFinally(anchor, "if d:\n    d()")
    assert rewrite(source, *edits) == source + "finally:\n    c()\n    if d:\n        d()\n"
