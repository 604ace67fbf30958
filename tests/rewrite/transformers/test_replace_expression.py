from __future__ import annotations

import pytest

from httpx_fixer.fix import AddArgument, AnchoredEdit, ReplaceExpression
from httpx_fixer.rewrite.apply import EditsClash

from ..anchoring import Case, Variant, anchor_of, in_all_variants, rewrite


def _factory(source: str) -> tuple[AnchoredEdit, ...]:
    return (ReplaceExpression(anchor_of(source, "Attribute"), "http_client"),)


def _call(source: str) -> tuple[AnchoredEdit, ...]:
    return (ReplaceExpression(anchor_of(source, "Call"), "http_client()"),)


@in_all_variants(
    Case(
        "only the name changes",
        "async def f():\n    async with httpx.AsyncClient(timeout=5) as client:  # c\n        pass\n",
        "async def f():\n    async with http_client(timeout=5) as client:  # c\n        pass\n",
        _factory,
    ),
    Case("parentheses stay", "a = ((httpx.Client))\n", "a = ((http_client))\n", _factory),
    Case("one-line suite", "if a: httpx.Client()\n", "if a: http_client()\n", _factory),
    Case("statements joined by semicolons", "a; httpx.Client(); b\n", "a; http_client(); b\n", _factory),
    Case("decorator", "@httpx.x\ndef f(): ...\n", "@http_client\ndef f(): ...\n", _factory),
    Case("in an elif", "if a: pass\nelif httpx.x: pass\n", "if a: pass\nelif http_client: pass\n", _factory),
    Case("in a string", 'a = f"{httpx.x} ü"\n', 'a = f"{http_client} ü"\n', _factory),
    Case("behind wide characters", 'a = "ü€😀", httpx.x\n', 'a = "ü€😀", http_client\n', _factory),
    Case(
        "comments go above the statement",
        """\
def f():
    a = 1

    # about b
    b = httpx.Client(
        # all
        timeout=5,  # seconds
    )  # end
""",
        """\
def f():
    a = 1

    # about b
    # all
    # seconds
    b = http_client()  # end
""",
        _call,
    ),
    Case(
        "comments of a header go above the block",
        """\
async def f():
    async with httpx.AsyncClient(
        timeout=5,  # seconds
    ) as client:
        # inside
        await client.get(
            url,  # stays
        )
""",
        """\
async def f():
    # seconds
    async with http_client() as client:
        # inside
        await client.get(
            url,  # stays
        )
""",
        _call,
    ),
)
def test_replace_expression(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_tuple_is_replaced_with_its_own_parentheses() -> None:
    source = "a = (((1, 2)))\nb = 1, 2\n"
    edits = [ReplaceExpression(anchor_of(source, "Tuple", nth), "c") for nth in (0, 1)]
    assert rewrite(source, *edits) == "a = ((c))\nb = c\n"


def test_generator_is_replaced_with_its_own_parentheses() -> None:
    source = "a = (x for x in y)\nb = f(x for x in y)\n"
    edits = [ReplaceExpression(anchor_of(source, "GeneratorExp", nth), "c") for nth in (0, 1)]
    assert rewrite(source, *edits) == "a = c\nb = f(c)\n"


def test_code_over_several_lines_is_indented_with_its_statement() -> None:
    source = "def f():\n    return httpx.Client()\n"
    edit = ReplaceExpression(anchor_of(source, "Call"), "http_client(\n    timeout=5,\n)")
    assert rewrite(source, edit) == "def f():\n    return http_client(\n        timeout=5,\n    )\n"


def test_edit_inside_of_a_replaced_expression_is_our_mistake() -> None:
    source = "f(httpx.Client(a()))\n"
    outer = ReplaceExpression(anchor_of(source, "Call", 1), "http_client()")
    inner = AddArgument(anchor_of(source, "Call", 2), "timeout", "5")
    with pytest.raises(EditsClash):
        rewrite(source, outer, inner)


def test_two_replacements_of_one_expression_are_our_mistake() -> None:
    source = "f(a)\n"
    anchor = anchor_of(source, "Call")
    with pytest.raises(EditsClash):
        rewrite(source, ReplaceExpression(anchor, "g"), ReplaceExpression(anchor, "h"))
