"""`HttpClient` in FastAPI and `request_http_client(request)` in Starlette, in applications that run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from .generated import load, plain_clients, plain_pools, render
from .upstream import Received, Reply, Upstream, answer_by_path, as_json

BEFORE = """\
import {library} as httpx
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

URL = "{url}"
app = FastAPI()


class Order(BaseModel):
    isbn: str


@app.exception_handler(KeyError)
async def explain(request: Request, error: KeyError):
    return JSONResponse({{"missing": str(error)}}, status_code=418)


@app.get("/status/{{code}}")
async def status(code: int, q: int = 0):
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{{URL}}/status/{{code}}", params={{"q": q}})
        if response.status_code == 404:
            raise HTTPException(404, "none")
        if response.status_code == 418:
            raise KeyError("tea")
        response.raise_for_status()
        return {{"status": response.status_code, "q": q}}


@app.get("/sync/{{code}}")
def sync_status(code: int):
    with httpx.Client() as client:
        return client.get(f"{{URL}}/status/{{code}}").status_code


@app.get("/user/{{name}}")
async def user(name: str):
    async with httpx.AsyncClient() as client:
        cookies = (await client.get(f"{{URL}}/cookie/user={{name}}")).cookies
        return {{"cookies": dict(cookies)}}


@app.get("/seen")
async def seen():
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{{URL}}/echo")
        return "cookie" in [name.lower() for name, _ in response.json()["headers"]]


@app.post("/orders")
async def order(order: Order):
    async with httpx.AsyncClient() as client:
        return (await client.post(f"{{URL}}/echo", json=order.model_dump())).json()["method"]


async def notify(client):
    await client.get(f"{{URL}}/notified")


@app.get("/tasks")
async def tasks(tasks: BackgroundTasks):
    client = httpx.AsyncClient()
    tasks.add_task(notify, client)
    tasks.add_task(client.aclose)


@app.get("/stream")
async def stream():
    async def pieces():
        async with httpx.AsyncClient() as client, client.stream("GET", f"{{URL}}/chunked/3") as response:
            async for piece in response.aiter_bytes():
                yield piece

    return StreamingResponse(pieces())


@app.websocket("/ws")
async def socket(websocket: WebSocket):
    await websocket.accept()
    async with httpx.AsyncClient() as client:
        for _ in range(2):
            word = await websocket.receive_text()
            await websocket.send_json((await client.get(f"{{URL}}/{{word}}")).json()["target"])
    await websocket.close()
"""

_BLOCK = "    async with httpx.AsyncClient() as client:\n"


def _rewrite(text: str, owner: str) -> str:
    """Do by hand what form 1 does, so that only the generated module is put to the test."""
    lines = [
        f"from {owner} import HttpClient, SyncHttpClient, http_lifespan",
        *text.replace("FastAPI()", "FastAPI(lifespan=http_lifespan)")
        .replace(
            "def status(code: int, q: int = 0)", "def status(code: int, q: int = 0, *, client: HttpClient)"
        )
        .replace("def sync_status(code: int)", "def sync_status(code: int, *, client: SyncHttpClient)")
        .replace("def user(name: str)", "def user(name: str, *, client: HttpClient)")
        .replace("def seen()", "def seen(*, client: HttpClient)")
        .replace("def order(order: Order)", "def order(order: Order, *, client: HttpClient)")
        .replace(
            "def tasks(tasks: BackgroundTasks)", "def tasks(tasks: BackgroundTasks, *, client: HttpClient)"
        )
        .replace("    client = httpx.AsyncClient()\n", "")
        .replace("    tasks.add_task(client.aclose)\n", "")
        .replace("def stream()", "def stream(*, client: HttpClient)")
        .replace("async with httpx.AsyncClient() as client, client", "async with client")
        .replace(
            "def socket(websocket: WebSocket)", "def socket(websocket: WebSocket, *, client: HttpClient)"
        )
        .replace("    with httpx.Client() as client:\n", "    if True:\n")
        .replace(_BLOCK, "    if True:\n")
        .splitlines(),
    ]
    assert "Client() as" not in "\n".join(lines)
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Shop:
    """An application before and after, over one upstream."""

    before: ModuleType
    after: ModuleType
    owner: ModuleType
    library: ModuleType
    upstream: Upstream


def _answer(request: Received) -> Reply:
    if request.path == "/status/418":
        return as_json({}, 418)
    return answer_by_path(request)


@pytest.fixture(params=["alone", "over-a-pool"])
def shop(library: str, tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    pools = plain_pools(library) if request.param == "over-a-pool" else ()
    owner = load(render(pools=pools, clients=plain_clients(library)), tmp_path, "owner_of_shop")
    with Upstream(_answer) as upstream:
        text = BEFORE.format(library=library, url=upstream.url)
        before = load(text, tmp_path, "shop_before")
        after = load(_rewrite(text, "owner_of_shop"), tmp_path, "shop_after")
        yield Shop(before, after, owner, before.httpx, upstream)


def _visit(client: TestClient) -> list[object]:
    """Call every route, and return all that a caller sees."""
    answers = [
        *(client.get(f"/status/{code}", params={"q": 3}) for code in (200, 204, 404, 418)),
        client.get("/status/x"),
        client.get("/sync/201"),
        client.get("/user/anne"),
        client.get("/seen"),
        client.post("/orders", json={"isbn": "1"}),
        client.post("/orders", json={}),
        client.get("/tasks"),
        client.get("/stream"),
    ]
    seen: list[object] = [(a.status_code, a.text, dict(a.headers)) for a in answers]
    with client.websocket_connect("/ws") as websocket:
        for word in ("packed", "sent"):
            websocket.send_text(word)
            seen.append(websocket.receive_json())
    return seen


@pytest.mark.parametrize("starts", [True, False], ids=["started", "bare"])
def test_every_route_answers_as_before(shop: Shop, starts: bool) -> None:
    seen: list[list[object]] = []
    for app in (shop.before.app, shop.after.app):
        client = TestClient(app)
        if starts:
            with client:
                seen.append(_visit(client))
        else:
            seen.append(_visit(client))
        seen[-1].append([request.target for request in shop.upstream.requests])
        shop.upstream.forget()
    assert seen[0] == seen[1]
    assert shop.upstream.wait_until_idle()


def test_one_connection_serves_all_requests_while_the_application_runs(shop: Shop) -> None:
    with TestClient(shop.after.app) as client:
        for _ in range(20):
            assert client.get("/status/200").status_code == 200
            assert client.get("/sync/200").json() == 200
    assert shop.upstream.connections == 2
    assert shop.upstream.wait_until_idle()


def test_each_request_has_a_client_of_its_own_where_the_lifespan_does_not_run(shop: Shop) -> None:
    client = TestClient(shop.after.app)
    for _ in range(5):
        assert client.get("/status/200").status_code == 200
        assert client.get("/sync/200").json() == 200
    assert shop.upstream.connections == 10
    assert shop.upstream.wait_until_idle()


def test_the_schema_is_unchanged(shop: Shop) -> None:
    assert shop.after.app.openapi() == shop.before.app.openapi()


def test_no_cookie_of_one_caller_reaches_the_next(shop: Shop) -> None:
    with TestClient(shop.after.app) as client:
        for name in ("anne", "emma"):
            assert client.get(f"/user/{name}").json() == {"cookies": {"user": name}}
            assert client.get("/seen").json() is False
    assert [request.header("Cookie") for request in shop.upstream.requests] == [""] * 4


@pytest.mark.parametrize("starts", [True, False], ids=["started", "bare"])
def test_an_exception_of_the_handler_comes_through(shop: Shop, starts: bool) -> None:
    def provoke(client: TestClient) -> None:
        for _ in range(3):
            with pytest.raises(shop.library.HTTPStatusError, match="500"):
                client.get("/status/500")
            assert client.get("/status/418").json() == {"missing": "'tea'"}
            assert client.get("/status/200").status_code == 200

    client = TestClient(shop.after.app)
    if starts:
        with client:
            provoke(client)
        assert shop.upstream.connections <= 3
    else:
        provoke(client)
    assert shop.upstream.wait_until_idle()


@pytest.mark.parametrize("starts", [True, False], ids=["started", "bare"])
def test_the_provider_can_be_overridden(shop: Shop, starts: bool) -> None:
    transport = shop.library.MockTransport(lambda _: shop.library.Response(299))

    async def fake() -> Any:
        async with shop.library.AsyncClient(transport=transport) as client:
            yield client

    shop.after.app.dependency_overrides[shop.owner.get_http_client] = fake
    client = TestClient(shop.after.app)
    if starts:
        with client:
            assert client.get("/status/200").json()["status"] == 299
    assert client.get("/status/200").json()["status"] == 299
    assert shop.upstream.connections == 0


def test_an_application_can_be_started_again_and_used_bare_in_between(shop: Shop) -> None:
    for _ in range(2):
        with TestClient(shop.after.app) as client:
            assert [client.get("/status/200").status_code for _ in range(3)] == [200] * 3
        bare = TestClient(shop.after.app)
        assert [bare.get("/status/200").status_code for _ in range(2)] == [200] * 2
        assert bare.get("/sync/200").json() == 200
    assert shop.upstream.connections == 2 * (1 + 2 + 1)
    assert shop.upstream.wait_until_idle()


def test_an_application_can_be_started_while_it_runs(shop: Shop) -> None:
    with TestClient(shop.after.app) as outer:
        assert outer.get("/status/200").status_code == 200
        with TestClient(shop.after.app) as inner:
            assert inner.get("/status/200").status_code == 200
            assert inner.get("/sync/200").json() == 200
        assert outer.get("/status/200").status_code == 200
        assert outer.get("/sync/200").json() == 200
    assert shop.upstream.wait_until_idle()


def test_a_mounted_application_has_a_client_of_its_own(shop: Shop) -> None:
    from fastapi import FastAPI  # noqa: PLC0415  # as an application of the test's own

    outer = FastAPI()
    outer.mount("/shop", shop.after.app)
    with TestClient(outer) as client:
        assert [client.get("/shop/status/200").status_code for _ in range(2)] == [200] * 2
    assert shop.upstream.wait_until_idle()


def test_a_start_that_fails_leaves_nothing_open(shop: Shop) -> None:
    async def start() -> None:
        async with shop.owner.http_lifespan(shop.after.app):
            await shop.after.app.state.http_client.get(shop.upstream.url)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(start())
    assert shop.upstream.wait_until_idle()
    assert TestClient(shop.after.app).get("/status/200").status_code == 200


STARLETTE = """\
from {owner} import http_lifespan, request_http_client, request_sync_http_client
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

URL = "{url}"


async def home(request):
    async with request_http_client(request) as client:
        response = await client.get(f"{{URL}}/status/{{request.path_params['code']}}")
        response.raise_for_status()
    return JSONResponse(response.status_code)


class Sync(HTTPEndpoint):
    async def get(self, request):
        async with request_sync_http_client(request) as client:
            return JSONResponse(client.get(f"{{URL}}/echo").status_code)


async def socket(websocket):
    await websocket.accept()
    async with request_http_client(websocket) as client:
        await websocket.send_json((await client.get(f"{{URL}}/ws")).json()["target"])
    await websocket.close()


app = Starlette(
    routes=[Route("/status/{{code:int}}", home), Route("/sync", Sync), WebSocketRoute("/ws", socket)],
    lifespan=http_lifespan,
)
"""


@pytest.fixture
def starlette_app(library: str, tmp_path: Path, upstream: Upstream) -> Callable[[], Any]:
    load(render(clients=plain_clients(library), starlette=True), tmp_path, "owner_of_starlette")
    text = STARLETTE.format(owner="owner_of_starlette", url=upstream.url)
    return lambda: load(text, tmp_path, "starlette_shop").app


@pytest.mark.parametrize("starts", [True, False], ids=["started", "bare"])
def test_starlette_handlers_borrow_through_their_request(
    starlette_app: Callable[[], Any], library: str, upstream: Upstream, starts: bool
) -> None:
    def visit(client: TestClient) -> None:
        for _ in range(3):
            assert client.get("/status/201").json() == 201
            assert client.get("/sync").json() == 200
            with client.websocket_connect("/ws") as websocket:
                assert websocket.receive_json() == "/ws"
            with pytest.raises(Exception, match="503") as caught:
                client.get("/status/503")
            assert type(caught.value).__module__ == library

    client = TestClient(starlette_app())
    if starts:
        with client:
            visit(client)
        assert upstream.connections == 2
    else:
        visit(client)
        assert upstream.connections == 12
    assert upstream.wait_until_idle()
