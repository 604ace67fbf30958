"""Owning modules that an earlier run wrote: read back, and extended to what a fresh run would write."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from small_projects import build_project

from httpx_fixer.analysis.site_facts import Origin, SpecArgument
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks._base import OwnedClient, OwnedPool, Ownership
from httpx_fixer.frameworks._layout import Import
from httpx_fixer.frameworks._owner_extension import extend_module
from httpx_fixer.frameworks._owner_reading import find_owners
from httpx_fixer.frameworks._owner_source import module_source
from httpx_fixer.rewrite.apply import apply_edits
from httpx_fixer.settings import HTTPX_LIMITS, HTTPX_TIMEOUT, LimitsPolicy, Policy, TimeoutPolicy

PATH = "shop/http_client.py"
APPLICATION: Import = ("fastapi", "FastAPI", "FastAPI")
STARLETTE: Import = ("starlette.applications", "Starlette", "Starlette")


def _argument(name: str, code: str, *imports: Import) -> SpecArgument:
    return SpecArgument(name, code, code, Origin.LITERAL, imports, 0, frozenset(), frozenset(), False)


URL = _argument("base_url", "settings.billing_url", ("shop.settings", "settings", "settings"))
UNVERIFIED = _argument("verify", "False")
HTTP = OwnedClient("httpx", "AsyncClient", "", ())
BILLING = OwnedClient("httpx", "AsyncClient", "billing", (URL,))
SYNC = OwnedClient("httpx", "Client", "", ())
POOL = OwnedPool("httpx", "AsyncClient", "", ())
POOL_OF_A_CLASS = OwnedPool("httpx", "AsyncClient", "", (), takes_class=True)
OPEN_POOL = OwnedPool("httpx", "AsyncClient", "unverified", (UNVERIFIED,))
SYNC_POOL = OwnedPool("httpx", "Client", "", ())
LASTING_POOL = OwnedPool("httpx", "AsyncClient", "", (), lends=False, lasts=True)
LASTING_POOL_OF_A_CLASS = replace(LASTING_POOL, takes_class=True)
POOL_FOR_ALL = OwnedPool("httpx", "AsyncClient", "", (), lasts=True)
OPEN_LASTING_POOL = replace(OPEN_POOL, lends=False, lasts=True)
SYNC_POOL_FOR_ALL = OwnedPool("httpx", "Client", "", (), lasts=True)


def _ownership(*owned: OwnedClient | OwnedPool, injects: bool = True) -> Ownership:
    clients = tuple(one for one in owned if isinstance(one, OwnedClient))
    pools = tuple(one for one in owned if isinstance(one, OwnedPool))
    return Ownership(PATH, False, injects, clients, pools, (), Policy())


def _write(ownership: Ownership) -> str:
    application = APPLICATION if ownership.injects else STARLETTE
    return module_source(ownership, application, frozenset({"shop.settings"}))


def _read(text: str) -> Ownership:
    (found,) = find_owners(build_project({PATH: text}), Policy())
    return found


def _plan(text: str, *added: OwnedClient | OwnedPool) -> tuple[Edit, ...] | Refusal:
    present = _read(text)
    extra = _ownership(*added)
    names = {(one.class_name, one.key) for one in extra.pools}
    pools = (*(one for one in present.pools if (one.class_name, one.key) not in names), *extra.pools)
    wanted = replace(
        present,
        clients=tuple(sorted((*present.clients, *extra.clients), key=lambda one: (one.class_name, one.key))),
        pools=tuple(sorted(pools, key=lambda one: (one.class_name, one.key))),
        injects=True,
    )
    return extend_module(build_project({PATH: text}), wanted, present, APPLICATION)


def _extend(text: str, *added: OwnedClient | OwnedPool) -> str:
    edits = _plan(text, *added)
    assert not isinstance(edits, Refusal), edits
    after = apply_edits(PATH, text.encode(), edits, frozenset({"shop"}))  # type: ignore[arg-type]  # no new file
    assert isinstance(after, bytes)
    return after.decode()


SETS = [
    (HTTP,),
    (HTTP, BILLING),
    (HTTP, SYNC),
    (POOL,),
    (SYNC_POOL,),
    (POOL, OPEN_POOL, SYNC_POOL),
    (POOL_OF_A_CLASS,),
    (HTTP, POOL),
    (LASTING_POOL,),
    (LASTING_POOL_OF_A_CLASS,),
    (HTTP, LASTING_POOL),
    (POOL_FOR_ALL, OPEN_LASTING_POOL, SYNC_POOL_FOR_ALL),
]


def _name(owned: object) -> str | None:
    """Name a set after its keys and classes, for the list of tests."""
    if not isinstance(owned, tuple):
        return None
    return "+".join(f"{type(one).__name__}-{one.class_name}-{one.key}" for one in owned)


@pytest.mark.parametrize("owned", SETS, ids=_name)
@pytest.mark.parametrize("injects", [True, False])
def test_module_is_read_back(owned: tuple[OwnedClient | OwnedPool, ...], injects: bool) -> None:
    wanted = _ownership(*owned, injects=injects)
    found = _read(_write(wanted))
    assert [_uses(pool) for pool in found.pools] == [_uses(pool) for pool in wanted.pools]
    assert [(c.class_name, c.key) for c in found.clients] == [(c.class_name, c.key) for c in wanted.clients]
    assert found.injects is (injects and bool(wanted.clients))
    again = replace(found, injects=injects)
    assert ast.dump(ast.parse(_write(again))) == ast.dump(ast.parse(_write(wanted)))


def _uses(pool: OwnedPool) -> tuple[object, ...]:
    return pool.key, pool.takes_class, pool.lends, pool.lasts


GROWTH = [
    ((HTTP,), (SYNC,)),
    ((HTTP,), (BILLING,)),
    ((POOL,), (OPEN_POOL,)),
    ((POOL,), (SYNC_POOL,)),
    ((SYNC_POOL,), (POOL,)),
    ((POOL,), (HTTP,)),
    ((POOL,), (BILLING, HTTP, SYNC)),
    ((POOL,), (POOL_OF_A_CLASS,)),
    ((POOL, SYNC_POOL), (HTTP, OPEN_POOL)),
    ((POOL,), (POOL_FOR_ALL,)),
    ((LASTING_POOL,), (POOL_FOR_ALL,)),
    ((LASTING_POOL,), (LASTING_POOL_OF_A_CLASS,)),
    ((POOL, SYNC_POOL), (OPEN_LASTING_POOL, SYNC_POOL_FOR_ALL)),
    ((LASTING_POOL,), (HTTP, SYNC_POOL)),
]


@pytest.mark.parametrize(("first", "second"), GROWTH, ids=_name)
def test_grown_module_is_what_a_fresh_run_would_write(
    first: tuple[OwnedClient | OwnedPool, ...], second: tuple[OwnedClient | OwnedPool, ...]
) -> None:
    every = {(type(one), one.class_name, one.key): one for one in (*first, *second)}
    whole = _write(_ownership(*sorted(every.values(), key=lambda one: (one.class_name, one.key))))
    assert _extend(_write(_ownership(*first)), *second) == whole


def test_line_that_belongs_to_a_row_of_lines_joins_it() -> None:
    after = _extend(_write(_ownership(BILLING)), HTTP)
    assert after.endswith(
        "BillingClient = Annotated[httpx.AsyncClient, Depends(get_billing_client)]\n"
        "HttpClient = Annotated[httpx.AsyncClient, Depends(get_http_client)]\n"
    )


def test_nothing_new_changes_nothing() -> None:
    assert _plan(_write(_ownership(HTTP, POOL))) == ()


def test_client_of_the_first_run_keeps_its_own_connections_beside_a_new_pool() -> None:
    first = _write(_ownership(HTTP))
    after = _extend(first, POOL)
    builder = first[first.index("def build_http_client") : first.index("@asynccontextmanager")]
    assert builder in after
    assert "def http_client(**options: Any)" in after
    assert after.startswith('"""HTTP clients over connections that this service shares.')


def test_numbers_of_the_user_are_read_and_stay() -> None:
    first = _write(_ownership(POOL)).replace("read=30.0", "read=90").replace("=600", "=50")
    assert _read(first).policy.timeout == TimeoutPolicy(5.0, 90.0, 10.0, 5.0)
    assert _read(first).policy.limits == LimitsPolicy(50, 200, 30.0)
    after = _extend(first, HTTP, SYNC_POOL)
    assert "read=90" in after
    assert "max_connections=50," in after


def test_numbers_of_a_client_are_read() -> None:
    ownership = replace(_ownership(HTTP), policy=Policy("preserve", HTTPX_TIMEOUT, HTTPX_LIMITS))
    assert _read(_write(ownership)).policy.limits == HTTPX_LIMITS


def test_code_of_the_user_and_its_layout_stay() -> None:
    first = (
        _write(_ownership(POOL))
        + "\n\ndef slow_client() -> httpx.AsyncClient:\n    # for reports\n"
        + "    return http_client(timeout=300)\n"
    )
    after = _extend(first, OPEN_POOL)
    assert after.endswith("    # for reports\n    return http_client(timeout=300)\n")
    assert "def unverified_client(" in after


def test_lifespan_that_was_changed_by_hand_is_refused_where_it_has_to_change() -> None:
    first = _write(_ownership(POOL)).replace("        yield\n", "        warm_up()\n        yield\n")
    refusal = _plan(first, HTTP)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.path) == (RefusalReason.OWNER_CHANGED, PATH)
    assert first.split("\n")[refusal.line - 1].startswith("async def http_lifespan(")


def test_lifespan_that_was_changed_by_hand_stays_where_it_need_not_change() -> None:
    first = _write(_ownership(POOL)).replace("        yield\n", "        warm_up()\n        yield\n")
    assert "warm_up()" in _extend(first, OPEN_POOL)


def test_name_that_the_user_took_meanwhile_is_refused() -> None:
    first = _write(_ownership(POOL)) + "\n\ndef sync_http_client() -> None:\n    pass\n"
    refusal = _plan(first, SYNC_POOL)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.NAME_CLASH


@pytest.mark.parametrize(
    "text",
    [
        "async def http_lifespan(app): yield\n",
        "import httpx\nasync def http_lifespan(app): yield\n"
        "def build_http_client(): return httpx.AsyncClient()\n",
        "def http_lifespan(\n",
    ],
)
def test_module_of_another_shape_is_not_taken_for_ours(text: str) -> None:
    assert find_owners(build_project({PATH: text}), Policy()) == ()
