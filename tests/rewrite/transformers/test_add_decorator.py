from __future__ import annotations

from httpx_fixer.fix import AddDecorator, AnchoredEdit

from ..anchoring import Case, Variant, anchor_of, in_all_variants


def _pools(source: str) -> tuple[AnchoredEdit, ...]:
    kind = "AsyncFunctionDef" if "async def" in source else "FunctionDef"
    return (AddDecorator(anchor_of(source, kind), "http_pools()"),)


@in_all_variants(
    Case("plain", "async def main():\n    pass\n", "@http_pools()\nasync def main():\n    pass\n", _pools),
    Case("one line", "def main(): ...  # runs\n", "@http_pools()\ndef main(): ...  # runs\n", _pools),
    Case(
        "below others",
        "@app.command()  # first\n@timed\n# above\ndef main():  # header\n    run()\n",
        "@app.command()  # first\n@timed\n@http_pools()\n# above\ndef main():  # header\n    run()\n",
        _pools,
    ),
    Case(
        "comment above",
        "import asyncio\n\n\n# The program.\nasync def main() -> None:\n    await work()\n",
        "import asyncio\n\n\n# The program.\n@http_pools()\nasync def main() -> None:\n    await work()\n",
        _pools,
    ),
    Case(
        "in a class, after a statement",
        "x = 1; y = 2\nclass Worker:\n    async def run(self): await work(); return 1\n",
        "x = 1; y = 2\nclass Worker:\n    @http_pools()\n    async def run(self): await work(); return 1\n",
        _pools,
    ),
)
def test_decorator_stands_right_above_the_function(case: Case, variant: Variant) -> None:
    case.check(variant)
