"""What FastAPI applications are made of, who calls what, and how a lifespan gets in."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from small_projects import build_project

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, Edit, EnsureImport, InsertStatements, WrapStatement
from httpx_fixer.frameworks._base import EntryPoint, OwnedClient, Ownership
from httpx_fixer.frameworks.fastapi import FastAPI
from httpx_fixer.settings import Policy

APP = "from fastapi import FastAPI\n"


def _apps(files: Mapping[str, str]) -> list[str]:
    lifecycles = FastAPI().lifecycles(build_project(files))
    return [f"{lifecycle.app.path}:{lifecycle.app.name}" for lifecycle in lifecycles]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("from fastapi import FastAPI\napp = FastAPI()\n", ["app"]),
        ("import fastapi\napi: fastapi.FastAPI = fastapi.FastAPI(title='x')\n", ["api"]),
        ("from fastapi import FastAPI as F\napp = F()\n", ["app"]),
        ("from fastapi import FastAPI\ndef create():\n    app = FastAPI()\n    return app\n", ["create.app"]),
        ("from fastapi import FastAPI\nclass Api(FastAPI): pass\napp = Api()\n", ["app"]),
        ("from fastapi import FastAPI\napp = FastAPI()\nsub = FastAPI()\n", ["app", "sub"]),
        ("from fastapi import FastAPI\nrun(FastAPI())\n", []),
        ("from vendored import FastAPI\napp = FastAPI()\n", []),
        ("from fastapi import APIRouter\napp = APIRouter()\n", []),
    ],
)
def test_applications_of_a_module(text: str, names: list[str]) -> None:
    assert _apps({"main.py": text}) == [f"main.py:{name}" for name in names]


def test_applications_in_tests_own_nothing() -> None:
    text = "from fastapi import FastAPI\napp = FastAPI()\n"
    assert _apps({"tests/test_a.py": text, "conftest.py": text}) == []


def _entry(
    files: Mapping[str, str], path: str = "main.py", name: str = "read"
) -> EntryPoint | Refusal | None:
    project = build_project(files)
    function = project.function(Symbol(path, name))
    assert function is not None
    return FastAPI().entry_point(project, function)


@pytest.mark.parametrize(
    "decorator",
    [
        "@app.get('/a')",
        "@app.post('/a', status_code=201)",
        "@app.api_route('/a', methods=['GET'])",
        "@app.websocket('/a')",
        "@app.get(path='/a')",
        "@router.delete('/a')",
        "@logged\n@app.get('/a')",
        "@app.get('/a')\n@logged",
    ],
)
def test_decorated_function_is_an_entry_point(decorator: str) -> None:
    made = "from fastapi import APIRouter\napp = FastAPI()\nrouter = APIRouter()\n"
    text = f"{APP}{made}{decorator}\ndef read(): pass\n"
    entry = _entry({"main.py": text})
    assert isinstance(entry, EntryPoint)
    assert [lifecycle.app.name for lifecycle in entry.lifecycles] == ["app"]


@pytest.mark.parametrize(
    "decorator",
    [
        "@cache.get('/a')",
        "@app.on_event('startup')",
        "@app.exception_handler(404)",
        "@app.get",
        "@get('/a')",
        "@app.middleware('http')",
    ],
)
def test_other_decorators_make_no_entry_point(decorator: str) -> None:
    text = f"{APP}app = FastAPI()\ncache = Cache()\n{decorator}\ndef read(): pass\n"
    entry = _entry({"main.py": text.replace("cache.get('/a')", "cache.get('a')")})
    assert entry is None


@pytest.mark.parametrize(
    "use",
    [
        "app.add_api_route('/a', read)",
        "app.add_api_route(path='/a', endpoint=read, methods=['GET'])",
        "app.add_api_websocket_route('/a', read)",
        "@app.get('/b')\ndef other(x=Depends(read)): pass",
        "@app.get('/b')\ndef other(x: Annotated[str, Depends(read)]): pass",
        "@app.get('/b', dependencies=[Depends(read)])\ndef other(): pass",
        "@app.get('/b')\ndef other(x=Security(read, scopes=['a'])): pass",
        "app.include_router(router, dependencies=[Depends(dependency=read)])",
    ],
)
def test_function_that_is_given_to_the_framework_is_an_entry_point(use: str) -> None:
    text = f"from fastapi import FastAPI, Depends, Security\napp = FastAPI()\ndef read(): pass\n{use}\n"
    assert isinstance(_entry({"main.py": text}), EntryPoint)


def test_names_in_the_path_are_taken() -> None:
    text = """
        from fastapi import APIRouter, FastAPI
        app = FastAPI()
        router = APIRouter(prefix="/tenants/{tenant}")
        app.include_router(router)

        @router.get("/files/{name:path}")
        def read(name): pass
    """
    entry = _entry({"main.py": text})
    assert isinstance(entry, EntryPoint)
    assert entry.taken == {"tenant", "name"}


def test_router_is_followed_through_inclusions_to_its_application() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/main.py": f"{APP}from shop.api import router\napp = FastAPI()\napp.include_router(router)\n",
        "shop/admin.py": f"{APP}admin = FastAPI()\n",
        "shop/api.py": """
            from fastapi import APIRouter
            from shop import books
            router = APIRouter()
            router.include_router(books.router, prefix="/books")
        """,
        "shop/books.py": """
            from fastapi import APIRouter
            router = APIRouter()
            @router.get("/{isbn}")
            def read(isbn): pass
        """,
    }
    entry = _entry(files, "shop/books.py")
    assert isinstance(entry, EntryPoint)
    assert [lifecycle.path for lifecycle in entry.lifecycles] == ["shop/main.py"]


def test_router_of_unknown_inclusion_belongs_to_the_only_application() -> None:
    files = {
        "main.py": f"{APP}app = FastAPI()\nfor router in load(): app.include_router(router)\n",
        "a.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/')\ndef read(): pass\n",
    }
    assert isinstance(_entry(files, "a.py"), EntryPoint)


def test_which_of_two_applications_serves_is_not_guessed() -> None:
    files = {
        "main.py": f"{APP}a = FastAPI()\nb = FastAPI()\n",
        "a.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/')\ndef read(): pass\n",
    }
    entry = _entry(files, "a.py")
    assert isinstance(entry, Refusal)
    assert entry.reason is RefusalReason.NO_LIFECYCLE


@pytest.mark.parametrize(
    "mount", ["root.mount('/sub', app)", "Mount('/sub', app=app)", "root.mount('/s', app=app)"]
)
def test_handler_of_a_mounted_application_is_refused(mount: str) -> None:
    text = f"{APP}root = FastAPI()\napp = FastAPI()\n{mount}\n@app.get('/')\ndef read(): pass\n"
    entry = _entry({"main.py": text})
    assert isinstance(entry, Refusal)
    assert entry.reason is RefusalReason.MOUNTED_APP


def _ownership(project: Project) -> Ownership:
    client = OwnedClient("httpx", "AsyncClient", "", ())
    lifecycles = FastAPI().lifecycles(project)
    return Ownership("shop/http_client.py", False, True, (client,), (), lifecycles, Policy())


def _wire(text: str, **files: str) -> tuple[Edit, ...] | Refusal:
    """Wire the application of `shop/main.py`; keywords name further files, `_` standing for a dot."""
    others = {name.replace("_", "."): content for name, content in files.items()}
    header = "from shop import settings\n"
    project = build_project(
        {"shop/__init__.py": "", "shop/settings.py": "", "shop/main.py": header + text, **others}
    )
    framework = FastAPI()
    return framework.wire(project, _ownership(project), framework.lifecycles(project)[0])


def _kinds(edits: tuple[Edit, ...] | Refusal) -> list[str]:
    assert not isinstance(edits, Refusal), edits
    return [type(edit).__name__ for edit in edits]


LIFESPAN = """\
from contextlib import asynccontextmanager
@asynccontextmanager
async def lifespan(app):
    yield
"""


@pytest.mark.parametrize(
    "text",
    [
        "app = FastAPI()\n",
        "app = FastAPI(title='x', version='1')\n",
        "import uvicorn\napp = FastAPI()\nuvicorn.run(app)\n",
        "app = FastAPI()\ndef register(application): pass\nregister(app)\n",
        "app = FastAPI()\nFastAPIInstrumentor.instrument_app(app)\n",
    ],
)
def test_application_without_a_lifespan_is_given_one(text: str) -> None:
    edits = _wire(APP + text)
    assert _kinds(edits) == ["EnsureImport", "AddArgument"]
    assert not isinstance(edits, Refusal)
    assert isinstance(edits[0], EnsureImport)
    assert isinstance(edits[1], AddArgument)
    assert (edits[0].module, edits[1].name, edits[1].code) == (
        "shop.http_client",
        "lifespan",
        "http_lifespan",
    )


@pytest.mark.parametrize(
    "text",
    [
        f"{LIFESPAN}app = FastAPI(lifespan=lifespan)\n",
        LIFESPAN.replace("    yield", "    try:\n        yield {'a': 1}\n    finally:\n        pass")
        + "app = FastAPI(lifespan=lifespan)\n",
        LIFESPAN.replace("(app)", "(_: FastAPI)") + "app = FastAPI(lifespan=lifespan)\n",
    ],
)
def test_own_lifespan_is_extended(text: str) -> None:
    edits = _wire(APP + text)
    assert _kinds(edits) == ["EnsureImport", "WrapStatement"]
    assert not isinstance(edits, Refusal)
    assert isinstance(edits[1], WrapStatement)
    assert edits[1].header in {"async with http_lifespan(app):", "async with http_lifespan(_):"}


def test_each_yield_of_an_own_lifespan_is_wrapped() -> None:
    two = LIFESPAN.replace("    yield", "    if app:\n        yield\n    else:\n        yield")
    edits = _wire(f"{APP}{two}app = FastAPI(lifespan=lifespan)\n")
    assert _kinds(edits) == ["EnsureImport", "WrapStatement", "WrapStatement"]


def test_bare_generator_is_extended_like_a_context_manager() -> None:
    bare = LIFESPAN.replace("@asynccontextmanager\n", "")
    edits = _wire(f"{APP}{bare}app = FastAPI(lifespan=lifespan)\n")
    assert _kinds(edits) == ["EnsureImport", "WrapStatement"]


@pytest.mark.parametrize(
    "text",
    [
        "app = FastAPI()\n@app.on_event('startup')\ndef start(): pass\n",
        "app = FastAPI(on_startup=[start])\n",
        "app = FastAPI(**options)\n",
        "app = FastAPI(lifespan=make_lifespan())\n",
        "app = FastAPI()\nInstrumentator().instrument(app)\n",
        "class Api(FastAPI): pass\napp = Api()\n",
    ],
)
def test_what_else_hooks_into_the_start_is_left_and_a_router_added(text: str) -> None:
    edits = _wire(APP + text)
    assert _kinds(edits) == ["EnsureImport", "EnsureImport", "InsertStatements"]
    assert not isinstance(edits, Refusal)
    assert isinstance(edits[2], InsertStatements)
    assert edits[2].code == "app.include_router(APIRouter(lifespan=http_lifespan))\n"


ON_EVENT = "app = FastAPI()\n@app.on_event('startup')\ndef start(): pass\n"


@pytest.mark.parametrize(
    ("text", "pin", "reason"),
    [
        ("app = FastAPI()\n", "fastapi==0.94.1", RefusalReason.FRAMEWORK_TOO_OLD),
        (ON_EVENT, "fastapi==0.112.1", RefusalReason.FRAMEWORK_TOO_OLD),
        (ON_EVENT, "fastapi[all]>=0.100", RefusalReason.FRAMEWORK_TOO_OLD),
        (ON_EVENT, "fastapi~=0.112.2", None),
        (ON_EVENT, "fastapi", None),
        ("app = FastAPI()\n", "fastapi==0.95.0", None),
        ("app = FastAPI()\napp.router.lifespan_context = other\n", "fastapi", None),
        ("app = FastAPI()\nmake().lifespan_context = other\n", "fastapi", RefusalReason.LIFESPAN_UNKNOWN),
    ],
)
def test_pinned_version_decides(text: str, pin: str, reason: RefusalReason | None) -> None:
    edits = _wire(APP + text, requirements_txt=f"{pin}\nhttpx==0.28.1\n")
    assert (edits.reason if isinstance(edits, Refusal) else None) is reason


def test_handler_reaches_its_client_through_an_alias() -> None:
    text = f"{APP}from shop import settings\napp = FastAPI()\n@app.get('/')\ndef read(): pass\n"
    project = build_project({"shop/__init__.py": "", "shop/settings.py": "", "shop/main.py": text})
    framework, ownership = FastAPI(), _ownership(project)
    function = project.function(Symbol("shop/main.py", "read"))
    assert function is not None
    entry = framework.entry_point(project, function)
    assert isinstance(entry, EntryPoint)
    reach = framework.reach(project, entry, ownership, ownership.clients[0])
    assert not isinstance(reach, Refusal)
    assert (reach.parameter, reach.expression) == ("HttpClient", "")
    assert reach.edits == (EnsureImport("shop/main.py", "shop.http_client", "HttpClient"),)


def test_attribute_of_another_class_is_no_lifespan() -> None:
    text = (
        "app = FastAPI()\nclass Desk:\n    def __init__(self) -> None:\n        self.lifespan_context = {}\n"
    )
    edits = _wire(APP + text, requirements_txt="fastapi\nhttpx==0.28.1\n")
    assert not isinstance(edits, Refusal)
