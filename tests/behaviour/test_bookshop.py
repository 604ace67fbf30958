"""The example service before and after, under uvicorn, against an upstream that counts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from .service import Service, serve
from .upstream import Body, Received, Reply, Upstream, as_json

EXAMPLE = Path(__file__).parents[2] / "examples" / "bookshop"
IN_TURN = ("CATALOGUE", "COVERS", "PAYMENTS", "SHIPPING", "REVIEWS")
ASIDE = ("MAIL",)
"""Services that are asked after the answer was sent, so that their requests come in any order."""
CONCURRENCY = 8


def _answer(request: Received) -> Reply:
    """Answer for all upstream services of the bookshop; the first part of the path names one."""
    _, service, *parts = request.path.split("/")
    answers = {
        "catalogue": _catalogue,
        "payments": _payments,
        "shipping": _shipping,
        "reviews": _reviews,
        "covers": _covers,
        "mail": _mail,
    }
    return answers[service](request, parts)


def _catalogue(request: Received, parts: list[str]) -> Reply:
    match parts:
        case ["prices" | "books", "0"]:
            return as_json({}, 404)
        case ["prices", isbn]:
            return as_json({"cents": 899 if isbn == "1" else 750})
        case ["books"] if request.query["q"] == ["nothing"]:
            return as_json({"error": "busy"}, 503)
        case ["books"]:
            return as_json({"items": [{"isbn": "1", "q": request.query["q"]}]})
        case ["books", "500"]:
            return as_json({}, 500)
        case ["books", isbn]:
            return replace(as_json({"isbn": isbn, "title": f"Title {isbn}"}), delay_s=0.4 * (isbn == "slow"))
        case ["books", isbn, "similar"]:
            return as_json({"isbns": ["2", "3"]}, 200 if isbn == "1" else 404)
        case ["bestsellers"]:
            return as_json([f"Book {n}" for n in range(12)])
        case _:
            return _wishlist(request)


def _payments(request: Received, parts: list[str]) -> Reply:
    if request.method == "POST":
        return _charge(request)
    order = parts[-1]
    cookie = ("Set-Cookie", f"order={order}; Path=/")
    return as_json({"order_id": order, "status": "paid"}, 404 if order == "0" else 200, cookie)


def _shipping(request: Received, parts: list[str]) -> Reply:
    return as_json({"order": parts[-1], "isbn": request.query["isbn"]})


def _mail(_: Received, __: list[str]) -> Reply:
    return as_json({}, 202)


def _reviews(request: Received, _: list[str]) -> Reply:
    if request.method == "POST":
        return as_json({"id": 3, **json.loads(request.body)}, 201)
    return as_json([] if request.query["isbn"] == ["3"] else [{"rating": 5}, {"rating": 4}])


def _covers(_: Received, parts: list[str]) -> Reply:
    if parts[-1] == "0.jpg":
        return as_json({}, 404)
    headers = (("Content-Type", "image/jpeg"), ("ETag", '"a1"'))
    return Reply(content=b"cover", headers=headers, body=Body.CHUNKED if parts[0] == "covers" else Body.WHOLE)


def _wishlist(request: Received) -> Reply:
    user = request.header("Authorization").removeprefix("Bearer ")
    if user == "expired":
        return as_json({}, 401)
    return as_json([{"of": user}], 200, ("Set-Cookie", f"session={user}; Path=/"))


def _charge(request: Received) -> Reply:
    token = json.loads(request.body)["card_token"]
    if token == "declined":
        return as_json({}, 402)
    return as_json({"order_id": f"o-{token}", "status": "paid"}, 500 if token == "broken" else 201)


Seen = tuple[object, ...]
"""(path, status, ...) of an answer."""


@dataclass(frozen=True)
class Side:
    """One of the two halves: the service, and its upstreams by when they are asked."""

    service: Service
    in_turn: Upstream
    aside: Upstream


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The bookshop as it is, and as the tool leaves it."""
    halves = tmp_path_factory.mktemp("before"), tmp_path_factory.mktemp("after")
    for directory in halves:
        ignored = shutil.ignore_patterns(".pytest_cache", "__pycache__", ".git", "*.egg-info")
        shutil.copytree(EXAMPLE, directory, dirs_exist_ok=True, ignore=ignored)
    command = [sys.executable, "-m", "httpx_fixer", "fix", "--allow-dirty", "."]
    done = subprocess.run(command, cwd=halves[1], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1, done.stderr
    assert (halves[1] / "bookshop" / "http_client.py").exists(), done.stderr
    return halves


@pytest.fixture(scope="module")
def sides(directories: tuple[Path, Path]) -> Iterator[tuple[Side, Side]]:
    with (
        Upstream(_answer) as in_turn,
        Upstream(_answer) as aside,
        serve(directories[0], "bookshop.main:app", _environment(in_turn.url, aside.url)) as before,
        serve(directories[1], "bookshop.main:app", _environment(in_turn.url, aside.url)) as after,
    ):
        yield Side(before, in_turn, aside), Side(after, in_turn, aside)


def _environment(in_turn: str, aside: str) -> dict[str, str]:
    return {
        **{f"{name}_URL": f"{in_turn}/{name.lower()}" for name in IN_TURN},
        **{f"{name}_URL": f"{aside}/{name.lower()}" for name in ASIDE},
    }


def _get(path: str, **headers: str) -> tuple[str, str, dict[str, str], object]:
    return "GET", path, headers, None


def _order(token: str) -> tuple[str, str, dict[str, str], object]:
    lines = [{"isbn": "1", "quantity": 2}]
    return "POST", "/orders", {}, {"email": "anne@example.com", "card_token": token, "lines": lines}


ROUTES: tuple[tuple[str, str, dict[str, str], object], ...] = (
    _get("/health"),
    _get("/books?q=emma&page=2"),
    _get("/books?q=nothing"),
    _get("/books"),
    _get("/books/bestsellers?limit=3"),
    _get("/books/wishlist", Authorization="Bearer anne"),
    _get("/books/wishlist", Authorization="Bearer expired"),
    _get("/books/wishlist"),
    _get("/books/prices?isbn=1&isbn=2"),
    _get("/books/prices?isbn=1&isbn=0"),
    _get("/books/1"),
    _get("/books/0"),
    _get("/books/500"),
    _get("/books/slow"),
    _get("/books/1/price?currency=GBP"),
    _get("/books/0/price"),
    _get("/books/1/reviews"),
    ("POST", "/books/1/reviews", {}, {"author": "Anne", "rating": 4}),
    ("POST", "/books/1/reviews", {}, {"author": "Anne", "rating": 9}),
    _get("/books/1/recommendations"),
    _get("/books/9/recommendations"),
    _order("visa"),
    _order("declined"),
    _order("broken"),
    _get("/orders/o-17"),
    _get("/orders/0"),
    _get("/covers/1"),
    _get("/covers/0"),
    _get("/covers/1/thumbnail"),
    _get("/openapi.json"),
    _get("/nowhere"),
)


def _visit(service: Service) -> list[Seen]:
    """Call every route in turn, and return all that a caller sees."""
    seen: list[Seen] = []
    limits = httpx.Limits(max_keepalive_connections=0)  # uvicorn closes a connection after a fault
    with httpx.Client(base_url=service.url, trust_env=False, limits=limits) as client:
        for method, path, headers, body in ROUTES:
            answer = client.request(method, path, headers=headers, json=body)
            fields = sorted((name, value) for name, value in answer.headers.items() if name != "date")
            seen.append((path, answer.status_code, answer.content, fields))
    return seen


def _track(service: Service, *isbns: str) -> list[object]:
    url = f"{service.url.replace('http', 'ws', 1)}/ws/orders/o-17"
    with connect(url, open_timeout=5, close_timeout=5) as websocket:
        seen: list[object] = []
        for isbn in isbns:
            websocket.send(isbn)
            seen.append(json.loads(websocket.recv(timeout=5)))
        return seen


def _sent(upstream: Upstream) -> list[tuple[object, ...]]:
    """Return what reached an upstream, without what names a connection."""
    return [(r.method, r.target, sorted(r.headers), r.body) for r in upstream.requests]


def test_nothing_is_left_to_report(directories: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "httpx_fixer", "check", "."]
    done = subprocess.run(
        command, cwd=directories[1], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("half", [0, 1], ids=["before", "after"])
def test_its_own_tests_pass(directories: tuple[Path, Path], half: int) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=directories[half], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 passed" in done.stdout


def test_every_route_answers_and_asks_as_before(sides: tuple[Side, Side]) -> None:
    seen: list[tuple[object, ...]] = []
    for side in sides:
        side.in_turn.forget()
        side.aside.forget()
        answers = [*_visit(side.service), *_track(side.service, "1", "2", "3")]
        assert side.aside.requests
        seen.append((answers, _sent(side.in_turn), sorted(_sent(side.aside), key=str)))
    assert seen[0] == seen[1]


def test_unreachable_services_are_reported_as_before(
    directories: tuple[Path, Path], unused_tcp_port: int
) -> None:
    nowhere = f"http://127.0.0.1:{unused_tcp_port}"
    seen: list[list[Seen]] = []
    for directory in directories:
        with serve(directory, "bookshop.main:app", _environment(nowhere, nowhere)) as service:
            with pytest.raises(ConnectionClosedError) as caught:
                _track(service, "1")
            seen.append([*_visit(service), ("/ws", "closed", str(caught.value))])
    assert seen[0] == seen[1]
    assert {answer[1] for answer in seen[0]} == {200, 404, 422, 500, 502, "closed"}


def test_two_hundred_requests_open_as_many_connections_as_run_at_once(sides: tuple[Side, Side]) -> None:
    paths = (
        "/books?q=emma",
        "/books/bestsellers",
        "/books/1",
        "/books/1/price",
        "/books/prices?isbn=2",
        "/orders/o-17",
        "/books/1/reviews",
        "/books/9/recommendations",
    )
    opened: list[int] = []
    for side in sides:
        side.in_turn.forget()
        with (
            httpx.Client(base_url=side.service.url, trust_env=False) as client,
            ThreadPoolExecutor(CONCURRENCY) as threads,
        ):
            answers = list(threads.map(client.get, (paths * 25)[:200]))
        assert [answer.status_code for answer in answers] == [200] * 200
        assert len(side.in_turn.requests) == 200
        opened.append(side.in_turn.connections)
    assert opened[0] == 200
    assert opened[1] <= CONCURRENCY


def test_no_cookie_of_one_caller_reaches_another(sides: tuple[Side, Side]) -> None:
    for side in sides:
        side.in_turn.forget()
        with httpx.Client(base_url=side.service.url, trust_env=False) as client:
            for user in ("anne", "emma"):
                answer = client.get("/books/wishlist", headers={"Authorization": f"Bearer {user}"})
                assert answer.json() == [{"of": user}]
                for path in ("/orders/o-17", "/books/1", "/books/1/reviews", "/books/1/recommendations"):
                    assert client.get(path).status_code == 200
                _track(side.service, "1")
        assert {request.header("Cookie") for request in side.in_turn.requests} == {""}


def test_sigterm_finishes_what_runs_and_closes_everything(directories: tuple[Path, Path]) -> None:
    with (
        Upstream(_answer) as upstream,
        serve(directories[1], "bookshop.main:app", _environment(upstream.url, upstream.url)) as service,
    ):
        with httpx.Client(base_url=service.url, trust_env=False) as client:
            assert client.get("/books/1").status_code == 200
            assert client.get("/books/1/recommendations").status_code == 200
            assert client.get("/covers/1").status_code == 200
            assert client.post("/orders", json=_order("visa")[3]).status_code == 201
            last: list[int] = []
            runs = threading.Thread(target=lambda: last.append(client.get("/books/slow").status_code))
            runs.start()
            assert upstream.wait_for("/catalogue/books/slow")
            assert service.stop() == 0
            runs.join(5)
        assert last == [200]
        assert upstream.wait_until_idle()
        said = service.said.read_text()
    assert "Application shutdown complete" in said
    assert "Warning" not in said
    assert "Traceback" not in said
    assert "Exception ignored" not in said
