from __future__ import annotations

from collections.abc import Callable

import pytest

from httpx_fixer.fix import AddArgument, AnchoredEdit

from ..anchoring import Case, Variant, anchor_of, in_all_variants, rewrite


def _timeout(nth: int = 0) -> Callable[[str], tuple[AnchoredEdit, ...]]:
    return lambda source: (AddArgument(anchor_of(source, "Call", nth), "timeout", "5.0"),)


@in_all_variants(
    Case("no arguments", "client = Client()\n", "client = Client(timeout=5.0)\n", _timeout()),
    Case("blank in empty brackets", "client = Client( )\n", "client = Client(timeout=5.0)\n", _timeout()),
    Case("after positional", "get(url)\n", "get(url, timeout=5.0)\n", _timeout()),
    Case("after keywords", "get(url, a=1)  # c\n", "get(url, a=1, timeout=5.0)  # c\n", _timeout()),
    Case("after starred", "get(*args)\n", "get(*args, timeout=5.0)\n", _timeout()),
    Case("before double starred", "get(url, **kw)\n", "get(url, timeout=5.0, **kw)\n", _timeout()),
    Case("before sole double starred", "get(**kw)\n", "get(timeout=5.0, **kw)\n", _timeout()),
    Case("trailing comma on one line", "get(url,)\n", "get(url, timeout=5.0,)\n", _timeout()),
    Case("generator", "get(u for u in us)\n", "get((u for u in us), timeout=5.0)\n", _timeout()),
    Case("call in parentheses", "a = (get(url))\n", "a = (get(url, timeout=5.0))\n", _timeout()),
    Case("one-line suite", "if a: get(url)\n", "if a: get(url, timeout=5.0)\n", _timeout()),
    Case(
        "joined by semicolons",
        "a(); get(url); b()\n",
        "a(); get(url, timeout=5.0); b()\n",
        _timeout(1),
    ),
    Case("outer call", "get(url(1), f(2))\n", "get(url(1), f(2), timeout=5.0)\n", _timeout()),
    Case("inner call", "f(get(url), 2)\n", "f(get(url, timeout=5.0), 2)\n", _timeout(1)),
    Case("decorator", "@get(url)\ndef f(): ...\n", "@get(url, timeout=5.0)\ndef f(): ...\n", _timeout()),
    Case(
        "hanging with a trailing comma",
        """\
client = Client(  # ours
    base_url=url,  # billing
    headers={"a": "b"},  # auth
    # foot
)  # end
""",
        """\
client = Client(  # ours
    base_url=url,  # billing
    headers={"a": "b"},  # auth
    timeout=5.0,
    # foot
)  # end
""",
        _timeout(),
    ),
    Case(
        "hanging without a trailing comma",
        """\
client = Client(
    base_url=url,
    headers={"a": "b"}  # auth
)
""",
        """\
client = Client(
    base_url=url,
    headers={"a": "b"},  # auth
    timeout=5.0
)
""",
        _timeout(),
    ),
    Case(
        "hanging with double stars",
        """\
client = Client(
    base_url=url,  # billing
    # the rest
    **options,  # options
)
""",
        """\
client = Client(
    base_url=url,  # billing
    timeout=5.0,
    # the rest
    **options,  # options
)
""",
        _timeout(),
    ),
    Case(
        "one hanging argument",
        """\
def f():
    return Client(
        url
    )
""",
        """\
def f():
    return Client(
        url,
        timeout=5.0,
    )
""",
        _timeout(),
    ),
    Case(
        "arguments on one line of their own",
        """\
client = Client(
    url, headers  # both
)
""",
        """\
client = Client(
    url, headers, timeout=5.0  # both
)
""",
        _timeout(),
    ),
    Case(
        "aligned with the bracket",
        """\
client = Client(url,
                headers)
""",
        """\
client = Client(url,
                headers,
                timeout=5.0)
""",
        _timeout(),
    ),
    Case(
        "brace that hugs its bracket",
        """\
client = Client({
    "a": "b",
})
""",
        """\
client = Client({
    "a": "b",
}, timeout=5.0)
""",
        _timeout(),
    ),
    Case(
        "only a comment between the brackets",
        """\
def f():
    return Client(
        # all defaults
    )
""",
        """\
def f():
    return Client(
        # all defaults
        timeout=5.0,
    )
""",
        _timeout(),
    ),
    Case(
        "continued by a backslash",
        """\
client = \\
    Client(url)
""",
        """\
client = \\
    Client(url, timeout=5.0)
""",
        _timeout(),
    ),
)
def test_add_argument(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_two_arguments_come_in_the_order_of_their_edits() -> None:
    source = "client = Client(\n    url,\n)\n"
    anchor = anchor_of(source, "Call")
    edits = AddArgument(anchor, "timeout", "5.0"), AddArgument(anchor, "limits", "Limits(\n    1,\n)")
    expected = "client = Client(\n    url,\n    timeout=5.0,\n    limits=Limits(\n    1,\n),\n)\n"
    assert rewrite(source, *edits) == expected


def test_equal_edits_are_made_once() -> None:
    source = "get(url)\n"
    edit = AddArgument(anchor_of(source, "Call"), "timeout", "5.0")
    assert rewrite(source, edit, edit) == "get(url, timeout=5.0)\n"


@pytest.mark.parametrize("code", ["a if b else c", "lambda: 1", "[\n    1,\n]", "'ü'"])
def test_value_may_be_any_expression(code: str) -> None:
    assert rewrite("get()\n", AddArgument(anchor_of("get()\n", "Call"), "a", code)) == f"get(a={code})\n"
