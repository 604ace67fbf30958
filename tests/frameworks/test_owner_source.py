"""The text of the modules that own clients and pools."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import subprocess
import sys
from dataclasses import replace

import pytest

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.site_facts import Origin, SpecArgument
from httpx_fixer.frameworks._base import Lifecycle, OwnedClient, OwnedPool, Ownership, Start
from httpx_fixer.frameworks._layout import Import, import_lines, lay_out_call, lay_out_with
from httpx_fixer.frameworks._owner_source import free_names, module_source, names_defined
from httpx_fixer.settings import HTTPX_LIMITS, HTTPX_TIMEOUT, LimitsPolicy, Policy
from httpx_fixer.source import Anchor, Position

FASTAPI: Import = ("fastapi", "FastAPI", "FastAPI")


def _argument(name: str, code: str, *imports: Import) -> SpecArgument:
    return SpecArgument(
        name, code, code, Origin.LITERAL, imports, 0, frozenset(), frozenset(), has_call=False
    )


def _client(key: str = "", *arguments: SpecArgument, class_name: str = "AsyncClient") -> OwnedClient:
    return OwnedClient("httpx", class_name, key, arguments)


def _pool(
    key: str = "", *arguments: SpecArgument, class_name: str = "AsyncClient", names_class: bool = False
) -> OwnedPool:
    return OwnedPool("httpx", class_name, key, arguments, names_class)


def _ownership(
    *owned: OwnedClient | OwnedPool,
    injects: bool = True,
    policy: Policy | None = None,
    starts: tuple[Start, ...] = (),
) -> Ownership:
    clients = tuple(one for one in owned if isinstance(one, OwnedClient))
    pools = tuple(one for one in owned if isinstance(one, OwnedPool))
    lifecycles = tuple(Lifecycle("any", CALL.bound or Symbol("", ""), CALL, start) for start in starts)
    return Ownership("http_client.py", False, injects, clients, pools, lifecycles, policy or Policy())


_PLACE = Anchor("main.py", "Call", Position(1, 0), Position(1, 9))
CALL = Call("main.py", "", None, None, "", (), _PLACE, _PLACE, Symbol("main.py", "app"))
_BOTH = (_pool(), _pool(class_name="Client"))
URL = _argument("base_url", "settings.billing_url", ("shop.settings", "settings", "settings"))
TRANSPORT = _argument("transport", "httpx.AsyncHTTPTransport(retries=3, **limits)")
CONTEXT = replace(
    _argument("verify", "ssl_context()"), late_imports=(("shop.tls", "ssl_context", "ssl_context"),)
)
SECONDS = _argument("timeout", "httpx.Timeout(5)")
OWNERSHIPS = {
    "client": _ownership(_client()),
    "client-with-arguments": _ownership(_client("", _argument("timeout", "5"), URL)),
    "client-of-starlette": _ownership(_client(), injects=False),
    "sync-client": _ownership(_client(class_name="Client")),
    "both-clients": _ownership(_client(), _client(class_name="Client")),
    "many-clients": _ownership(*(_client(key) for key in ("", "billing", "catalogue", "recommendations"))),
    "pool": _ownership(_pool()),
    "sync-pool": _ownership(_pool(class_name="Client")),
    "both-pools": _ownership(_pool(), _pool(class_name="Client")),
    "pool-with-arguments": _ownership(_pool("unverified", _argument("verify", "False"))),
    "pool-with-a-long-argument": _ownership(
        _pool("limits", _argument("limits", "httpx.Limits(max_connections=1, max_keepalive_connections=1)"))
    ),
    "pool-that-takes-the-class": _ownership(_pool(names_class=True)),
    "sync-pool-that-takes-the-class": _ownership(_pool(class_name="Client", names_class=True)),
    "pool-of-a-transport": _ownership(_pool("retrying", TRANSPORT), _pool("", _argument("verify", "False"))),
    "sync-pool-of-a-function": _ownership(_pool(), _pool("verify", CONTEXT, class_name="Client")),
    "lasting-pools-of-functions": _ownership(
        *(replace(_pool(key, *made), lasts=True) for key, made in (("", ()), ("verify", (CONTEXT, SECONDS))))
    ),
    "everything": _ownership(
        _client(),
        _client("billing", URL),
        _client(class_name="Client"),
        _pool(),
        _pool("unverified", _argument("verify", "False")),
        _pool(class_name="Client"),
    ),
    "preserve": _ownership(_client(), _pool(), policy=Policy("preserve", HTTPX_TIMEOUT, HTTPX_LIMITS)),
    **{f"both-pools-of-{start.name}": _ownership(*_BOTH, starts=(start,)) for start in Start},
    **{f"pool-of-{start.name}": _ownership(_pool(), starts=(start,)) for start in Start},
    **{f"sync-pool-of-{start.name}": _ownership(_BOTH[1], starts=(start,)) for start in Start},
    "client-and-pools-of-everything": _ownership(_client(), *_BOTH, starts=tuple(Start)),
    "wrapped": replace(_ownership(_client(), _pool()), earlier_starts=frozenset({Start.WRAPPED})),
    "no-limits": _ownership(_client(), policy=Policy(limits=LimitsPolicy(None, None, None))),
}
each_ownership = pytest.mark.parametrize("ownership", OWNERSHIPS.values(), ids=OWNERSHIPS)


def _source(ownership: Ownership) -> str:
    return module_source(ownership, FASTAPI, frozenset({"shop.settings"}))


@each_ownership
def test_every_name_is_imported_or_defined(ownership: Ownership) -> None:
    bound = {*names_defined(_source(ownership)), *vars(builtins)}
    read: set[str] = set()
    for node in ast.walk(ast.parse(_source(ownership))):
        match node:
            case ast.alias():
                bound.add((node.asname or node.name).split(".")[0])
            case ast.arg():
                bound.add(node.arg)
            case ast.Name(id=name, ctx=ast.Store()) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.Name(id=name):
                read.add(name)
    assert read - bound == set()


@each_ownership
def test_every_import_is_used(ownership: Ownership) -> None:
    source = _source(ownership)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.alias):
            assert source.count((node.asname or node.name).split(".")[0]) > 1, node.name


@pytest.mark.skipif(not importlib.util.find_spec("ruff"), reason="ruff is not installed")
@each_ownership
def test_source_is_formatted(ownership: Ownership) -> None:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=88", "-"]
    done = subprocess.run(
        command, input=_source(ownership), capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == _source(ownership)


@each_ownership
def test_no_trace_of_this_tool_is_left(ownership: Ownership) -> None:
    assert "fixer" not in _source(ownership)


def test_names_of_clients_come_from_their_keys() -> None:
    defined = names_defined(_source(_ownership(_client(), _client("billing"), _client(class_name="Client"))))
    assert {"build_http_client", "get_http_client", "HttpClient"} <= set(defined)
    assert {"build_billing_client", "get_billing_client", "BillingClient"} <= set(defined)
    assert {"build_sync_http_client", "get_sync_http_client", "SyncHttpClient"} <= set(defined)


def test_arguments_of_the_author_are_kept_and_the_others_added() -> None:
    source = _source(_ownership(_client("", _argument("timeout", "httpx.Timeout(9)"))))
    assert "timeout=httpx.Timeout(9)," in source
    assert "max_connections=600" in source
    assert "cookies=CookieJar(policy=_NoStore())" in source


def test_limits_are_not_added_beside_a_transport() -> None:
    source = _source(_ownership(_client("", _argument("transport", "make()"))))
    assert "limits=" not in source


def test_what_a_function_returns_is_asked_for_where_a_client_is_built() -> None:
    source = _source(OWNERSHIPS["sync-pool-of-a-function"])
    assert "\n    from shop.tls import ssl_context  #" in source
    assert '"sync_verify_client": _sync_verify_client_options,' in source


def test_preserve_writes_the_numbers_of_httpx() -> None:
    source = _source(OWNERSHIPS["preserve"])
    assert "httpx.Timeout(connect=5.0, read=5.0, write=5.0, pool=5.0)" in source
    assert "max_connections=100" in source


def test_client_beside_a_pool_borrows_from_it() -> None:
    assert "return http_client(cookies=CookieJar(policy=_NoStore()))" in _source(
        _ownership(_client(), _pool())
    )


def test_client_that_makes_a_pool_does_not_borrow() -> None:
    source = _source(_ownership(_client("", _argument("verify", "False")), _pool()))
    assert "return httpx.AsyncClient(\n        verify=False," in source


@pytest.mark.parametrize(
    ("bound", "code"),
    [
        ("TIMEOUT", "SHOP_CONFIG_TIMEOUT"),
        ("LIMITS", "SHOP_CONFIG_LIMITS"),
        ("Request", "shop_config_Request"),
        ("SECONDS", "SECONDS"),
    ],
)
def test_name_that_the_definitions_use_gets_an_alias(bound: str, code: str) -> None:
    argument = _argument("timeout", bound, ("shop.config", bound, bound))
    freed = free_names(_ownership(_client("", argument), _pool()), FASTAPI)
    assert freed.clients[0].arguments[0].code == code


def test_one_name_of_two_modules_is_two_names() -> None:
    one = _argument("timeout", "SECONDS", ("shop.clay.config", "SECONDS", "SECONDS"))
    other = _argument("timeout", "SECONDS", ("shop.marble.config", "SECONDS", "SECONDS"))
    freed = free_names(_ownership(_client("clay", one), _client("marble", other)), FASTAPI)
    codes = [client.arguments[0].code for client in freed.clients]
    assert codes == ["SECONDS", "MARBLE_CONFIG_SECONDS"]


def test_imports_stand_in_blocks() -> None:
    imports: list[Import] = [
        ("shop.settings", "settings", "settings"),
        ("httpx", "", "httpx"),
        ("asyncio", "", "asyncio"),
        (".config", "TIMEOUT", "TIMEOUT"),
        ("typing", "Any", "Any"),
        ("fastapi", "Depends", "Depends"),
        ("fastapi", "FastAPI", "FastAPI"),
    ]
    assert import_lines(imports, frozenset({"shop.settings"})).split("\n") == [
        "import asyncio",
        "from typing import Any",
        "",
        "import httpx",
        "from fastapi import Depends, FastAPI",
        "",
        "from shop.settings import settings",
        "from .config import TIMEOUT",
    ]


def test_names_of_one_module_are_sorted_as_isort_does() -> None:
    names = ["b", "A_CONSTANT", "Class", "a"]
    assert import_lines([("m", name, name) for name in names], frozenset()) == (
        "from m import A_CONSTANT, Class, a, b"
    )


def test_aliased_name_has_a_statement_of_its_own() -> None:
    imports: list[Import] = [("m", "A", "A"), ("m", "B", "C"), ("m", "D", "D")]
    assert import_lines(imports, frozenset()).split("\n") == ["from m import A, D", "from m import B as C"]


def test_long_lines_are_broken() -> None:
    names = [f"long_name_of_something_{number}" for number in range(6)]
    lines = import_lines([("module", name, name) for name in names], frozenset()).split("\n")
    assert lines[0] == "from module import ("
    assert lines[-1] == ")"
    call = f"run({', '.join(f'{name}=1' for name in names)})"
    assert lay_out_call("x = ", call, "").split("\n")[1] == f"    {names[0]}=1,"
    assert lay_out_with("with", [f"{name}()" for name in names], "    ")[0] == "    with ("
