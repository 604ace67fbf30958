"""What Starlette applications are made of, and how their handlers reach a client."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from small_projects import build_project

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import EntryPoint, OwnedClient, Ownership
from httpx_fixer.frameworks.starlette import Starlette
from httpx_fixer.settings import Policy

HEADER = """\
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Mount, Route, Router, WebSocketRoute
"""


def _project(text: str) -> Project:
    return build_project({"main.py": HEADER + text})


def _entry(text: str, name: str = "read") -> EntryPoint | Refusal | None:
    project = _project(text)
    function = project.function(Symbol("main.py", name))
    assert function is not None
    return Starlette().entry_point(project, function)


@pytest.mark.parametrize(
    ("text", "connection"),
    [
        ("async def read(request): pass\napp = Starlette(routes=[Route('/', read)])\n", "request"),
        ("async def read(req): pass\napp = Starlette(routes=[Route('/', endpoint=read)])\n", "req"),
        ("async def read(ws): pass\napp = Starlette(routes=[WebSocketRoute('/', read)])\n", "ws"),
        ("def read(request, /): pass\napp = Starlette()\napp.add_route('/', read)\n", "request"),
        ("async def read(ws): pass\napp = Starlette()\napp.add_websocket_route('/', read)\n", "ws"),
        ("async def read(r): pass\napp = Starlette(routes=[Mount('/a', routes=[Route('/', read)])])\n", "r"),
    ],
)
def test_routed_function_gets_the_request(text: str, connection: str) -> None:
    entry = _entry(text)
    assert isinstance(entry, EntryPoint)
    assert entry.connection == connection
    assert entry.lifecycles[0].app.name == "app"


def test_method_of_an_endpoint_class_gets_the_request_after_self() -> None:
    text = """
class Page(HTTPEndpoint):
    async def get(self, request): pass
    async def helper(self, request): pass
app = Starlette(routes=[Route('/', Page)])
"""
    entry = _entry(text, "Page.get")
    assert isinstance(entry, EntryPoint)
    assert entry.connection == "request"
    assert _entry(text, "Page.helper") is None


@pytest.mark.parametrize(
    "text",
    [
        "async def read(request): pass\napp = Starlette()\n",
        "async def read(request): pass\napp = Starlette(routes=[Route('/', other)])\n",
        "async def read(request): pass\napp = Starlette()\nrun(read)\n",
        "class Route: pass\nasync def read(request): pass\napp = Starlette(routes=[Route('/', read)])\n",
    ],
)
def test_function_without_a_route_is_no_entry_point(text: str) -> None:
    assert _entry(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def read(): pass\napp = Starlette(routes=[Route('/', read)])\n", RefusalReason.UNUSUAL_SIGNATURE),
        (
            "def read(r): pass\na = Starlette(routes=[Route('/', read)])\nb = Starlette()\n",
            RefusalReason.NO_LIFECYCLE,
        ),
        (
            "def read(r): pass\napp = Starlette(routes=[Route('/', read)])\nMount('/sub', app=app)\n",
            RefusalReason.MOUNTED_APP,
        ),
    ],
)
def test_route_that_cannot_reach_a_client(text: str, reason: RefusalReason) -> None:
    entry = _entry(text)
    assert isinstance(entry, Refusal)
    assert entry.reason is reason


def _wire(files: Mapping[str, str]) -> list[str] | RefusalReason:
    project = build_project({"shop/__init__.py": "", "shop/settings.py": "", **files})
    framework = Starlette()
    lifecycles = framework.lifecycles(project)
    client = OwnedClient("httpx", "AsyncClient", "", ())
    ownership = Ownership("shop/http_client.py", False, False, (client,), (), lifecycles, Policy())
    edits = framework.wire(project, ownership, lifecycles[0])
    return edits.reason if isinstance(edits, Refusal) else [type(edit).__name__ for edit in edits]


LIFESPAN = """\
import contextlib
@contextlib.asynccontextmanager
async def lifespan(app):
    yield {"a": 1}
"""


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("app = Starlette()\n", ["EnsureImport", "AddArgument"]),
        ("app = Starlette(debug=True)\n", ["EnsureImport", "AddArgument"]),
        (f"{LIFESPAN}app = Starlette(lifespan=lifespan)\n", ["EnsureImport", "WrapStatement"]),
        ("app = Starlette(lifespan=make())\n", ["EnsureImport", "ReplaceExpression"]),
        ("app = Starlette(on_startup=[start])\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("app = Starlette(**options)\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("class App(Starlette): pass\napp = App()\n", RefusalReason.LIFESPAN_UNKNOWN),
    ],
)
def test_lifespan_of_an_application(text: str, outcome: list[str] | RefusalReason) -> None:
    assert _wire({"shop/main.py": f"{HEADER}from shop import settings\n{text}"}) == outcome


def test_handler_borrows_through_its_request() -> None:
    text = "async def read(request): pass\napp = Starlette(routes=[Route('/', read)])\n"
    project = _project(text)
    framework = Starlette()
    function = project.function(Symbol("main.py", "read"))
    assert function is not None
    entry = framework.entry_point(project, function)
    assert isinstance(entry, EntryPoint)
    client = OwnedClient("httpx", "AsyncClient", "billing", ())
    ownership = Ownership("main.py", True, False, (client,), (), entry.lifecycles, Policy())
    reach = framework.reach(project, entry, ownership, client)
    assert not isinstance(reach, Refusal)
    assert (reach.parameter, reach.expression) == ("", "request_billing_client(request)")
