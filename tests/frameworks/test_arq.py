"""What settings of arq workers are, what their workers load, and how their hooks are extended."""

from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import InsertStatements
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks.arq import Arq
from httpx_fixer.settings import Policy

HEADER = """\
from arq import cron
from shop import x
async def hook(ctx):
    await x.f()
def plain(ctx):
    x.f()
"""


def _lifecycles(text: str) -> tuple[Lifecycle, ...]:
    return Arq().lifecycles(build_project({"main.py": text}))


@pytest.mark.parametrize(
    "text",
    [
        "import arq\nclass WorkerSettings:\n    functions = []\n",
        "from arq import cron\nclass Own:\n    cron_jobs: list = [cron(f)]\n",
        "class Settings:  # of arq\n    functions = ['a.f']\n    redis_settings = redis\n",
    ],
)
def test_settings_with_jobs_have_hooks(text: str) -> None:
    (lifecycle,) = _lifecycles(text)
    assert lifecycle.start is Start.HOOKS


@pytest.mark.parametrize(
    "text",
    ["import arq\nclass Settings:\n    port = 1\n", "class Search:\n    '''Search.'''\n    functions = []\n"],
)
def test_other_classes_have_none(text: str) -> None:
    assert _lifecycles(text) == ()


def test_worker_loads_jobs_that_are_named_by_strings() -> None:
    settings = "import arq\nclass S:\n    functions = ['shop.jobs.count', arq.func('shop.other.f')]\n"
    files = dict.fromkeys(("shop/__init__.py", "shop/jobs.py", "shop/other.py", "shop/rest.py"), "")
    project = build_project({**files, "shop/worker.py": settings})
    (lifecycle,) = Arq().lifecycles(project)
    reached = [path for path in files if Arq().reaches(project, lifecycle, path)]
    assert reached == ["shop/jobs.py", "shop/other.py"]


def _wire(text: str) -> list[str] | RefusalReason:
    files = {"shop/__init__.py": "", "shop/x.py": "", "shop/worker.py": HEADER + text}
    project = build_project(files)
    framework = Arq()
    lifecycles = framework.lifecycles(project)
    ownership = Ownership("shop/http_client.py", False, False, (), (), lifecycles, Policy())
    edits = framework.wire(project, ownership, lifecycles[0])
    if isinstance(edits, Refusal):
        return edits.reason
    return [
        e.code.strip() if isinstance(e, InsertStatements) else type(e).__name__
        for e in edits
        if type(e).__name__ != "EnsureImport"
    ]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("", ["on_startup = open_http_pools", "on_shutdown = close_http_pools"]),
        ("    on_startup = hook\n", ["await open_http_pools()", "on_shutdown = close_http_pools"]),
        ("    on_shutdown: object = hook\n", ["on_startup = open_http_pools", "WrapRest"]),
        (
            "    @staticmethod\n    async def on_shutdown(ctx):\n        print()\n",
            ["on_startup = open_http_pools", "WrapRest"],
        ),
        ("    on_startup = x.make()\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("    on_startup = plain\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("    on_startup = open_http_pools\n    on_shutdown = close_http_pools\n", []),
    ],
)
def test_hooks_are_added_or_extended(text: str, outcome: list[str] | RefusalReason) -> None:
    assert _wire(f"class WorkerSettings:\n    functions = [hook]\n{text}") == outcome
