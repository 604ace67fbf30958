"""What a borrowed client sends and understands, next to a fresh one of the same arguments."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from .laboratory import Lab

Arguments = dict[str, Any]


def _no_arguments(_: ModuleType) -> Arguments:
    return {}


@dataclass(frozen=True)
class Case:
    """Constructor arguments, made anew for each client, and requests: (method, path, arguments)."""

    build: Callable[[ModuleType], Arguments] = _no_arguments
    requests: tuple[tuple[str, str, Arguments], ...] = (("GET", "/echo", {}),)
    is_based: bool = False
    """Whether the client has the upstream for its `base_url`; `requests` are then relative to that."""
    base_path: str = ""
    kinds: tuple[str, ...] = field(default=("async", "sync"))


def _get(path: str = "/echo", **arguments: Any) -> tuple[str, str, Arguments]:
    return "GET", path, arguments


def _signing(library: ModuleType) -> Any:
    class Signing(library.Auth):  # type: ignore[misc, name-defined]  # the library is a fixture
        requires_request_body = True

        def auth_flow(self, request: Any) -> Generator[Any, Any, None]:
            request.headers["X-Signature"] = str(len(request.content))
            response = yield request
            request.headers["X-Again"] = str(response.status_code)
            yield request

    return Signing()


def _hooks(kind: str) -> Arguments:
    def sign(request: Any) -> None:
        request.headers["X-Hook"] = "yes"

    def refuse(response: Any) -> None:
        response.raise_for_status()

    async def sign_async(request: Any) -> None:
        sign(request)

    async def refuse_async(response: Any) -> None:
        refuse(response)

    if kind == "sync":
        return {"request": [sign], "response": [refuse]}
    return {"request": [sign_async], "response": [refuse_async]}


LOGIN = "/redirect/302?to=/echo&cookie=session%3D1"
CASES = {
    "nothing": Case(),
    "verbs": Case(
        requests=tuple((verb, "/echo", {}) for verb in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
    ),
    "bodies": Case(
        requests=(
            ("POST", "/echo", {"json": {"ä": [1, None]}}),
            ("POST", "/echo", {"data": {"a": "1", "b": ["x", "y"]}}),
            ("POST", "/echo", {"content": b"\0raw", "headers": {"Content-Type": "x/y"}}),
            (
                "POST",
                "/echo",
                {
                    "files": {"f": ("a.txt", b"text")},
                    "headers": {"Content-Type": "multipart/form-data; boundary=b"},
                },
            ),
        )
    ),
    "headers": Case(
        lambda _: {"headers": {"X-A": "client", "Accept": "x/y", "x-lower": "1", "User-Agent": "shop"}},
        (_get(), _get(headers={"x-a": "call", "X-B": "2"})),
    ),
    "repeated-headers": Case(lambda _: {"headers": [("X-A", "1"), ("X-A", "2")]}),
    "params": Case(
        lambda _: {"params": {"a": "1", "b": ["x", "y z"]}}, (_get(), _get(params={"a": "2", "c": "ü"}))
    ),
    "basic-auth": Case(
        lambda _: {"auth": ("anne", "pass")}, (_get(), _get(auth=("emma", "x")), _get(auth=None))
    ),
    "auth-flow": Case(
        lambda library: {"auth": _signing(library)}, (_get(), ("POST", "/echo", {"content": b"123"}))
    ),
    "auth-in-the-url": Case(requests=(_get("user:secret@/echo"),)),
    "base-url": Case(
        requests=(_get("echo"), _get("/echo/b?q=1"), _get("../up"), _get("")), is_based=True, base_path="/v1/"
    ),
    "cookies": Case(lambda _: {"cookies": {"a": "1", "b": "2"}}, (_get(), _get(headers={"Cookie": "c=3"}))),
    "cookie-of-an-answer": Case(
        requests=(_get("/cookie/session=1"), _get(), _get("/cookie/session=2"), _get())
    ),
    "redirect-that-is-not-followed": Case(requests=(_get(LOGIN), _get())),
    "redirect-with-a-cookie": Case(lambda _: {"follow_redirects": True}, (_get(LOGIN), _get())),
    "redirect-of-a-post": Case(
        lambda _: {"follow_redirects": True, "headers": {"Authorization": "x", "Cookie": "a=1"}},
        (("POST", "/redirect/303?to=/echo", {"json": 1}), ("POST", "/redirect/307?to=/echo", {"json": 1})),
    ),
    "too-many-redirects": Case(
        lambda _: {"follow_redirects": True, "max_redirects": 3},
        (_get("/redirect/302?to=/redirect/302?to=/redirect/302"),),
    ),
    "endless-redirects": Case(
        lambda _: {"follow_redirects": True, "max_redirects": 2},
        (_get("/redirect/301?to=/status/200"), _get("/loop")),
    ),
    "hooks": Case(
        lambda _: {"event_hooks": _hooks("async")}, (_get(), _get("/status/503"), _get()), kinds=("async",)
    ),
    "sync-hooks": Case(
        lambda _: {"event_hooks": _hooks("sync")}, (_get(), _get("/status/503"), _get()), kinds=("sync",)
    ),
    "default-encoding": Case(lambda _: {"default_encoding": "latin-1"}, (_get("/latin"),)),
    "encoding-by-function": Case(lambda _: {"default_encoding": lambda _: "cp1252"}, (_get("/latin"),)),
    "read-timeout": Case(
        lambda library: {"timeout": library.Timeout(3, read=0.05)},
        (_get("/hang"), _get(), _get("/hang", timeout=0.02)),
    ),
    "no-timeout": Case(lambda _: {"timeout": None}, (_get("/slow/0.01"),)),
    "statuses": Case(requests=tuple(_get(f"/status/{code}") for code in (201, 204, 304, 404, 500))),
    "bodies-in-chunks": Case(requests=(_get("/chunked/5"), _get("/chunked/0"))),
    "no-scheme": Case(requests=(_get("nonsense"),)),
    "connection-close": Case(lambda _: {"headers": {"Connection": "close"}}, (_get(), _get())),
}


def _url_of(lab: Lab, case: Case, path: str) -> str:
    if case.is_based or path == "nonsense":
        return path
    user, at, rest = path.rpartition("@")
    return lab.url.replace("//", f"//{user}{at}") + (rest if at else path)


def _build(lab: Lab, case: Case) -> Arguments:
    based = {"base_url": f"{lab.url}{case.base_path}"} if case.is_based else {}
    return {**based, **case.build(lab.library)}


def _describe(outcome: Any) -> tuple[object, ...]:
    """Return all of an answer or an exception that a caller can see."""
    if isinstance(outcome, Exception):
        return type(outcome), str(outcome)
    history = [answer.status_code for answer in outcome.history]
    headers = [pair for pair in outcome.headers.raw if pair[0].lower() != b"date"]
    text = outcome.text
    return (
        outcome.status_code,
        headers,
        text,
        outcome.encoding,
        history,
        str(outcome.url),
        dict(outcome.cookies),
    )


async def _use(lab: Lab, case: Case, build: Callable[..., Any]) -> tuple[list[object], list[bytes]]:
    """Send the requests, and return what came back and what went out."""
    lab.upstream.forget()
    seen: list[object] = []
    async with build(**_build(lab, case)) as client:
        for method, path, arguments in case.requests:
            try:
                answer = await client.request(method, _url_of(lab, case, path), **arguments)
            except Exception as error:
                answer = error
            seen.append(_describe(answer))
        seen.append(dict(client.cookies))
    return seen, [request.raw for request in lab.upstream.requests]


def _use_sync(lab: Lab, case: Case, build: Callable[..., Any]) -> tuple[list[object], list[bytes]]:
    lab.upstream.forget()
    seen: list[object] = []
    with build(**_build(lab, case)) as client:
        for method, path, arguments in case.requests:
            try:
                answer = client.request(method, _url_of(lab, case, path), **arguments)
            except Exception as error:
                answer = error
            seen.append(_describe(answer))
        seen.append(dict(client.cookies))
    return seen, [request.raw for request in lab.upstream.requests]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "async" in case.kinds])
def test_the_same_goes_out_and_comes_back(lab: Lab, name: str) -> None:
    async def work() -> None:
        fresh = await _use(lab, CASES[name], lab.fresh)
        assert fresh[1] or name == "no-scheme"
        for _ in range(2):
            assert await _use(lab, CASES[name], lab.owner.http_client) == fresh

    lab.run(work)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "sync" in case.kinds])
def test_sync_the_same_goes_out_and_comes_back(lab: Lab, name: str) -> None:
    async def work() -> None:
        fresh = _use_sync(lab, CASES[name], lab.fresh_sync)
        for _ in range(2):
            assert _use_sync(lab, CASES[name], lab.owner.sync_http_client) == fresh

    lab.run(work)


def test_an_upload_in_pieces_is_the_same(lab: Lab) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        await asyncio.sleep(0)
        yield b"two"

    async def work() -> list[bytes]:
        for build in (lab.fresh, lab.owner.http_client, lab.owner.http_client):
            async with build() as client:
                await client.post(f"{lab.url}/echo", content=pieces())
        return [request.raw for request in lab.upstream.requests]

    sent = lab.run(work)
    assert sent[0].endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    assert sent[0] == sent[1] == sent[2]


def test_a_refused_connection_is_the_same_error(lab: Lab, unused_tcp_port: int) -> None:
    async def ask(build: Callable[..., Any]) -> tuple[type[Exception], str]:
        async with build() as client:
            with pytest.raises(lab.library.ConnectError) as caught:
                await client.get(f"http://127.0.0.1:{unused_tcp_port}")
        return type(caught.value), str(caught.value)

    async def work() -> None:
        assert await ask(lab.owner.http_client) == await ask(lab.fresh)

    lab.run(work)


def test_cookies_do_travel_within_one_client(lab: Lab) -> None:
    """Without which the comparisons above would prove nothing about them."""

    async def work() -> None:
        for name in ("cookie-of-an-answer", "redirect-with-a-cookie"):
            _, sent = await _use(lab, CASES[name], lab.owner.http_client)
            assert b"cookie: session=1\r\n" in sent[1].lower()

    lab.run(work)


def test_two_clients_at_once_do_not_share_cookies(lab: Lab) -> None:
    async def visit(user: str) -> str:
        async with lab.owner.http_client() as client:
            await client.get(f"{lab.url}/cookie/user={user}")
            await asyncio.sleep(0.01)
            answer = await client.get(f"{lab.url}/echo?user={user}")
        return str(dict(answer.json()["headers"])["Cookie"])

    async def work() -> list[str]:
        return list(await asyncio.gather(*map(visit, ("anne", "emma", "fanny"))))

    assert lab.run(work) == ["user=anne", "user=emma", "user=fanny"]
    assert lab.upstream.connections <= 3


def test_one_request_is_one_log_record_and_one_call_of_a_transport(
    lab: Lab, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name, method in (
        ("AsyncHTTPTransport", "handle_async_request"),
        ("HTTPTransport", "handle_request"),
    ):
        original = getattr(getattr(lab.library, name), method)

        def counted(self: object, request: Any, original: Callable[..., Any] = original) -> Any:
            calls.append(str(request.url))
            return original(self, request)

        monkeypatch.setattr(getattr(lab.library, name), method, counted)

    async def work() -> None:
        await lab.fetch("/a")
        lab.fetch_sync("/b")

    with caplog.at_level(logging.INFO, logger=lab.library.__name__):
        lab.run(work)
    assert calls == [f"{lab.url}/a", f"{lab.url}/b"]
    assert [record.getMessage() for record in caplog.records if record.name == lab.library.__name__] == [
        f'HTTP Request: GET {lab.url}/{path} "HTTP/1.1 200 Status"' for path in "ab"
    ]
