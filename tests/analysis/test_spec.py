"""Constructor calls as data."""

from __future__ import annotations

import ast

import pytest
from small_projects import find_site

from httpx_fixer.analysis.site_facts import ClientSpec, Origin, SpecArgument
from httpx_fixer.analysis.spec import normal_code

HEADER = """\
import os
import httpx
from httpx import Timeout
from shop import settings
from .config import TIMEOUT as LONG
try:
    from fast import json
except ImportError:
    import json
SECONDS = 5
"""


def _spec(arguments: str) -> ClientSpec:
    return find_site(
        f"{HEADER}\nclass Api:\n    def run(self, given):\n        httpx.Client({arguments})\n"
    ).spec


def _argument(code: str) -> SpecArgument:
    (argument,) = _spec(f"timeout={code}").arguments
    return argument


@pytest.mark.parametrize(
    ("code", "origin"),
    [
        ("5", Origin.LITERAL),
        ("{'a': 'b'}", Origin.LITERAL),
        ("-1.5", Origin.LITERAL),
        ("True", Origin.LITERAL),
        ("int", Origin.LITERAL),
        ("httpx.Timeout(5)", Origin.IMPORTED),
        ("Timeout(5, connect=1)", Origin.IMPORTED),
        ("LONG", Origin.IMPORTED),
        ("settings.timeout", Origin.IMPORTED),
        ("SECONDS", Origin.MODULE),
        ("httpx.Timeout(SECONDS)", Origin.MODULE),
        ("json", Origin.MODULE),
        ("given", Origin.SCOPED),
        ("self.timeout", Origin.SCOPED),
        ("settings.read()", Origin.SCOPED),
        ("float('5')", Origin.SCOPED),
        ("os.environ['T']", Origin.IMPORTED),
        ("lambda: 5", Origin.SCOPED),
        ("httpx.DigestAuth('a', 'b')", Origin.SCOPED),
        ("httpx.Timeout(given)", Origin.SCOPED),
        ("[s for s in (1, 2)]", Origin.SCOPED),
        ("undefined", Origin.SCOPED),
        ("f'{given}'", Origin.SCOPED),
    ],
)
def test_widest_origin_of_an_argument(code: str, origin: Origin) -> None:
    assert _argument(code).origin is origin


@pytest.mark.parametrize(
    ("code", "imports"),
    [
        ("5", ()),
        ("httpx.Timeout(5)", (("httpx", "", "httpx"),)),
        ("Timeout(5)", (("httpx", "Timeout", "Timeout"),)),
        ("LONG", ((".config", "TIMEOUT", "LONG"),)),
        ("settings.timeout", (("shop", "settings", "settings"),)),
        ("httpx.Timeout(LONG)", ((".config", "TIMEOUT", "LONG"), ("httpx", "", "httpx"))),
    ],
)
def test_imports_that_an_argument_needs(code: str, imports: tuple[tuple[str, str, str], ...]) -> None:
    assert _argument(code).imports == imports


@pytest.mark.parametrize(
    ("code", "has_call"),
    [("5", False), ("httpx.Timeout(5)", False), ("given", False), ("f()", True), ("lambda: 5", True)],
)
def test_argument_that_computes_something(code: str, has_call: bool) -> None:
    assert _argument(code).has_call is has_call


def test_names_and_attributes_of_an_argument() -> None:
    argument = _argument("given.inner[settings.key]")
    assert argument.names == {"given", "settings"}
    assert argument.attributes == {"inner", "key"}


@pytest.mark.parametrize(
    ("arguments", "is_complete", "unpacks"),
    [
        ("", True, False),
        ("timeout=5", True, False),
        ("**given", False, True),
        ("*given", False, True),
        ("given", False, False),
        ("timeout=5, **given", False, True),
    ],
)
def test_spec_says_whether_it_is_complete(arguments: str, is_complete: bool, unpacks: bool) -> None:
    spec = _spec(arguments)
    assert (spec.is_complete, spec.unpacks) == (is_complete, unpacks)


def test_argument_is_found_by_name() -> None:
    spec = _spec("timeout=5, verify=False")
    found = spec.argument("verify")
    assert found is not None
    assert found.code == "False"
    assert spec.argument("proxy") is None


def test_code_is_the_author_s_own() -> None:
    assert _argument("{ 'a':'b' ,}").code == "{ 'a':'b' ,}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10", "10.0"),
        ("httpx.Timeout(10)", "10"),
        ("Timeout(10.0)", "10"),
        ("{'a':'b'}", '{ "a": "b" }'),
        ("1_000", "1000"),
    ],
)
def test_spellings_of_one_value_are_equal(one: str, other: str) -> None:
    assert _normal(one) == _normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "True"),
        ("0", "False"),
        ("10", "'10'"),
        ("None", "False"),
        ("httpx.Timeout(10)", "httpx.Timeout(10, connect=1)"),
        ("httpx.Timeout(None)", "5"),
        ("9007199254740993", "9007199254740992"),
    ],
)
def test_values_that_differ_are_not_equal(one: str, other: str) -> None:
    assert _normal(one) != _normal(other)


def _normal(code: str) -> str:
    return normal_code(ast.parse(code, mode="eval").body)
