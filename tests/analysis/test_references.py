"""Who names a function, and who calls what."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from small_projects import build_project

from httpx_fixer.analysis.facts import Reference, Symbol

LOANS = "async def fetch(n):\n    return n\n"


def _references(files: Mapping[str, str], name: str = "fetch") -> list[Reference]:
    project = build_project({"shop/__init__.py": "", "shop/loans.py": LOANS, **files})
    function = project.function(Symbol("shop/loans.py", name))
    assert function is not None
    return list(project.references(function))


def _hows(text: str, path: str = "shop/main.py") -> list[str]:
    return [reference.how for reference in _references({path: text})]


def test_function_that_nobody_names_has_no_references() -> None:
    assert _references({}) == []


@pytest.mark.parametrize(
    ("text", "hows"),
    [
        ("from shop.loans import fetch\nfetch(1)\n", ["import", "call"]),
        ("from shop.loans import fetch as get\nget(1)\n", ["import", "call"]),
        ("from .loans import fetch\nfetch(1)\n", ["import", "call"]),
        ("from shop import loans\nloans.fetch(1)\n", ["call"]),
        ("import shop.loans\nshop.loans.fetch(1)\n", ["call"]),
        ("import shop.loans as l\nrun(l.fetch)\n", ["value"]),
        ("from shop.loans import fetch\n@fetch\ndef f(): pass\n", ["import", "decorated"]),
        ("from shop.loans import fetch\nx = {'f': fetch}\n", ["import", "value"]),
        ("patch('shop.loans.fetch')\n", ["text"]),
        ("x = 'please fetch shop.loans.fetch now'\n", []),
        ("from other import fetch\nfetch(1)\n", []),
        ("def fetch(): pass\nfetch()\n", []),
        ("def f(fetch): fetch()\n", []),
        ("x.fetch()\n", []),
    ],
)
def test_ways_to_name_a_function(text: str, hows: list[str]) -> None:
    assert _hows(text) == hows


def test_call_within_the_own_module_is_a_reference() -> None:
    project = build_project({"a.py": "def fetch(n):\n    return n\ndef run():\n    return fetch(1)\n"})
    function = project.function(Symbol("a.py", "fetch"))
    assert function is not None
    (reference,) = project.references(function)
    assert (reference.how, reference.function, reference.line) == ("call", "run", 4)
    assert reference.call is not None
    assert reference.call.arguments[0].code == "1"


def test_reference_through_a_re_export_is_found() -> None:
    files = {
        "shop/__init__.py": "from shop.loans import fetch\n",
        "run.py": "from shop import fetch\nfetch(1)\n",
    }
    found = [(reference.path, reference.how) for reference in _references(files)]
    assert found == [("run.py", "import"), ("run.py", "call"), ("shop/__init__.py", "import")]


def test_reference_in_a_test_is_marked() -> None:
    (_, call) = _references({"tests/test_loans.py": "from shop.loans import fetch\nfetch(1)\n"})
    assert call.is_test


@pytest.mark.parametrize(
    ("use", "count"),
    [("Api().fetch()", 1), ("api.fetch()", 1), ("self.api.fetch", 1), ("other.fetched()", 0), ("fetch()", 0)],
)
def test_method_may_be_named_through_any_object(use: str, count: int) -> None:
    text = f"class Api:\n    def fetch(self): pass\ndef run(self, api, other, fetch):\n    {use}\n"
    project = build_project({"a.py": text})
    function = project.function(Symbol("a.py", "Api.fetch"))
    assert function is not None
    assert len(project.references(function)) == count


def test_calls_of_a_name_are_found_under_aliases() -> None:
    text = "from fastapi import FastAPI as F\nimport fastapi\na = F()\nb = fastapi.FastAPI()\nFastAPI()\n"
    calls = build_project({"a.py": text}).calls_named("FastAPI")
    assert [(call.symbol and call.symbol.name, call.line) for call in calls] == [
        ("fastapi.FastAPI", 3),
        ("fastapi.FastAPI", 4),
        (None, 5),
    ]


def test_calls_in_tests_do_not_count() -> None:
    text = "from fastapi import FastAPI\napp = FastAPI()\n"
    assert build_project({"tests/test_a.py": text, "conftest.py": text}).calls_named("FastAPI") == ()


def test_call_knows_what_it_is_bound_to_and_called_on() -> None:
    text = (
        "from fastapi import FastAPI\ndef make():\n    app = FastAPI(title='x')\n    app.mount('/a', sub)\n"
    )
    project = build_project({"a.py": text})
    (made,) = project.calls_named("FastAPI")
    assert made.bound == Symbol("a.py", "make.app")
    assert made.function == "make"
    title = made.argument("title")
    assert title is not None
    assert title.text == "x"
    (mount,) = project.calls_named("mount")
    assert mount.receiver == Symbol("a.py", "make.app")
    path = mount.argument("path", 0)
    assert path is not None
    assert path.text == "/a"


def test_calls_that_get_an_object_are_found() -> None:
    text = "app = object()\ninstrument(app)\nother(application=app)\nnothing(application)\n"
    project = build_project({"a.py": text})
    assert [call.line for call in project.calls_passing("a.py", Symbol("a.py", "app"))] == [2, 3]
