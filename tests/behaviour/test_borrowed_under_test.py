"""Users' tests fake HTTP in many ways; none may notice that clients are borrowed (FACTS B2)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import AsyncMock, MagicMock, Mock, call, create_autospec, patch

import pytest
import respx
from pytest_httpx import HTTPXMock

from .generated import load, plain_pools, pool, render
from .laboratory import Lab, run

WHENS = ["never", "before", "after", "within"]
"""When the lifespan starts: not at all, before the class is replaced, after, or both inside."""


class Fake:
    """A client that a test wrote."""

    async def __aenter__(self) -> Fake:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def get(self, _: str) -> Any:
        return Mock(status_code=299)


def _use(lab: Lab, when: str, replace: Callable[[], Any], **options: Any) -> int:
    """Run the helper while the class is replaced."""

    async def work() -> int:
        if when == "never":
            with replace():
                return await lab.fetch(**options)
        if when == "before":
            async with lab.lifespan():
                with replace():
                    return await lab.fetch(**options)
        if when == "within":
            with replace():
                async with lab.lifespan():
                    return await lab.fetch(**options)
        with replace():
            lifespan = lab.lifespan()
            await lifespan.__aenter__()
            status = await lab.fetch(**options)
        await lifespan.__aexit__(None, None, None)
        return status

    return run(work)


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("make", [MagicMock, create_autospec], ids=["mock", "autospec"])
def test_a_mocked_class_gets_the_callers_arguments(lab: Lab, when: str, make: Callable[..., Any]) -> None:
    mock = make() if make is MagicMock else make(lab.library.AsyncClient)
    mock.return_value.__aenter__.return_value.get = AsyncMock(return_value=Mock(status_code=299))
    target = f"{lab.library.__name__}.AsyncClient"

    assert _use(lab, when, lambda: patch(target, mock), headers={"X-A": "1"}, timeout=3) == 299
    assert mock.call_args_list == [call(headers={"X-A": "1"}, timeout=3)]
    assert lab.upstream.connections == 0


@pytest.mark.parametrize("when", WHENS)
def test_a_factory_with_a_strict_signature_gets_the_callers_arguments(lab: Lab, when: str) -> None:
    def replace() -> Any:
        return patch.object(lab.library, "AsyncClient", lambda timeout: Fake())  # noqa: ARG005  # its name counts

    assert _use(lab, when, replace, timeout=1) == 299


@pytest.mark.parametrize("when", WHENS)
def test_a_subclass_is_what_gets_built(lab: Lab, when: str) -> None:
    built: list[Any] = []

    class Recorded(lab.library.AsyncClient):  # type: ignore[misc, name-defined]  # the library is a fixture
        def __init__(self, **options: Any) -> None:
            built.append(options)
            super().__init__(**options)

    def replace() -> Any:
        return patch.object(lab.library, "AsyncClient", Recorded)

    assert _use(lab, when, replace, headers={"X-A": "1"}) == 200
    assert built == [{"headers": {"X-A": "1"}}]
    assert lab.upstream.wait_until_idle()


@pytest.mark.parametrize("when", WHENS)
def test_a_module_that_was_imported_under_a_mock_is_none_the_worse(
    library: str, tmp_path: Path, when: str, lab: Lab
) -> None:
    text = render(pools=plain_pools(library))
    with patch.object(lab.library, "AsyncClient", lambda timeout: Fake()):  # noqa: ARG005  # its name counts
        owner = load(text, tmp_path, "generated_under_mock")
    late = Lab(lab.library, owner, lab.upstream, tmp_path)
    assert _use(late, when, MagicMock, timeout=1) == 200
    assert late.run(late.fetch) == 200


@pytest.mark.parametrize("when", WHENS)
def test_a_class_replaced_in_the_callers_module_is_what_gets_built(
    library: str, tmp_path: Path, lab: Lab, when: str
) -> None:
    text = render(pools=[pool(library, "AsyncClient", takes_class=True)])
    named = Lab(lab.library, load(text, tmp_path, "generated_taking_class"), lab.upstream, tmp_path)
    caller = Mock(AsyncClient=lab.library.AsyncClient)

    async def helper(**options: Any) -> int:
        async with named.owner.http_client(caller.AsyncClient, **options) as client:
            return int((await client.get(lab.url)).status_code)

    async def within() -> int:
        async with named.lifespan():
            return await helper(timeout=1)

    work = (lambda: helper(timeout=1)) if when == "never" else within
    with patch.object(caller, "AsyncClient", lambda timeout: Fake()):  # noqa: ARG005  # its name counts
        assert run(work) == 299
    assert run(work) == 200


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("method", ["get", "send"])
def test_a_patched_method_is_called(lab: Lab, when: str, method: str) -> None:
    answer = AsyncMock(return_value=lab.library.Response(299))
    assert _use(lab, when, lambda: patch.object(lab.library.AsyncClient, method, answer)) == 299
    assert lab.upstream.connections == 0


@pytest.mark.parametrize("when", WHENS)
def test_a_patched_transport_class_is_called(lab: Lab, when: str) -> None:
    answer = AsyncMock(return_value=lab.library.Response(299, text="faked"))

    def replace() -> Any:
        return patch.object(lab.library.AsyncHTTPTransport, "handle_async_request", answer)

    assert _use(lab, when, replace) == 299


@pytest.mark.parametrize("when", WHENS)
def test_a_patched_constructor_may_put_its_own_transport(lab: Lab, when: str) -> None:
    original = lab.library.AsyncClient.__init__
    transport = lab.library.MockTransport(lambda _: lab.library.Response(299))

    def construct(self: Any, *args: Any, **options: Any) -> None:
        original(self, *args, **{**options, "transport": transport})

    assert _use(lab, when, lambda: patch.object(lab.library.AsyncClient, "__init__", construct)) == 299
    assert lab.upstream.connections == 0


@pytest.mark.parametrize("when", ["never", "before"])
def test_a_mock_transport_of_the_caller_is_used(lab: Lab, when: str) -> None:
    transport = lab.library.MockTransport(lambda request: lab.library.Response(299, text=str(request.url)))
    assert _use(lab, when, MagicMock, transport=transport) == 299
    with lab.owner.sync_http_client(transport=transport) as client:
        assert client.get(lab.url).text == lab.url
    assert lab.upstream.connections == 0


only_httpx = pytest.mark.parametrize("library", ["httpx"], indirect=True)
"""respx and pytest-httpx fake httpx alone."""


@only_httpx
@pytest.mark.parametrize("when", WHENS)
def test_respx_fakes_and_records(lab: Lab, when: str) -> None:
    answer = Mock(return_value=lab.library.Response(299, json={"a": 1}))

    def replace() -> Any:
        router = respx.mock()
        router.get(f"{lab.url}/echo").mock(side_effect=answer)
        return router

    assert _use(lab, when, replace) == 299
    assert answer.call_count == 1
    assert lab.upstream.connections == 0


@only_httpx
@pytest.mark.parametrize("when", ["never", "after"])
def test_pytest_httpx_fakes_and_records(lab: Lab, when: str, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url=f"{lab.url}/echo", status_code=299)
    httpx_mock.add_exception(lab.library.ConnectTimeout("slow"))
    assert _use(lab, when, MagicMock) == 299
    with pytest.raises(lab.library.ConnectTimeout):
        lab.fetch_sync("/other")
    assert [request.url.path for request in httpx_mock.get_requests()] == ["/echo", "/other"]
    assert lab.upstream.connections == 0


@only_httpx
def test_pytest_httpx_after_the_start(lab: Lab, request: pytest.FixtureRequest) -> None:
    async def work() -> int:
        async with lab.lifespan():
            fixture = await asyncio.to_thread(request.getfixturevalue, "httpx_mock")
            fixture.add_response(status_code=299)
            return await lab.fetch()

    assert run(work) == 299
    assert lab.upstream.connections == 0


@only_httpx
def test_respx_answers_a_stream_that_is_left_open(lab: Lab) -> None:
    async def work() -> int:
        async with lab.owner.http_client() as client:
            request = client.build_request("GET", "https://shop.example/books")
            return int((await client.send(request, stream=True)).status_code)

    with respx.mock() as router:
        router.get("https://shop.example/books").respond(299, stream=_pieces())
        assert lab.run(work) == 299


def _pieces() -> Any:
    async def pieces() -> Any:
        yield b"one"

    return pieces()


def test_sync_a_mocked_class_gets_the_callers_arguments(lab: Lab) -> None:
    async def work() -> None:
        with patch.object(lab.library, "Client") as mock:
            lab.owner.sync_http_client(timeout=3)
            assert mock.call_args_list == [call(timeout=3)]

    lab.run(work)
    run(work)


def test_httpx_that_is_an_alias_of_httpx2_shares_connections(lab: Lab, tmp_path: Path) -> None:
    """`httpx2.alias_httpx()` makes the module that says `httpx` run httpx2 (FACTS A16)."""
    alias = sys.modules["httpx2"]
    assert isinstance(alias, ModuleType)
    with patch.dict(sys.modules, {"httpx": alias}):
        owner = load(render(pools=plain_pools("httpx")), tmp_path, "generated_over_alias")
    aliased = Lab(alias, owner, lab.upstream, tmp_path)

    async def work() -> list[int]:
        return [await aliased.fetch() for _ in range(3)]

    assert aliased.run(work) == [200] * 3
    assert lab.upstream.connections == 1
