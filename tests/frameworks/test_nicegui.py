"""NiceGUI: what runs its server, and what is written above that."""

from __future__ import annotations

import pytest
from framework_wiring import find_names, find_reached, wire

from httpx_fixer.frameworks.nicegui import NiceGUI

PACKAGE = {"shop/__init__.py": "", "shop/settings.py": ""}
PAGE = "from shop import settings\nfrom nicegui import ui\n@ui.page('/')\ndef index(): pass\n"
SCRIPT = "from shop import settings\nfrom nicegui import ui\nui.label('Shop')\n"
HOOKS = "app.on_startup(open_http_pools)\napp.on_shutdown(close_http_pools)\n"
GUARDED = (
    "if not app.is_started:\n    app.on_startup(open_http_pools)\n    app.on_shutdown(close_http_pools)\n"
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("from nicegui import ui\nui.run()\n", ["main.py:2 app"]),
        ("import nicegui.ui as gui\ngui.run(port=80)\n", ["main.py:2 app"]),
        ("from nicegui import ui\ndef main():\n    ui.run(reload=False)\n", ["main.py:3 app"]),
        ("from nicegui import ui\nui.label('Shop')\n", []),
        ("from fastapi import FastAPI\nfrom nicegui import ui\nui.run_with(FastAPI())\n", []),
        ("from nicegui import run\nasync def f():\n    await run.io_bound(g)\n", []),
        ("import nicegui\nimport asyncio\nasyncio.run(f())\n", []),
    ],
)
def test_programs(text: str, names: list[str]) -> None:
    assert find_names(NiceGUI(), {"main.py": text}) == names


def test_program_that_is_there_to_be_read_or_a_test_is_none() -> None:
    text = "from nicegui import ui\nui.run()\n"
    assert find_names(NiceGUI(), {"examples/todo/main.py": text, "tests/test_gui.py": text}) == []


def test_program_runs_what_it_imports() -> None:
    files = {
        "main.py": "import pages\nfrom nicegui import ui\nui.run()\n",
        "pages.py": "import prices\n",
        "prices.py": "",
        "other.py": "from nicegui import ui\n",
    }
    assert find_reached(NiceGUI(), files) == ["main.py", "pages.py", "prices.py"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{PAGE}ui.run()\n", HOOKS),
        (f"{SCRIPT}ui.run(main)\n", HOOKS),
        (f"{SCRIPT}ui.run(root=main)\n", HOOKS),
        (f"{SCRIPT}ui.run()\n", GUARDED),
        (f"{SCRIPT}def build_page(): pass\nui.run()\n", GUARDED),
        (f"{PAGE}from nicegui import app as gui\nui.run()\n", HOOKS.replace("app.", "gui.")),
        (f"{PAGE}app = object()\nui.run()\n", HOOKS.replace("app.", "nicegui_app.")),
        (
            f"{PAGE}def main():\n    app = ui.input('App')\n    ui.run()\n",
            HOOKS.replace("app.", "nicegui_app."),
        ),
    ],
)
def test_handlers_above_the_server(text: str, code: str) -> None:
    assert wire(NiceGUI(), {**PACKAGE, "shop/main.py": text}) == [f"before: {code}"]


@pytest.mark.parametrize(
    ("pin", "code"),
    [("2.24.2", HOOKS), ("3.0.0", GUARDED), ("3.11.1", GUARDED), ("3.12.0", HOOKS)],
)
def test_script_that_is_run_again(pin: str, code: str) -> None:
    files = {**PACKAGE, "shop/main.py": f"{SCRIPT}ui.run()\n", "requirements.txt": f"nicegui=={pin}\n"}
    assert wire(NiceGUI(), files) == [f"before: {code}"]


def test_second_run_adds_nothing() -> None:
    owner = "async def open_http_pools(): pass\nasync def close_http_pools(): pass\n"
    imports = "from shop.http_client import close_http_pools, open_http_pools\nfrom nicegui import app\n"
    files = {
        **PACKAGE,
        "shop/http_client.py": owner,
        "shop/main.py": f"{PAGE}{imports}{HOOKS}ui.run()\n",
    }
    assert wire(NiceGUI(), files) == []
