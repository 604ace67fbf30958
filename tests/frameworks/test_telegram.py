"""Which Telegram applications have hooks that run, and how these are set or extended."""

from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import InsertStatements
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks.telegram import Telegram
from httpx_fixer.settings import Policy

HEADER = """\
from telegram.ext import Application, ApplicationBuilder
from shop import x
async def hook(application):
    await x.f()
"""


def _lifecycles(text: str) -> tuple[Lifecycle, ...]:
    return Telegram().lifecycles(build_project({"main.py": HEADER + text}))


@pytest.mark.parametrize(
    "text",
    [
        "app = Application.builder().token('t').build()\napp.run_polling()\n",
        "builder = ApplicationBuilder()\nbuilder.token('t')\napp = builder.build()\napp.run_webhook()\n",
    ],
)
def test_application_that_is_run_has_hooks(text: str) -> None:
    (lifecycle,) = _lifecycles(text)
    assert lifecycle.app.name == "app"
    assert lifecycle.start is Start.HOOKS


@pytest.mark.parametrize(
    "text",
    [
        "app = Application.builder().token('t').build()\nawait app.start()\n",
        "app = docker.build()\napp.run_polling()\n",
        "builder = ApplicationBuilder()\ndef f():\n    image = docker.build()\n    image.run_polling()\n",
    ],
)
def test_application_whose_hooks_do_not_run_is_no_owner(text: str) -> None:
    assert _lifecycles(text) == ()


def _wire(text: str) -> list[str] | RefusalReason:
    files = {"shop/__init__.py": "", "shop/x.py": "", "shop/bot.py": HEADER + text}
    project = build_project(files)
    framework = Telegram()
    lifecycles = framework.lifecycles(project)
    ownership = Ownership("shop/http_client.py", False, False, (), (), lifecycles, Policy())
    edits = framework.wire(project, ownership, lifecycles[0])
    if isinstance(edits, Refusal):
        return edits.reason
    return [e.code.strip() if isinstance(e, InsertStatements) else type(e).__name__ for e in edits]


BOTH = "app.post_init = open_http_pools\napp.post_shutdown = close_http_pools"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("app = Application.builder().build()\n", ["EnsureImport", "EnsureImport", BOTH]),
        (
            "class Bot:\n    def f(self):\n        self.app = Application.builder().build()\n",
            ["EnsureImport", "EnsureImport", BOTH.replace("app.", "self.app.")],
        ),
        (
            "app: Application = Application.builder().post_init(hook).build()\n",
            [
                "EnsureImport",
                "await open_http_pools()",
                "EnsureImport",
                "app.post_shutdown = close_http_pools",
            ],
        ),
        (
            "builder = Application.builder()\nbuilder.post_shutdown(hook)\napp = builder.build()\n",
            ["EnsureImport", "WrapRest", "EnsureImport", "app.post_init = open_http_pools"],
        ),
        ("app = Application.builder().post_init(x.unknown).build()\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("def f():\n    return Application.builder().build()\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("Application.builder().build().run_polling()\n", RefusalReason.LIFESPAN_UNKNOWN),
    ],
)
def test_hooks_are_set_or_extended(text: str, outcome: list[str] | RefusalReason) -> None:
    assert _wire(f"{text}app.run_polling()\n") == outcome
