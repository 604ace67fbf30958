"""Applications that start in every way there is: the pools open and close with each of them."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fixture_cases import Tree, apply_changes, run_tree, write_tree
from starlette.testclient import TestClient

from httpx_fixer.settings import Settings

from .upstream import Upstream

HELPER = """\
import os

import httpx


async def fetch(sku: str) -> dict:
    async with httpx.AsyncClient() as client:
        await client.get(f"{os.environ['UPSTREAM']}/stock/{sku}")
        response = await client.get(f"{os.environ['UPSTREAM']}/count/{sku}")
    return response.json()
"""
START = """\
from contextlib import asynccontextmanager

LOG = []


class Lifespan:
    def __init__(self, app) -> None:
        self.app = app

    async def __aenter__(self) -> None:
        LOG.append("start")

    async def __aexit__(self, *_) -> None:
        LOG.append("stop")


def make_lifespan(name: str):
    @asynccontextmanager
    async def lifespan(app):
        LOG.append("start")
        yield
        LOG.append("stop")

    return lifespan


@asynccontextmanager
async def named(app, *, name: str):
    async with Lifespan(app):
        yield


@asynccontextmanager
async def in_either_case(app):
    if name := LOG[:1]:
        try:
            LOG.append("start")
            yield
        finally:
            LOG.append("stop")
        return
    LOG.append("start")
    yield {"name": name}
    LOG.append("stop")
"""
FASTAPI = "from fastapi import FastAPI\n\n"
USES = (
    "from PKG.start import LOG, Lifespan, in_either_case, make_lifespan, named\n"
    "from PKG.stock import fetch\n\n"
)
ROUTE = """

@app.get("/{sku}")
async def read(sku: str) -> dict:
    return await fetch(sku)
"""
STARLETTE = (
    "from starlette.applications import Starlette\n"
    "from starlette.responses import JSONResponse\n"
    "from starlette.routing import Route\n\n" + USES + "\n"
    "async def read(request) -> JSONResponse:\n"
    '    return JSONResponse(await fetch("1"))\n\n\n'
)
LISTENERS = """

@app.on_event("startup")
async def start() -> None:
    LOG.append("start")


@app.on_event("shutdown")
async def stop() -> None:
    LOG.append("stop")
"""


@dataclass(frozen=True)
class Shape:
    """A way to start: the module that is served, others, and the version that is pinned."""

    main: str
    others: dict[str, str] = field(default_factory=dict)
    pinned: str = ""
    path: str = "/1"


SHAPES = {
    "plain": Shape(f"{FASTAPI}{USES}app = FastAPI()\n{ROUTE}"),
    "class": Shape(f"{FASTAPI}{USES}app = FastAPI(lifespan=Lifespan)\n{ROUTE}"),
    "class_old": Shape(f"{FASTAPI}{USES}app = FastAPI(lifespan=Lifespan)\n{ROUTE}", pinned="0.110.0"),
    "factory_call": Shape(f"{FASTAPI}{USES}app = FastAPI(lifespan=make_lifespan('x'))\n{ROUTE}"),
    "factory_call_old": Shape(
        f"{FASTAPI}{USES}app = FastAPI(lifespan=make_lifespan('x'))\n{ROUTE}", pinned="0.100.0"
    ),
    "partial": Shape(
        f"from functools import partial\n\n{FASTAPI}{USES}"
        f"app = FastAPI(lifespan=partial(named, name='x'))\n{ROUTE}"
    ),
    "lambda_old": Shape(
        f"{FASTAPI}{USES}app = FastAPI(lifespan=lambda app: named(app, name='x'))\n{ROUTE}", pinned="0.95.2"
    ),
    "several_yields": Shape(f"{FASTAPI}{USES}app = FastAPI(lifespan=in_either_case)\n{ROUTE}"),
    "exit_stack": Shape(
        "from contextlib import AsyncExitStack, asynccontextmanager\n\n" + FASTAPI + USES + "\n"
        "@asynccontextmanager\nasync def lifespan(app: FastAPI):\n    async with AsyncExitStack() as stack:\n"
        "        await stack.enter_async_context(Lifespan(app))\n        yield\n\n\n"
        f"app = FastAPI(lifespan=lifespan)\n{ROUTE}"
    ),
    "assigned": Shape(f"{FASTAPI}{USES}app = FastAPI()\napp.router.lifespan_context = Lifespan\n{ROUTE}"),
    "assigned_function": Shape(
        f"{FASTAPI}{USES}app = FastAPI()\napp.router.lifespan_context = in_either_case\n{ROUTE}"
    ),
    "assigned_twice": Shape(
        f"{FASTAPI}{USES}app = FastAPI()\napp.router.lifespan_context = Lifespan\n"
        f"if not LOG:\n    app.router.lifespan_context = make_lifespan('x')\n{ROUTE}"
    ),
    "assigned_around": Shape(
        "from contextlib import asynccontextmanager\n\n" + FASTAPI + USES + "\n"
        "def announce(app: FastAPI) -> None:\n    first = app.router.lifespan_context\n\n"
        "    @asynccontextmanager\n    async def both(app: FastAPI):\n"
        "        async with first(app) as state:\n            yield state\n\n"
        "    app.router.lifespan_context = both\n\n\n"
        f"app = FastAPI(lifespan=Lifespan)\nannounce(app)\n{ROUTE}"
    ),
    "assigned_elsewhere": Shape(
        f"{FASTAPI}from PKG.setting import install\n{USES}app = FastAPI()\ninstall(app)\n{ROUTE}",
        {
            "setting.py": "from PKG.start import make_lifespan\n\n\ndef install(app) -> None:\n"
            "    if not app.routes[9:]:\n        app.router.lifespan_context = make_lifespan('x')\n"
        },
    ),
    "handed_in": Shape(
        f"{FASTAPI}{USES}\nclass Server:\n    def __init__(self, base=None) -> None:\n"
        "        self.base = base\n\n    def make(self, lifespan=None) -> FastAPI:\n"
        "        return FastAPI(lifespan=lifespan)\n\n    def build(self) -> FastAPI:\n"
        "        if self.base:\n            app = self.base\n"
        "            first = app.router.lifespan_context\n"
        "            app.router.lifespan_context = lambda app: first(app)\n        else:\n"
        "            app = self.make()\n        app.get('/{sku}')(fetch)\n        return app\n\n\n"
        "given = FastAPI(lifespan=Lifespan)\napp = Server(given).build()\n"
    ),
    "made_with_none": Shape(
        f"{FASTAPI}{USES}\ndef make(lifespan=None) -> FastAPI:\n    return FastAPI(lifespan=lifespan)\n\n\n"
        "app = make()\napp.get('/{sku}')(fetch)\n"
    ),
    "listeners": Shape(f"{FASTAPI}{USES}app = FastAPI()\n{LISTENERS}{ROUTE}"),
    "listeners_old": Shape(f"{FASTAPI}{USES}app = FastAPI()\n{LISTENERS}{ROUTE}", pinned="0.111.0"),
    "listeners_of_a_router": Shape(
        f"from fastapi import APIRouter, FastAPI\n\n{USES}"
        f"router = APIRouter()\n{(LISTENERS + ROUTE).replace('@app', '@router')}\n\n"
        "app = FastAPI()\napp.include_router(router)\n"
    ),
    "subclass": Shape(
        f"{FASTAPI}{USES}\nclass Named:\n    name = 'x'\n\n\nclass Api(Named, FastAPI):\n    pass\n\n\n"
        f"class ShopApi(Api):\n    pass\n\n\napp = ShopApi(lifespan=Lifespan)\n{ROUTE}"
    ),
    "attribute": Shape(
        f"{FASTAPI}{USES}\nclass Server:\n    def __init__(self) -> None:\n"
        "        self.app = FastAPI(lifespan=Lifespan)\n"
        "        self.app.get('/{sku}')(self.read)\n\n"
        "    async def read(self, sku: str) -> dict:\n        return await fetch(sku)\n\n\n"
        "app = Server().app\n"
    ),
    "factory": Shape(
        "from contextlib import asynccontextmanager\n\n" + FASTAPI + USES + "\n"
        "def create_app() -> FastAPI:\n    @asynccontextmanager\n    async def lifespan(app: FastAPI):\n"
        "        async with Lifespan(app):\n            yield\n\n    app = FastAPI(lifespan=lifespan)\n"
        "    app.get('/{sku}')(fetch)\n    return app\n\n\napp = create_app()\n"
    ),
    "nameless": Shape(
        f"{FASTAPI}{USES}\ndef create_app() -> FastAPI:\n    return FastAPI(title='x')\n\n\n"
        "app = create_app()\napp.get('/{sku}')(fetch)\n"
    ),
    "nameless_class": Shape(
        f"{FASTAPI}{USES}\ndef create_app() -> FastAPI:\n    return FastAPI(lifespan=Lifespan)\n\n\n"
        "app = create_app()\napp.get('/{sku}')(fetch)\n"
    ),
    "factory_elsewhere": Shape(
        "from PKG.core import create_app\nfrom PKG.routes import router\n\n"
        "app = create_app()\napp.include_router(router)\n",
        {
            "core.py": f"{FASTAPI}from PKG.start import Lifespan\n\n\ndef create_app() -> FastAPI:\n"
            "    app = FastAPI(lifespan=Lifespan)\n    return app\n",
            "routes.py": f"from fastapi import APIRouter\n\nfrom PKG.stock import fetch\n\n"
            f"router = APIRouter()\n{ROUTE.replace('@app', '@router')}",
        },
    ),
    "mounted": Shape(
        "from PKG.core import app\nfrom PKG.sub import sub\n\napp.mount('/sub', sub)\n",
        {
            "core.py": f"{FASTAPI}from PKG.start import Lifespan\n\napp = FastAPI(lifespan=Lifespan)\n",
            "sub.py": f"{FASTAPI}from PKG.stock import fetch\n\n"
            f"sub = FastAPI()\n{ROUTE.replace('@app', '@sub')}",
        },
        path="/sub/1",
    ),
    "starlette": Shape(f"{STARLETTE}app = Starlette(routes=[Route('/1', read)])\n"),
    "starlette_nameless": Shape(
        f"{STARLETTE}def create_app() -> Starlette:\n    return Starlette(routes=[Route('/1', read)])\n\n\n"
        "app = create_app()\n"
    ),
    "starlette_nameless_class": Shape(
        f"{STARLETTE}def create_app() -> Starlette:\n"
        "    return Starlette(routes=[Route('/1', read)], lifespan=Lifespan)\n\n\napp = create_app()\n"
    ),
    "starlette_class": Shape(f"{STARLETTE}app = Starlette(routes=[Route('/1', read)], lifespan=Lifespan)\n"),
    "starlette_assigned": Shape(
        f"{STARLETTE}app = Starlette(routes=[Route('/1', read)])\n"
        "app.router.lifespan_context = make_lifespan('x')\n"
    ),
    "starlette_assigned_in_function": Shape(
        f"{STARLETTE}def create_app() -> Starlette:\n    app = Starlette(routes=[Route('/1', read)])\n"
        "    if LOG is not None:\n        replace(app)\n    return app\n\n\n"
        "def replace(app: Starlette) -> None:\n    app.router.lifespan_context = Lifespan\n\n\n"
        "app = create_app()\n"
    ),
}


@pytest.mark.filterwarnings("ignore:[^$]*on_event[^$]*:DeprecationWarning")
@pytest.mark.parametrize("name", SHAPES)
def test_pools_open_and_close_with_the_application(
    name: str, upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started twice: one connection each time, closed at the end; the author's own start runs as before."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("UPSTREAM", upstream.url)
    before = _build(name, f"before_{name}")
    tree = _build(name, f"after_{name}")
    report = run_tree(tree, Settings())
    assert [d.refusal for d in report.diagnostics] == [None]
    after = apply_changes(tree, report.changes)
    assert run_tree(after, Settings()).diagnostics == ()
    write_tree({**before, **after}, tmp_path)
    application = importlib.import_module(f"after_{name}.main").app
    for number in (1, 2):
        with TestClient(application) as visitor:
            for _ in range(3):
                assert visitor.get(SHAPES[name].path).json()["target"] == "/count/1"
            assert upstream.connections == number
        _await_closed(upstream)
    for _ in range(2):
        with TestClient(importlib.import_module(f"before_{name}.main").app):
            pass
    logs = [importlib.import_module(f"{half}_{name}.start").LOG for half in ("before", "after")]
    assert logs[0] == logs[1]


def test_pools_open_and_close_beside_a_lifespan_of_another_package(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be looked into runs as before: once each time, around what the application serves."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("UPSTREAM", upstream.url)
    (tmp_path / "installed_start.py").write_text(START)
    main = "from installed_start import Lifespan\n\nfrom guest.stock import fetch\n\n"
    main = f"{FASTAPI}{main}app = FastAPI(lifespan=Lifespan)\n{ROUTE}"
    texts = {"__init__.py": "", "main.py": main, "stock.py": HELPER}
    tree = {f"guest/{path}": text.encode() for path, text in texts.items()}
    write_tree(apply_changes(tree, run_tree(tree, Settings()).changes), tmp_path)
    application = importlib.import_module("guest.main").app
    for number in (1, 2):
        with TestClient(application) as visitor:
            for _ in range(3):
                assert visitor.get("/1").json()["target"] == "/count/1"
            assert upstream.connections == number
        _await_closed(upstream)
    assert importlib.import_module("installed_start").LOG == ["start", "stop"] * 2


def _build(name: str, package: str) -> Tree:
    shape = SHAPES[name]
    texts = {"__init__.py": "", "main.py": shape.main, "stock.py": HELPER, "start.py": START, **shape.others}
    tree = {f"{package}/{path}": text.replace("PKG", package).encode() for path, text in texts.items()}
    return {**tree, "requirements.txt": f"fastapi=={shape.pinned}\n".encode()} if shape.pinned else tree


def _await_closed(upstream: Upstream) -> None:
    deadline = time.monotonic() + 3
    while upstream.open and time.monotonic() < deadline:
        time.sleep(0.01)
    assert upstream.open == 0
