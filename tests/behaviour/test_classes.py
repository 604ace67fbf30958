"""Each class of code that real services hold: a case of it is served before and after its fix."""

from __future__ import annotations

import gc
from pathlib import Path

import httpx
import pytest
from fixture_cases import FIXTURES, Case, result_of
from starlette.testclient import TestClient

from .served_cases import ROUNDS, Probe, importable, load, serve_halves

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
"""Before their fix, half of these leave connections to the garbage collector."""


REQUEST, SHOP = "client-per-request/", "shop.main:app"
STOCK, PRICES, SIZES = "GET /stock/1", "GET /prices/1", "GET /sizes/1"
PROBES = {
    "handler that is a closure in a factory": Probe(
        f"{REQUEST}handler-in-a-factory", "quarry.factory:create_app()", ("GET /gravel/1",), 3, 1
    ),
    "handler that is a closure in a method": Probe(f"{REQUEST}handler-in-a-method", SHOP, (STOCK,), 3, 1),
    "handler called directly by a test": Probe(
        f"{REQUEST}handler-called-by-a-test", "clinic.main:app", ("GET /doctors/1",), 3, 1
    ),
    "decorator between route and handler": Probe(
        f"{REQUEST}decorator-that-passes-on", "main:app", ("GET /trains/1",), 3, 1
    ),
    "dependency with yield": Probe(
        f"{REQUEST}dependency-with-yield", "vault.main:app", ("GET /secrets/1",), 3, 1
    ),
    "middleware that is a class": Probe(f"{REQUEST}middleware", "gate.main:app", ("GET /",), 3, 1),
    "middleware that is plain ASGI": Probe(f"{REQUEST}middleware-of-asgi", SHOP, ("GET /welcome",), 6, 1),
    "websocket": Probe(f"{REQUEST}websocket-with-one-request", "main:app", ("WS /quotes/1",), 3, 1),
    "background task": Probe(
        f"{REQUEST}background-task", "signup.main:app", ("POST /users?address=a",), 3, 1
    ),
    "task after the response": Probe(
        f"{REQUEST}task-after-the-response", SHOP, ("POST /sales/1", "POST /closing"), 3, 1
    ),
    "retry loop": Probe(f"{REQUEST}retry-loop", "main:app", ("GET /ledger/1",), 3, 1),
    "constructor in a for": Probe(
        f"{REQUEST}client-in-a-loop", "main:app", ('POST /notify ["a", "b"]',), 6, 1
    ),
    "headers updated": Probe(f"{REQUEST}headers-updated", "portal.main:app", ("GET /orders?token=a",), 3, 1),
    "base_url with relative calls": Probe(
        f"{REQUEST}base-url-literal", "main:app", ("GET /repos/a/b", "GET /motd"), 6, 2
    ),
    "proxy chosen per call": Probe(
        f"{REQUEST}proxy-chosen-per-call", "main:app", ("GET /crawl?url=http://a.example/",), 3, 1, "PROXIES"
    ),
    "verify that a cached function makes": Probe(
        f"{REQUEST}context-of-a-cached-function", "mint.main:app", ("GET /coins", "GET /weights"), 9, 2
    ),
    "verify that varies by call": Probe(
        "repeated-tls-context/verify-made-by-a-call",
        "main:app",
        ("GET /token?issuer=https://a.example&insecure=1",),
        3,
        3,
    ),
    "local transport with retries": Probe(
        f"{REQUEST}transport-of-httpx", "ferry.main:app", ("GET /tides", "GET /winds"), 6, 1
    ),
    "local transport that varies by call": Probe(
        "repeated-tls-context/transports-built-on-the-spot",
        "main:app",
        ("GET /harbours/1?tries=2&proxy_url={upstream}",),
        12,
        12,
    ),
    "transport of an application": Probe(
        f"{REQUEST}transport-of-an-application", "main:app", ("GET /preview/1",), 0, 0
    ),
    "client or AsyncClient()": Probe(
        "unclosed-local-client/caller-may-give-the-client", "main:app", (STOCK,), 3, 1
    ),
    "generator that owns the client": Probe(f"{REQUEST}generator", "feed.main:app", ("GET /feed/1",), 3, 1),
    "stream through an owner with a close": Probe(
        "unclosed-proxied-stream/owner-with-a-close", SHOP, ("GET /films/1",), 3, 3
    ),
    "client of the factory, closed in the lifespan": Probe(
        "unclosed-local-client/factory-that-closes-in-the-lifespan", "shop.main:create_app()", (STOCK,), 1, 1
    ),
    "lru_cache factory": Probe("unclosed-module-client/cached-function", SHOP, (STOCK, PRICES, SIZES), 2, 1),
    "singleton": Probe("unclosed-instance-client/singleton", SHOP, (STOCK, PRICES, SIZES), 3, 1),
    "cached_property": Probe("unclosed-instance-client/cached-property", SHOP, (STOCK,), 1, 1),
    "decorator that assigns self.httpx": Probe(
        f"{REQUEST}decorator-that-opens-a-client", SHOP, (STOCK,), 3, 1
    ),
    "copy by an import": Probe(
        "unclosed-module-client/copied-by-an-import", "atlas.main:app", ("GET /tiles/1",), 1, 1
    ),
    "client built and dropped": Probe("unclosed-local-client/built-and-dropped", "main:app", (STOCK,), 0, 0),
    "function under another name": Probe(
        "top-level-request/function-under-another-name", SHOP, (STOCK, "POST /orders/1"), 6, 1
    ),
    "import for type checking": Probe(
        f"{REQUEST}import-for-type-checking", "main:app", ("GET /pages/1",), 3, 1
    ),
    "import inside the function": Probe(
        f"{REQUEST}import-inside-function", "main:app", ("GET /stamps/1",), 3, 1
    ),
    "several clients in parentheses": Probe(
        f"{REQUEST}multi-item-with-in-parentheses", "main:app", ("GET /thumbnails/1",), 3, 1
    ),
    "sync method that runs a loop": Probe(
        f"{REQUEST}sync-method-that-runs-a-loop", SHOP, ("GET /sync/1", "GET /async/1"), 6, 4
    ),
    "client in a context variable": Probe(
        "unclosed-module-client/context-variable", SHOP, (STOCK, PRICES, "GET /slow/1"), 7, 1
    ),
    "context manager that yields a client": Probe(
        f"{REQUEST}context-manager-that-yields-a-client", SHOP, (STOCK,), 3, 1
    ),
    "object that each request enters": Probe(
        f"{REQUEST}object-entered-per-request", SHOP, (STOCK, PRICES), 6, 1
    ),
    "function that makes a client": Probe(
        "unclosed-local-client/made-for-callers", SHOP, (STOCK, PRICES, SIZES), 10, 1
    ),
    "provider without a close": Probe(
        "unclosed-local-client/provider-without-a-close", SHOP, (STOCK, PRICES, SIZES), 9, 1
    ),
    "Celery task with asyncio.run": Probe(
        f"{REQUEST}celery-coroutine-per-task", "", ("CALL shop.tasks:refresh_title 1",), 3, 3
    ),
    "thread of a BackgroundScheduler": Probe(
        f"{REQUEST}apscheduler-in-a-service", "feeds.main:app", ("CALL feeds.schedule:read_all",), 6, 1
    ),
    "method": Probe(f"{REQUEST}method-of-a-class", "museum.main:app", ("POST /tickets?day=1",), 3, 1),
    "static method and class method": Probe(f"{REQUEST}static-and-class-methods", SHOP, (STOCK, SIZES), 6, 1),
    "nested function": Probe(f"{REQUEST}nested-function", "museum.main:app", ("GET /rooms",), 6, 2),
    "exit stack": Probe(f"{REQUEST}exit-stack", "main:app", (STOCK,), 3, 1),
    "comprehension": Probe(
        "unclosed-local-client/built-in-a-comprehension", SHOP, ("GET /stock", STOCK), 12, 2
    ),
    "client for each key": Probe("unclosed-local-client/kept-in-a-dictionary", SHOP, (STOCK, PRICES), 2, 2),
    "mounted application with a process of its own": Probe(
        f"{REQUEST}mounted-application-that-is-served-alone", "shop.stock:api", ("GET /1",), 3, 1
    ),
    "application that its factory returns": Probe(
        f"{REQUEST}factory-that-returns-the-application", "shop.main:create_app()", (STOCK,), 3, 1
    ),
    "application that its factory wraps": Probe(
        f"{REQUEST}factory-that-wraps-the-application", "shop.web:create_app()", ("GET /shop/stock/1",), 3, 1
    ),
}
"""`{class: probe}`"""
CLOSED_BY_REQUESTS = {
    "dependency that closes the shared client": Probe(
        "borrowed-client-closed/dependency-that-closes", "main:app", ("GET /news",), 1, 1
    ),
    "handler that enters what a cached function returns": Probe(
        "borrowed-client-closed/cached-function-entered", SHOP, (STOCK,), 1, 1
    ),
    "handler that closes the shared client": Probe(
        "borrowed-client-closed/held-in-a-local-variable", SHOP, (STOCK,), 1, 1
    ),
}
"""Those of which every request after the first one failed."""


@pytest.mark.parametrize("name", PROBES)
def test_class_answers_as_before_over_shared_connections(name: str, tmp_path: Path) -> None:
    probe = PROBES[name]
    before, after = serve_halves(probe, tmp_path)
    assert not before.failed, before.answers
    assert len(before.answers) == len(probe.sends) * ROUNDS
    assert after.answers == before.answers
    assert after.wire == before.wire
    assert (before.connections, after.connections) == (probe.before, probe.after)
    assert after.is_idle or probe.before == probe.after
    gc.collect()


@pytest.mark.parametrize("name", CLOSED_BY_REQUESTS)
def test_every_request_is_answered_where_only_the_first_one_was(name: str, tmp_path: Path) -> None:
    probe = CLOSED_BY_REQUESTS[name]
    before, after = serve_halves(probe, tmp_path)
    assert before.failed == len(before.answers) - 1
    assert not after.failed
    assert after.answers[0] == before.answers[0]
    assert (before.connections, after.connections, after.is_idle) == (probe.before, probe.after, True)


def test_an_override_of_a_provider_still_holds(tmp_path: Path) -> None:
    """`dependency_overrides` is keyed by the function, which keeps its name, its place and its signature."""
    case = Case(FIXTURES / "unclosed-local-client/provider-without-a-close")
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"from": "the test"}))
    with importable(result_of(case), tmp_path):
        application = load("shop.main:app")
        provider = load("shop.clients:get_client")
        application.dependency_overrides[provider] = lambda: httpx.AsyncClient(transport=transport)
        with TestClient(application) as browser:
            assert browser.get("/prices/1").json() == {"from": "the test"}
