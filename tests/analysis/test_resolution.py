"""Names followed across the modules of a project."""

from __future__ import annotations

import pytest
from small_projects import build_project, build_resolver

from httpx_fixer.analysis.facts import Symbol

SHOP = {
    "shop/__init__.py": "from shop.core import build, Client as PublicClient\n",
    "shop/core.py": "class Client: pass\ndef build():\n    app = make()\n    return app\n",
    "shop/loop_a.py": "from shop.loop_b import name\n",
    "shop/loop_b.py": "from shop.loop_a import name\n",
}


@pytest.mark.parametrize(
    ("dotted", "symbol"),
    [
        ("shop.core", Symbol("shop/core.py", "")),
        ("shop.core.build", Symbol("shop/core.py", "build")),
        ("shop.build", Symbol("shop/core.py", "build")),
        ("shop.PublicClient", Symbol("shop/core.py", "Client")),
        ("shop.core.Client.method", Symbol("shop/core.py", "Client.method")),
        ("fastapi.FastAPI", Symbol("", "fastapi.FastAPI")),
        (".core.build", Symbol("shop/core.py", "build")),
    ],
)
def test_dotted_name_is_followed_to_its_definition(dotted: str, symbol: Symbol) -> None:
    assert build_resolver(SHOP).dotted("shop/main.py", dotted) == symbol


def test_modules_that_import_from_one_another_end_somewhere() -> None:
    assert build_resolver(SHOP).dotted("shop/main.py", "shop.loop_a.name").path.startswith("shop/loop_")


def test_foreign_name_is_followed_through_a_module_of_the_project() -> None:
    files = {"deps.py": "from fastapi import FastAPI as App\n"}
    assert build_resolver(files).dotted("main.py", "deps.App") == Symbol("", "fastapi.FastAPI")


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("a = make()\n", "a"),
        ("b = make()\na = b\n", "b"),
        ("c = make()\nb = c\na = b\n", "c"),
        ("def create():\n    app = make()\n    return app\na = create()\n", "create.app"),
        ("def create():\n    app = make()\n    if x: return None\n    return app\na = create()\n", "a"),
        ("def create():\n    return make()\na = create()\n", "a"),
        ("a = None\na = make()\n", "a"),
        ("b = make()\na = None\na = b\n", "b"),
    ],
)
def test_object_is_followed_to_where_it_is_made(text: str, origin: str) -> None:
    found = build_project({"m.py": text}).origin_of(Symbol("m.py", "a"))
    assert found == Symbol("m.py", origin)


def test_object_of_another_module_is_followed() -> None:
    files = {
        "make.py": "def create_app():\n    app = F()\n    return app\n",
        "asgi.py": "from make import create_app\napp = create_app()\n",
    }
    assert build_project(files).origin_of(Symbol("asgi.py", "app")) == Symbol("make.py", "create_app.app")


def test_call_behind_a_name() -> None:
    project = build_project({"m.py": "router = APIRouter(prefix='/a')\nboth = f()\nboth = g()\n"})
    call = project.value_call(Symbol("m.py", "router"))
    assert call is not None
    assert [argument.name for argument in call.arguments] == ["prefix"]
    assert project.value_call(Symbol("m.py", "both")) is None


def test_annotation_of_a_parameter() -> None:
    project = build_project({"m.py": "from fastapi import FastAPI\ndef add(app: FastAPI, *, n: int): pass\n"})
    assert project.annotation_of(Symbol("m.py", "add.app")) == Symbol("", "fastapi.FastAPI")
    assert project.annotation_of(Symbol("m.py", "add.other")) is None


@pytest.mark.parametrize(
    ("name", "is_kind"),
    [("Direct", True), ("Second", True), ("Other", False), ("Loop", False), ("Missing", False)],
)
def test_class_is_of_a_kind_through_its_bases(name: str, is_kind: bool) -> None:
    text = """
        from fastapi import FastAPI
        class Direct(FastAPI): pass
        class Second(Direct): pass
        class Other(dict): pass
        class Loop(Loop): pass
    """
    project = build_project({"m.py": text})
    assert project.is_kind_of(Symbol("m.py", name), frozenset({"fastapi.FastAPI"})) is is_kind


def test_function_is_described() -> None:
    text = """
        from fastapi import APIRouter
        router = APIRouter()

        class Api:
            @router.get("/a/{number}", tags=["x"])
            async def read(self, number: int, /, size=1, *rest, deep: bool = False, **more):
                yield number
    """
    function = build_project({"m.py": text}).function(Symbol("m.py", "Api.read"))
    assert function is not None
    assert (function.is_async, function.is_generator, function.owner, function.outer) == (
        True,
        True,
        "Api",
        "",
    )
    assert [(p.name, p.kind, p.has_default) for p in function.parameters] == [
        ("self", "positional-only", False),
        ("number", "positional-only", False),
        ("size", "plain", True),
        ("rest", "vararg", False),
        ("deep", "keyword-only", True),
        ("more", "kwarg", False),
    ]
    (decorator,) = function.decorators
    assert (decorator.attribute, decorator.receiver) == ("get", Symbol("m.py", "router"))
    assert decorator.arguments is not None
    assert decorator.arguments[0].text == "/a/{number}"


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("@wraps(f)\n    async def w(*a, **k):\n        return await f(*a, **k)", True),
        ("@functools.wraps(f)\n    def w(*a, **k):\n        return f(*a, **k)", True),
        ("@wraps(f)\n    def w(request, *a, **k):\n        return f(request, *a, **k)", True),
        ("async def w(*a, **k):\n        return await f(*a, **k)", False),
        ("@wraps(f)\n    def w(request):\n        return f(request)", False),
        ("@wraps(f)\n    def w(*a, **k):\n        return f(*a)", False),
        ("@wraps(f)\n    def w(*a, **k):\n        return log(**k)", False),
        ("@wraps(f)\n    def w(*a, **k):\n        return partial(f, *a, **k)()", True),
        ("@wraps(f)\n    def w(*a, **k):\n        log(k['n'], k.get('m'))\n        return f(*a, **k)", True),
        ("@wraps(f)\n    def w(*a, **k):\n        key = str(k)\n        return f(*a, **k)", False),
        ("@wraps(f)\n    def w(*a, **k):\n        k.pop('n')\n        return f(*a, **k)", False),
        ("return f", False),
    ],
)
def test_decorator_that_hands_keywords_on(text: str, passes: bool) -> None:
    header = "import functools\nfrom functools import wraps\n"
    project = build_project({"m.py": f"{header}def deco(f):\n    {text}\n    return w\n"})
    assert project.passes_arguments_on(Symbol("m.py", "deco")) is passes


def test_part_of_a_package_in_another_distribution_is_none_of_its_first() -> None:
    resolver = build_resolver(
        {
            "src/depot/__init__.py": "from depot.shelves import count\n",
            "src/depot/shelves.py": "def count(): pass\n",
            "kit/src/depot/kit/__init__.py": (
                "from depot.scales.units import Unit\nfrom depot.kit.maps import Map\n"
            ),
            "kit/src/depot/kit/maps.py": "class Map: pass\n",
        }
    )
    assert resolver.imported_files("kit/src/depot/kit/__init__.py") == {"kit/src/depot/kit/maps.py"}
