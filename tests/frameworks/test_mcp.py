"""What MCP servers are made of, who starts them, and how their lifespan is extended."""

from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycle, Ownership
from httpx_fixer.frameworks.mcp import Mcp
from httpx_fixer.settings import Policy

FAST = "from fastmcp import FastMCP\n"


def _lifecycles(text: str) -> tuple[Lifecycle, ...]:
    return Mcp().lifecycles(build_project({"main.py": text}))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{FAST}mcp = FastMCP('a')\n", "mcp"),
        ("from mcp.server.fastmcp import FastMCP as Server\napp = Server('a')\n", "app"),
        ("from mcp.server import MCPServer\napp = MCPServer('a')\n", "app"),
        ("from mcp.server.lowlevel import Server\nserver = Server('a')\n", "server"),
        ("import mcp.server\nserver = mcp.server.Server('a')\n", "server"),
        (f"{FAST}def build():\n    return FastMCP('a')\n", "build"),
        (f"{FAST}class Tools:\n    def __init__(self):\n        self.mcp = FastMCP('a')\n", "Tools.mcp"),
    ],
)
def test_server_has_a_lifespan_that_owns(text: str, name: str) -> None:
    (lifecycle,) = _lifecycles(text)
    assert lifecycle.app.name == name
    assert lifecycle.owns(is_async=True)


@pytest.mark.parametrize(
    "text",
    [
        "from grpc import Server\nserver = Server('mcp')\n",
        "import mcp\nclass Server: pass\nserver = Server('a')\n",
        "from uvicorn import Server  # beside mcp\nserver = Server()\n",
    ],
)
def test_server_of_something_else_is_none(text: str) -> None:
    assert _lifecycles(text) == ()


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("", True),
        ("mcp.run()\n", True),
        ("app = mcp.http_app()\n", False),
        ("app = mcp.streamable_http_app()\n", False),
        ("app = create_sse_app(mcp, '/a', '/b')\n", False),
        ("app = mcp.http_app()\nif stdio:\n    mcp.run()\n", True),
        ("app = other.http_app()\n", True),
    ],
)
def test_server_starts_by_itself_unless_it_is_only_a_part_of_an_application(
    text: str, *, starts: bool
) -> None:
    project = build_project({"main.py": f"{FAST}mcp = FastMCP('a')\n{text}"})
    (lifecycle,) = Mcp().lifecycles(project)
    assert Mcp().starts(project, lifecycle) is starts


LIFESPAN = """\
from contextlib import asynccontextmanager
@asynccontextmanager
async def lifespan(server):
    yield {"a": 1}
"""


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("mcp = FastMCP('a')\n", ["EnsureImport", "AddArgument"]),
        ("mcp = FastMCP('a', 'what it does', port=8000)\n", ["EnsureImport", "AddArgument"]),
        (f"{LIFESPAN}mcp = FastMCP('a', lifespan=lifespan)\n", ["EnsureImport", "WrapStatement"]),
        ("mcp = FastMCP('a', lifespan=make())\n", ["EnsureImport", "ReplaceExpression"]),
        ("mcp = FastMCP('a', **options)\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("mcp = FastMCP(1, 2, 3, 4, 5)\n", RefusalReason.LIFESPAN_UNKNOWN),
        ("class Own(FastMCP): pass\nmcp = Own('a')\n", RefusalReason.LIFESPAN_UNKNOWN),
    ],
)
def test_lifespan_of_a_server(text: str, outcome: list[str] | RefusalReason) -> None:
    files = {"shop/__init__.py": "", "shop/x.py": "", "shop/main.py": f"{FAST}from shop import x\n{text}"}
    project = build_project(files)
    lifecycles = Mcp().lifecycles(project)
    ownership = Ownership("shop/http_client.py", False, False, (), (), lifecycles, Policy())
    edits = Mcp().wire(project, ownership, lifecycles[0])
    assert (edits.reason if isinstance(edits, Refusal) else [type(one).__name__ for one in edits]) == outcome
