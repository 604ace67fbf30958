"""Which name is bound where."""

from __future__ import annotations

import ast

import pytest
from small_projects import build_module

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import BindingKind


def _mark(module: Module) -> ast.expr:
    """Return the expression that is given to the call of `mark`."""
    (call,) = (c for c in module.calls if isinstance(c.func, ast.Name) and c.func.id == "mark")
    return call.args[0]


def _meaning(text: str) -> Symbol | str | None:
    module = build_module(text)
    return module.local_symbol(_mark(module))


def test_name_of_the_module_is_seen_in_a_function() -> None:
    text = """
        import httpx

        def fetch():
            mark(httpx.AsyncClient)
    """
    assert _meaning(text) == "httpx.AsyncClient"


@pytest.mark.parametrize(
    ("statement", "meaning"),
    [
        ("import httpx", "httpx.AsyncClient"),
        ("import httpx as hx; httpx = hx", None),
        ("from httpx import AsyncClient", None),
        ("import httpx._client", "httpx.AsyncClient"),
        ("import httpx2 as httpx", "httpx2.AsyncClient"),
        ("from vendored import httpx", "vendored.httpx.AsyncClient"),
        ("from . import httpx", ".httpx.AsyncClient"),
    ],
)
def test_what_an_import_makes_of_a_dotted_name(statement: str, meaning: str | None) -> None:
    found = _meaning(f"{statement}\nmark(httpx.AsyncClient)\n")
    assert (found if isinstance(found, str) else None) == meaning


def test_parameter_shadows_an_import() -> None:
    text = """
        import httpx

        def fetch(httpx):
            mark(httpx)
    """
    assert _meaning(text) == Symbol("main.py", "fetch.httpx")


def test_assignment_anywhere_in_a_function_makes_a_name_local() -> None:
    text = """
        import httpx

        def fetch():
            mark(httpx)
            httpx = None
    """
    assert _meaning(text) == Symbol("main.py", "fetch.httpx")


def test_default_of_a_parameter_is_read_outside() -> None:
    text = """
        import httpx

        def fetch(httpx=mark(httpx)):
            pass
    """
    assert _meaning(text) == "httpx"


def test_decorator_is_read_outside() -> None:
    text = """
        import httpx

        @mark(httpx)
        def fetch(httpx):
            pass
    """
    assert _meaning(text) == "httpx"


def test_global_statement_reaches_the_module() -> None:
    text = """
        client = None

        def open_client():
            global client
            client = mark(client)
    """
    assert _meaning(text) == Symbol("main.py", "client")


def test_nonlocal_name_is_that_of_the_function_around() -> None:
    text = """
        def outer():
            client = None
            def inner():
                nonlocal client
                mark(client)
                client = 1
    """
    assert _meaning(text) == Symbol("main.py", "outer.client")


def test_name_of_a_class_is_not_seen_in_its_methods() -> None:
    text = """
        import httpx

        class Api:
            httpx = "a name"
            def fetch(self):
                mark(httpx)
    """
    assert _meaning(text) == "httpx"


@pytest.mark.parametrize(
    "comprehension",
    [
        "[mark(client) for client in clients]",
        "[client for client in clients if mark(client)]",
        "{client: mark(client) for client in clients}",
        "[one for client in clients for one in mark(client)]",
        "[one for one in clients if (lambda client: mark(client))]",
    ],
)
def test_target_of_a_comprehension_is_its_own(comprehension: str) -> None:
    found = _meaning(f"client = 1\nclients = []\nx = {comprehension}\n")
    assert isinstance(found, Symbol)
    assert found.name != "client"


def test_first_iterable_of_a_comprehension_is_read_outside() -> None:
    assert _meaning("client = []\nx = [client for client in mark(client)]\n") == Symbol("main.py", "client")


def test_walrus_in_a_comprehension_binds_outside() -> None:
    text = """
        def fetch(urls):
            found = [client := url for url in urls]
            mark(client)
    """
    assert _meaning(text) == Symbol("main.py", "fetch.client")


@pytest.mark.parametrize(
    "statement",
    [
        "for client in range(3): pass",
        "with open('x') as client: pass",
        "try: pass\nexcept OSError as client: pass",
        "match 1:\n    case client: pass",
        "match []:\n    case [*client]: pass",
        "match {}:\n    case {**client}: pass",
        "client, other = 1, 2",
        "client: int",
        "def client(): pass",
        "class client: pass",
        "import x as client",
        "del client",
    ],
)
def test_every_binding_statement_binds(statement: str) -> None:
    assert "client" in build_module(statement).table.module.bindings


def test_try_import_counts_as_the_first_of_two_twins() -> None:
    text = """
        try:
            import httpx2 as httpx
        except ImportError:
            import httpx
        mark(httpx)
    """
    assert _meaning(text) == "httpx2"


def test_none_beside_an_import_means_that_it_is_optional() -> None:
    text = """
        try:
            import httpx
        except ImportError:
            httpx = None
        mark(httpx.AsyncClient)
    """
    assert _meaning(text) == "httpx.AsyncClient"


def test_import_beside_another_value_is_unknown() -> None:
    text = """
        try:
            import httpx
        except ImportError:
            httpx = FakeHttpx()
        mark(httpx.AsyncClient)
    """
    assert _meaning(text) is None


def test_import_under_type_checking_is_marked() -> None:
    text = """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import httpx
        else:
            import json
    """
    bindings = build_module(text).table.module.bindings
    assert [binding.type_checking for binding in bindings["httpx"]] == [True]
    assert [binding.type_checking for binding in bindings["json"]] == [False]


def test_kinds_of_bindings() -> None:
    bindings = build_module("import a\ndef b(): pass\nclass c: pass\nd = 1\n").table.module.bindings
    assert [bindings[name][0].kind for name in "abcd"] == [
        BindingKind.IMPORT,
        BindingKind.FUNCTION,
        BindingKind.CLASS,
        BindingKind.VALUE,
    ]


def test_call_in_the_default_of_a_lambda_is_in_its_statement() -> None:
    module = build_module("def make():\n    return lambda client=mark(1): client\n")
    (call,) = module.calls
    assert isinstance(module.statement_of(call), ast.Return)
    assert module.function_name(call) == "make"
