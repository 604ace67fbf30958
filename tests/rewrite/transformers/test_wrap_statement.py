from __future__ import annotations

from httpx_fixer.fix import AnchoredEdit, WrapStatement

from ..anchoring import Case, Variant, anchor_of, in_all_variants, rewrite


def _own(source: str) -> tuple[AnchoredEdit, ...]:
    return (WrapStatement(anchor_of(source, "Expr", -1), "async with own():"),)


@in_all_variants(
    Case(
        "yield of a lifespan",
        """\
async def lifespan(app):
    start()
    yield  # running
    stop()
""",
        """\
async def lifespan(app):
    start()
    async with own():
        yield  # running
    stop()
""",
        lambda source: (WrapStatement(anchor_of(source, "Expr", 1), "async with own():"),),
    ),
    Case(
        "comments go in and blank lines stay out",
        """\
async def main():
    a = 1

    # serve
    await serve(
        a,  # one
    )
    # foot
""",
        """\
async def main():
    a = 1

    async with own():
        # serve
        await serve(
            a,  # one
        )
    # foot
""",
        _own,
    ),
    Case(
        "one-line suite",
        """\
async def main(): await serve()  # now
""",
        """\
async def main():
    async with own():
        await serve()  # now
""",
        _own,
    ),
    Case(
        "statements joined by semicolons",
        """\
async def main():
    # both
    a = 1; await serve(); b = 2;  # all
""",
        """\
async def main():
    # both
    a = 1
    async with own():
        await serve()
    b = 2  # all
""",
        _own,
    ),
    Case(
        "compound statement with its foot",
        '''\
async def main():
    async with a as b:  # header
        c("""
  kept
""")
        d = 1 + \\
            2
        # foot of the block
    # foot of the function
''',
        '''\
async def main():
    async with own():
        async with a as b:  # header
            c("""
  kept
""")
            d = 1 + \\
                2
            # foot of the block
    # foot of the function
''',
        lambda source: (WrapStatement(anchor_of(source, "AsyncWith"), "async with own():"),),
    ),
)
def test_wrap_statement(case: Case, variant: Variant) -> None:
    case.check(variant)


def test_blank_lines_of_the_module_level_do_not_become_blanks() -> None:
    source = "a = 1\n\nif a:\n\n    b = [\n\n        1,\n    ]\n"
    result = rewrite(source, WrapStatement(anchor_of(source, "If"), "with c:"))
    assert result == "a = 1\n\nwith c:\n    if a:\n\n        b = [\n\n            1,\n        ]\n"


def test_first_wrapper_is_the_innermost() -> None:
    source = "a()\n"
    anchor = anchor_of(source, "Expr")
    edits = WrapStatement(anchor, "with b:"), WrapStatement(anchor, "with c:")
    assert rewrite(source, *edits) == "with c:\n    with b:\n        a()\n"


def test_decorated_function_is_wrapped_with_its_decorators() -> None:
    source = "# f\n@a\ndef f():\n    pass\n"
    result = rewrite(source, WrapStatement(anchor_of(source, "FunctionDef"), "if b:"))
    assert result == "# f\nif b:\n    @a\n    def f():\n        pass\n"
