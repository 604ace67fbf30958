from __future__ import annotations

from collections.abc import Callable

from httpx_fixer.fix import AnchoredEdit, InsertStatements, RemoveStatement

from ..anchoring import Case, Variant, anchor_of, in_all_variants, rewrite


def _insert(
    where: str, code: str, kind: str = "Expr", nth: int = 0
) -> Callable[[str], tuple[AnchoredEdit, ...]]:
    return lambda source: (InsertStatements(anchor_of(source, kind, nth), where, code),)


FUNCTION = "\n\nasync def own(app):\n    # the pool\n    async with pool():\n        yield\n"


@in_all_variants(
    Case(
        "before a statement and its comment",
        """\
def f():
    a = 1

    # section

    # about b
    b()  # b
""",
        """\
def f():
    a = 1

    # section

    new = [
        1,
    ]
    # about b
    b()  # b
""",
        _insert("before", "new = [\n    1,\n]"),
    ),
    Case(
        "after a statement and its comment",
        """\
def f():
    b(
        1,  # one
    )  # b
    # about c
    c = 1
""",
        """\
def f():
    b(
        1,  # one
    )  # b
    new = 1
    if new:
        pass
    # about c
    c = 1
""",
        _insert("after", "new = 1\nif new:\n    pass\n"),
    ),
    Case(
        "after the last statement of a block",
        """\
def f():  # header
    b()
    # foot
""",
        """\
def f():  # header
    b()
    new = 1
    # foot
""",
        _insert("after", "new = 1"),
    ),
    Case(
        "one-line suite",
        """\
def f(): b()  # b
""",
        """\
def f():
    b()  # b
    new = 1
""",
        _insert("after", "new = 1"),
    ),
    Case(
        "statements joined by semicolons",
        """\
def f():
    # all
    a = 1; b(); c = 1  # all
""",
        """\
def f():
    # all
    a = 1
    new = 1
    b()
    c = 1  # all
""",
        _insert("before", "new = 1"),
    ),
    Case(
        "function before the application",
        """\
import fastapi

# the application
app = fastapi.FastAPI(
    title="a",
)
""",
        """\
import fastapi


async def own(app):
    # the pool
    async with pool():
        yield


# the application
app = fastapi.FastAPI(
    title="a",
)
""",
        _insert("before", FUNCTION, "Assign"),
    ),
    Case(
        "function after a statement that code follows",
        """\
a()  # a
b()
""",
        """\
a()  # a


async def own(app):
    # the pool
    async with pool():
        yield


b()
""",
        _insert("after", FUNCTION),
    ),
    Case(
        "function at the end of the file",
        """\
a()
# end
""",
        """\
a()


async def own(app):
    # the pool
    async with pool():
        yield
# end
""",
        _insert("after", FUNCTION),
    ),
    Case(
        "statement before a function",
        """\
a = 1


# about f
@a
def f(): ...
""",
        """\
a = 1


new = 1


# about f
@a
def f(): ...
""",
        _insert("before", "new = 1", "FunctionDef"),
    ),
    Case(
        "blank lines at the end of the code",
        """\
a()
b()
""",
        """\
a()

new = 1

b()
""",
        _insert("after", "\nnew = 1\n\n"),
    ),
)
def test_insert_statements(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_several_insertions_come_in_the_order_of_their_edits() -> None:
    source = "# a\n\n# b\na()\n"
    anchor = anchor_of(source, "Expr")
    edits = [
        InsertStatements(anchor, where, code) for where in ("before", "after") for code in ("b()", "c()")
    ]
    assert rewrite("x = 1\n" + source, *[_down(edit) for edit in edits]) == (
        "x = 1\n# a\n\nb()\nc()\n# b\na()\nb()\nc()\n"
    )


def _down(edit: InsertStatements) -> InsertStatements:
    anchor = anchor_of("x = 1\n# a\n\n# b\na()\n", "Expr")
    return InsertStatements(anchor, edit.where, edit.code)


def test_statement_is_replaced_where_its_comment_stands() -> None:
    source = "def f():\n    a = 1\n\n    # about b\n    b()  # old\n    c = 1\n"
    anchor = anchor_of(source, "Expr")
    result = rewrite(source, RemoveStatement(anchor), InsertStatements(anchor, "before", "new()"))
    assert result == "def f():\n    a = 1\n\n    # about b\n    # old\n    new()\n    c = 1\n"
