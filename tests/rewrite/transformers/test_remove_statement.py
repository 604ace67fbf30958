from __future__ import annotations

from collections.abc import Callable

import pytest

from httpx_fixer.fix import AddArgument, AnchoredEdit, RemoveStatement
from httpx_fixer.rewrite.apply import EditsClash

from ..anchoring import Case, Variant, anchor_of, in_all_variants, rewrite


def _remove(kind: str = "Expr", nth: int = 0) -> Callable[[str], tuple[AnchoredEdit, ...]]:
    return lambda source: (RemoveStatement(anchor_of(source, kind, nth)),)


@in_all_variants(
    Case(
        "comments go to the next statement",
        """\
def f():
    a = 1

    # about b
    b(
        1,  # one
    )  # b
    # about c
    c = 1
""",
        """\
def f():
    a = 1

    # about b
    # one
    # b
    # about c
    c = 1
""",
        _remove(),
    ),
    Case(
        "comments of the last statement go to the foot",
        """\
def f():  # header
    a = 1

    # about b
    b()
    # foot


c = 1
""",
        """\
def f():  # header
    a = 1

    # about b
    # foot


c = 1
""",
        _remove(),
    ),
    Case(
        "blank lines on both sides are not added up",
        """\
def f():
    a = 1

    b()

    c = 1
""",
        """\
def f():
    a = 1

    c = 1
""",
        _remove(),
    ),
    Case(
        "blank line above is kept for the next statement",
        """\
def f():
    a = 1

    b()
    c = 1
""",
        """\
def f():
    a = 1

    c = 1
""",
        _remove(),
    ),
    Case(
        "blank line below goes at the top of a block",
        """\
def f():
    b()

    c = 1
""",
        """\
def f():
    c = 1
""",
        _remove(),
    ),
    Case(
        "blank line above goes at the end of a block",
        """\
def f():
    a = 1

    b()


c = 1
""",
        """\
def f():
    a = 1


c = 1
""",
        _remove(),
    ),
    Case(
        "sole statement of a block",
        """\
def f():
    if a:  # header
        # about b
        b()  # b
        # foot
    return 1
""",
        """\
def f():
    if a:  # header
        # about b
        # b
        # foot
        pass
    return 1
""",
        _remove(),
    ),
    Case(
        "one-line suite",
        """\
if a: b()  # b
""",
        """\
if a:
    # b
    pass
""",
        _remove(),
    ),
    Case(
        "statements joined by semicolons",
        """\
def f():
    a = 1; b(); c = 1  # all
""",
        """\
def f():
    a = 1
    c = 1  # all
""",
        _remove(),
    ),
    Case(
        "last of statements joined by semicolons",
        """\
a = 1; b()  # all
c = 1
""",
        """\
a = 1
# all
c = 1
""",
        _remove(),
    ),
    Case(
        "compound statement with its comments",
        """\
def f():
    if a:  # header
        b()  # b
        # foot
    return 1
""",
        """\
def f():
    # header
    # b
    # foot
    return 1
""",
        _remove("If"),
    ),
    Case(
        "last statement of a module",
        """\
a = 1

# about b
b()
""",
        """\
a = 1

# about b
""",
        _remove(),
    ),
)
def test_remove_statement(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_sole_statement_of_a_module_leaves_an_empty_file() -> None:
    assert rewrite("a()\n", RemoveStatement(anchor_of("a()\n", "Expr"))) in ("", "\n")


def test_edit_inside_of_a_removed_statement_is_our_mistake() -> None:
    source = "a = get(url)\n"
    edits = (
        RemoveStatement(anchor_of(source, "Assign")),
        AddArgument(anchor_of(source, "Call"), "timeout", "5"),
    )
    with pytest.raises(EditsClash):
        rewrite(source, *edits)
