"""Which Discord bots there are, what they load, and how they come by their two methods."""

from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import InsertStatements
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks.discord import Discord
from httpx_fixer.settings import Policy

HEADER = "import discord\nfrom discord.ext import commands\nfrom shop import x\n"


def _lifecycles(text: str, **files: str) -> tuple[Lifecycle, ...]:
    others = {name.replace("_", "."): content for name, content in files.items()}
    return Discord().lifecycles(build_project({"main.py": HEADER + text, **others}))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bot = commands.Bot('!')\n", "bot"),
        ("client = discord.Client()\n", "client"),
        ("class Own(commands.AutoShardedBot): pass\nOwn().run('t')\n", "Own"),
    ],
)
def test_bot_has_hooks(text: str, name: str) -> None:
    (lifecycle,) = _lifecycles(text)
    assert lifecycle.app.name == name
    assert lifecycle.start is Start.HOOKS


def test_class_and_its_base_are_one_bot() -> None:
    assert len(_lifecycles("class Own(commands.Bot): pass\nbot = Own('!')\n")) == 1


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("from telegram import Bot\nbot = Bot()\n", {}),
        ("bot = commands.Bot()\n", {"requirements_txt": "py-cord==2.6.1\n"}),
        ("bot = commands.Bot()\n", {"web_py": "import main\nfrom fastapi import FastAPI\napp = FastAPI()\n"}),
    ],
)
def test_bot_of_something_else_is_none(text: str, files: dict[str, str]) -> None:
    assert _lifecycles(text, **files) == ()


def test_extensions_run_in_the_bot() -> None:
    files = {
        "main.py": f"{HEADER}bot = commands.Bot('!')\n",
        "cog.py": "import discord, prices\nasync def setup(bot): pass\n",
        "prices.py": "",
        "other.py": "async def setup(app): pass\n",
    }
    project = build_project(files)
    (lifecycle,) = Discord().lifecycles(project)
    assert [path for path in files if Discord().reaches(project, lifecycle, path)] == [
        "main.py",
        "cog.py",
        "prices.py",
    ]


def _wire(text: str) -> list[str] | RefusalReason:
    project = build_project({"shop/__init__.py": "", "shop/x.py": "", "shop/bot.py": HEADER + text})
    lifecycles = Discord().lifecycles(project)
    ownership = Ownership("shop/http_client.py", False, False, (), (), lifecycles, Policy())
    edits = Discord().wire(project, ownership, lifecycles[0])
    if isinstance(edits, Refusal):
        return edits.reason
    return [
        e.code.strip().splitlines()[0] if isinstance(e, InsertStatements) else type(e).__name__
        for e in edits
        if type(e).__name__ != "EnsureImport"
    ]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("bot = commands.Bot('!')\n", ["class HttpBot(commands.Bot):", "ReplaceExpression"]),
        (
            "bot = discord.Client()\n@bot.event\nasync def setup_hook():\n    pass\n",
            ["await open_http_pools()", "class HttpBot(discord.Client):", "ReplaceExpression"],
        ),
        ("class Own(commands.Bot):\n    port = 1\n", ["async def setup_hook(self) -> None:"]),
        (
            "class Own(commands.Bot):\n    async def setup_hook(self):\n        x.f()\n",
            ["await open_http_pools()", "async def close(self) -> None:"],
        ),
        ("class HttpBot: pass\nbot = commands.Bot('!')\n", RefusalReason.NAME_CLASH),
        (
            "class Own(commands.Bot):\n    def close(self):\n        x.f()\n",
            RefusalReason.LIFESPAN_UNKNOWN,
        ),
    ],
)
def test_bot_gets_both_methods(text: str, outcome: list[str] | RefusalReason) -> None:
    assert _wire(text) == outcome
