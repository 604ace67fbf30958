"""Lambda: which functions are handlers."""

from __future__ import annotations

import pytest
from framework_wiring import find_names, wire

from httpx_fixer.frameworks.aws_lambda import AwsLambda


@pytest.mark.parametrize(
    "text",
    [
        "def lambda_handler(event, context): pass\n",
        "def handler(_event: dict, _context: object) -> None: pass\n",
        "def sqs_handler(event, ctx, *, extra=None): pass\n",
        "def lambda_handler(\n    event: dict,\n    context: LambdaContext,\n): pass\n",
        "def process(event, c: typing.LambdaContext): pass\n",
        "@logger.inject\ndef handler(event, context): pass\n",
    ],
)
def test_handler(text: str) -> None:
    assert len(find_names(AwsLambda(), {"main.py": text})) == 1


@pytest.mark.parametrize(
    "text",
    [
        "def on_click(event, context): pass\n",
        "def handler(event): pass\n",
        "def handler(request, context): pass\n",
        "def handler(event, sender): context = 1\n",
        "async def handler(event, context): pass\n",
        "class A:\n    def handler(event, context): pass\n",
        "def handler(event, context, request): pass\n",
    ],
)
def test_no_handler(text: str) -> None:
    assert find_names(AwsLambda(), {"main.py": text}) == []


def test_connections_are_kept_from_the_import_on() -> None:
    text = "import shop\ndef handler(event, context): pass\n"
    files = {"shop/__init__.py": "", "shop/main.py": text}
    assert wire(AwsLambda(), files) == ["after: \nkeep_sync_http_pools()\n"]
