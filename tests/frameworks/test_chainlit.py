"""Chainlit: which file is run, and where its hooks are registered.

No test starts it: it needs a version of `mcp` that the other frameworks cannot do with.
"""

from __future__ import annotations

import pytest
from framework_wiring import find_names, find_reached, wire

from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.frameworks.chainlit import Chainlit
from httpx_fixer.frameworks.fastapi import FastAPI

HANDLER = "import chainlit as cl\n@cl.on_message\nasync def answer(message): pass\n"
PACKAGE = {"shop/__init__.py": "", "shop/settings.py": ""}
SHOP = f"from shop import settings\n{HANDLER}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (HANDLER, ["app.py:1 app"]),
        ("from chainlit import on_chat_start\n@on_chat_start\nasync def f(): pass\n", ["app.py:1 app"]),
        ("import chainlit as cl\n@cl.set_starters\nasync def f(): pass\n", ["app.py:1 app"]),
        ("import chainlit as cl\nasync def show(text): await cl.Message(text).send()\n", []),
        ("import chainlit as cl\n@cl.step\nasync def f(): pass\n", []),
        ("import discord as cl  # not chainlit\n@cl.on_message\nasync def f(): pass\n", []),
    ],
)
def test_applications(text: str, names: list[str]) -> None:
    assert find_names(Chainlit(), {"app.py": text}) == names


def test_application_that_is_there_to_be_read_or_a_test_is_none() -> None:
    assert find_names(Chainlit(), {"examples/app.py": HANDLER, "tests/test_app.py": HANDLER}) == []


def test_file_that_imports_the_others_is_run() -> None:
    files = {
        "app.py": f"import handlers\n{HANDLER}",
        "handlers.py": f"import prices\n{HANDLER}",
        "prices.py": "",
        "other.py": "import chainlit\n",
    }
    assert find_names(Chainlit(), files) == ["app.py:2 app"]
    assert find_reached(Chainlit(), files) == ["app.py", "handlers.py", "prices.py"]


def test_chat_that_an_application_takes_in_is_a_part_of_that() -> None:
    files = {
        "chat/app.py": f"import prices\n{HANDLER}",
        "prices.py": "",
        "main.py": "from chainlit.utils import mount_chainlit\nfrom fastapi import FastAPI\n"
        "app = FastAPI()\nmount_chainlit(app, 'chat/app.py', '/chat')\n",
    }
    assert find_names(Chainlit(), files) == []
    assert find_reached(FastAPI(), files) == ["chat/app.py", "main.py", "prices.py"]


def test_hooks_below_the_imports() -> None:
    for text, prefix in (
        (SHOP, "cl."),
        (SHOP.replace("import chainlit as cl", "import chainlit"), "chainlit."),
    ):
        code = f"\n{prefix}on_app_startup(open_http_pools)\n{prefix}on_app_shutdown(close_http_pools)\n"
        files = {**PACKAGE, "shop/app.py": text.replace("@cl.", f"@{prefix}")}
        assert wire(Chainlit(), files) == [f"after: {code}"]


def test_function_of_the_author_is_extended() -> None:
    own = "@cl.on_app_startup\nasync def start():\n    print('ready')\n"
    assert wire(Chainlit(), {**PACKAGE, "shop/app.py": f"{SHOP}{own}"}) == [
        "before: await open_http_pools()\n",
        "after: \ncl.on_app_shutdown(close_http_pools)\n",
    ]


@pytest.mark.parametrize(
    "own",
    [
        "@cl.on_app_startup\ndef start(): print('ready')\n",
        "cl.on_app_startup(settings.start)\n",
        "@cl.on_app_startup\nasync def one(): pass\n@cl.on_app_startup\nasync def two(): pass\n",
        "@cl.on_app_startup\n@traced\nasync def start(): pass\n",
    ],
)
def test_function_that_cannot_be_extended_is_left_alone(own: str) -> None:
    files = {**PACKAGE, "shop/app.py": f"{SHOP}{own}"}
    assert wire(Chainlit(), files) is RefusalReason.LIFESPAN_UNKNOWN


def test_version_without_hooks_is_too_old() -> None:
    files = {**PACKAGE, "shop/app.py": SHOP, "requirements.txt": "chainlit==2.4.302\n"}
    assert wire(Chainlit(), files) is RefusalReason.FRAMEWORK_TOO_OLD


def test_file_that_imports_nothing_of_its_package_may_not_find_it() -> None:
    files = {**PACKAGE, "shop/app.py": HANDLER, "shop/pages.py": "from shop import settings\n"}
    assert wire(Chainlit(), files) is RefusalReason.NO_IMPORT_PATH


def test_second_run_adds_nothing() -> None:
    owner = "async def open_http_pools(): pass\nasync def close_http_pools(): pass\n"
    imports = "from shop.http_client import close_http_pools, open_http_pools\n"
    hooks = "cl.on_app_startup(open_http_pools)\ncl.on_app_shutdown(close_http_pools)\n"
    files = {**PACKAGE, "shop/http_client.py": owner, "shop/app.py": f"{imports}{SHOP}{hooks}"}
    assert wire(Chainlit(), files) == []


def test_project_that_holds_chainlit_itself_is_no_application() -> None:
    files = {"chainlit/__init__.py": "from chainlit.message import Message\n", "chainlit/message.py": ""}
    assert find_names(Chainlit(), {**files, "app.py": HANDLER}) == []
