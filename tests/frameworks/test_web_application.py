"""Applications of aiohttp, Flask, Litestar, Quart and Sanic, and what is written below them."""

from __future__ import annotations

import pytest
from framework_wiring import find_names, find_reached, find_started, wire

from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.frameworks._base import Framework
from httpx_fixer.frameworks.aiohttp import AioHTTP
from httpx_fixer.frameworks.flask import Flask
from httpx_fixer.frameworks.litestar import Litestar
from httpx_fixer.frameworks.quart import Quart
from httpx_fixer.frameworks.sanic import Sanic

QUART = "from quart import Quart\n"
PACKAGE = {"shop/__init__.py": "", "shop/settings.py": ""}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"{QUART}app = Quart(__name__)\n", ["main.py:2 app"]),
        ("import quart\nserver: quart.Quart = quart.Quart(__name__)\n", ["main.py:2 server"]),
        ("from quart import Quart as Q\napp = Q(__name__)\n", ["main.py:2 app"]),
        (f"{QUART}def make():\n    app = Quart(__name__)\n    return app\n", ["main.py:3 make.app"]),
        (
            f"{QUART}class S:\n    def __init__(self):\n        self.app = Quart('s')\n",
            ["main.py:4 S.app"],
        ),
        (f"{QUART}class Own(Quart):\n    pass\napp = Own(__name__)\n", ["main.py:4 app"]),
        (f"{QUART}class Own(\n    Mixin, Quart,\n):\n    pass\napp = Own(__name__)\n", ["main.py:6 app"]),
        (f"{QUART}app = application = Quart(__name__)\n", ["main.py:2 app"]),
        (f"{QUART}def make():\n    return Quart(__name__)\n", []),
        (f"{QUART}apps[0] = Quart(__name__)\n", []),
        ("class Quart: pass\napp = Quart()\n", []),
    ],
)
def test_applications(text: str, names: list[str]) -> None:
    assert find_names(Quart(), {"main.py": text}) == names


def test_application_that_is_there_to_be_read_is_none() -> None:
    assert find_names(Quart(), {"examples/main.py": f"{QUART}app = Quart(__name__)\n"}) == []


def test_application_runs_what_adds_routes_to_it() -> None:
    files = {
        "core.py": f"import late\n{QUART}app = Quart(__name__)\n",
        "late.py": "",
        "views.py": "from core import app\nimport prices\n@app.get('/')\ndef read(): pass\n",
        "prices.py": "",
        "script.py": "from core import app\nimport report\nif __name__ == '__main__':\n    report.write()\n",
        "report.py": "",
        "other.py": "@app.get('/')\ndef read(): pass\n",
    }
    assert find_reached(Quart(), files) == ["core.py", "late.py", "prices.py", "views.py"]


@pytest.mark.parametrize(
    ("framework", "text", "code"),
    [
        (
            Quart(),
            f"{QUART}app = Quart(__name__)\n",
            "after: app.before_serving(open_http_pools)\napp.after_serving(close_http_pools)\n",
        ),
        (
            Sanic(),
            "from sanic import Sanic\napi = Sanic('shop')\n",
            'after: api.register_listener(open_http_pools, "before_server_start")\n'
            'api.register_listener(close_http_pools, "after_server_stop")\n',
        ),
        (
            AioHTTP(),
            "from aiohttp import web\nclass S:\n    def f(self):\n        self._app = web.Application()\n",
            "after: self._app.on_startup.append(open_http_pools)\n"
            "self._app.on_cleanup.append(close_http_pools)\n",
        ),
        (Flask(), "import flask\napp = flask.Flask(__name__)\n", "after: keep_sync_http_pools()\n"),
    ],
)
def test_statements_below_an_application(framework: Framework, text: str, code: str) -> None:
    assert wire(framework, {**PACKAGE, "shop/app.py": f"from shop import settings\n{text}"}) == [code]


LITESTAR = "from shop import settings\nfrom litestar import Litestar\n"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("app = Litestar([])\n", ["lifespan=[http_lifespan]"]),
        ("app = Litestar([], lifespan=[])\n", ["[http_lifespan]"]),
        ("app = Litestar([], lifespan=[a, b])\n", ["[http_lifespan, a, b]"]),
        ("app = Litestar([], lifespan=[*a])\n", ["[http_lifespan, *a]"]),
        (
            "app = Litestar([], lifespan=[\n    a,  # one\n])\n",
            ["[\n    http_lifespan,\n    a,  # one\n]"],
        ),
        ("app = Litestar([], lifespan=[f(x) for x in y])\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("app = Litestar([], lifespan=make())\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("app = Litestar([], **options)\n", RefusalReason.LIFESPAN_UNKNOWN),
    ],
)
def test_lifespans_of_litestar(text: str, outcome: list[str] | RefusalReason) -> None:
    assert wire(Litestar(), {**PACKAGE, "shop/app.py": f"{LITESTAR}{text}"}) == outcome


@pytest.mark.parametrize(
    ("framework", "text", "pin"),
    [
        (Litestar(), f"{LITESTAR}app = Litestar([])\n", "litestar==1.51.0"),
    ],
)
def test_framework_that_is_too_old(framework: Framework, text: str, pin: str) -> None:
    files = {**PACKAGE, "shop/app.py": text, "requirements.txt": f"{pin}\n"}
    assert wire(framework, files) is RefusalReason.FRAMEWORK_TOO_OLD


@pytest.mark.parametrize(
    "text",
    [
        "app = web.Application()\nsub = web.Application()\napp.add_subapp('/sub', sub)\n",
        "def make():\n    sub = web.Application()\n    return sub\n"
        "app = web.Application()\napp.add_domain('shop.test', make())\n",
    ],
)
def test_application_of_aiohttp_inside_another_does_not_start_by_itself(text: str) -> None:
    assert find_started(AioHTTP(), {"main.py": f"from aiohttp import web\n{text}"}) == ["app"]
