"""OpenTelemetry sees one span a request, as with a client of the caller's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from .generated import load, plain_pools, render
from .laboratory import Lab, run

pytestmark = pytest.mark.parametrize("library", ["httpx"], indirect=True)

Made = Callable[[Lab], Any]
MAKERS: dict[str, tuple[Made, Made]] = {
    "of the caller": (lambda lab: lab.library.AsyncClient(), lambda lab: lab.library.Client()),
    "borrowed": (lambda lab: lab.owner.http_client(), lambda lab: lab.owner.sync_http_client()),
    "lasting": (
        lambda lab: lab.owner.lasting_http_client(),
        lambda lab: lab.owner.lasting_sync_http_client(),
    ),
}
each_maker = pytest.mark.parametrize("maker", MAKERS)


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(spans: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider


@pytest.fixture
def lab(lab: Lab, tmp_path: Path) -> Lab:
    pools = [replace(one, lasts=True) for one in plain_pools("httpx")]
    return replace(lab, owner=load(render(pools=pools), tmp_path), directory=tmp_path)


@pytest.fixture
def _instrumented(provider: TracerProvider) -> Iterator[None]:
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield
    instrumentor.uninstrument()


@pytest.mark.usefixtures("_instrumented")
@pytest.mark.parametrize("runs", ["with the application", "without"])
@each_maker
def test_one_request_is_one_span(lab: Lab, maker: str, runs: str, spans: InMemorySpanExporter) -> None:
    make, make_sync = MAKERS[maker]

    async def work() -> None:
        async with make(lab) as client:
            await client.get(f"{lab.url}/a")
        with make_sync(lab) as client:
            client.get(f"{lab.url}/b")

    (lab.run if runs == "with the application" else run)(work)
    _assert_one_span_each(lab, spans)


@each_maker
def test_a_client_that_is_instrumented_alone_makes_one_span(
    lab: Lab, maker: str, provider: TracerProvider, spans: InMemorySpanExporter
) -> None:
    make, make_sync = MAKERS[maker]

    async def work() -> None:
        async with make(lab) as client:
            HTTPXClientInstrumentor.instrument_client(client, tracer_provider=provider)
            await client.get(f"{lab.url}/a")
        with make_sync(lab) as client:
            HTTPXClientInstrumentor.instrument_client(client, tracer_provider=provider)
            client.get(f"{lab.url}/b")

    lab.run(work)
    _assert_one_span_each(lab, spans)


def _assert_one_span_each(lab: Lab, spans: InMemorySpanExporter) -> None:
    found = spans.get_finished_spans()
    assert [span.attributes["http.url"] for span in found if span.attributes] == [
        f"{lab.url}/a",
        f"{lab.url}/b",
    ]
    sent = [request.header("traceparent").split("-")[2] for request in lab.upstream.requests]
    assert sent == [f"{span.context.span_id:016x}" for span in found]
