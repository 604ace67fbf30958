"""Every function of a case, fixed or right as it is: its pool is full again after every exit of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from exit_runs import Outcome, Upstream, run_function
from fixed_functions import FIXED, SILENT, STREAM_CASES, Fixed, halves_of
from halves import BoomError, Half
from slow_upstream import SlowUpstream

BROKEN = ("AttributeError", "StreamClosed", "TypeError")
"""What a function ends in whose body is closed before it is read, or whose `stream` is never entered."""
SPARED = {
    "abandoned-iterator/example:iterate_lines": "only what it says that it returns changes",
    "abandoned-iterator/generator-of-another-module:feeds.source.iterate_events": "only its type changes",
    "abandoned-iterator/sync-generator:read_first_pages": "CPython closes what nothing holds at once",
    "unclosed-proxied-stream/chat-proxies:ChatProxy._iterate": "it is given the response",
    "unclosed-proxied-stream/events-given-to-a-generator:gateway.relaying.relay_data": "it is given them",
    "unclosed-proxied-stream/events-given-to-a-generator:gateway.routes._relay_pairs": "it is given them",
    "unclosed-proxied-stream/generator-in-another-module:gateway.relaying.relay_chunks": "so is it",
    "unclosed-proxied-stream/generator-of-the-module:Relay._iterate": "it is given the response",
    "unclosed-proxied-stream/generator-of-the-module:iterate_chunks": "it is given the response",
    "stream-closed-early/client-that-lasts:app.files.open_log": "the block of its own client closes all",
    "stream-closed-early/client-that-lasts:app.files.open_trace": "the block of its own client closes all",
    "stream-closed-early/first-part-is-read-before:download": "its first part was read in time",
    "unclosed-stream/client-of-the-request:fetch_logo": "the block of its own client closes what it leaves",
}
"""Functions whose old half is not seen to leave anything open here: {function: why}."""
HANGS_UP = 3
"""Where among what an upstream may do it hangs up: httpcore 1.0.9 forgets a connection that fails in the
very moment in which its task is cancelled, as those of sends that are gathered are."""
UNREAD = {"unclosed-proxied-stream/other-classes:relay": "it imports a module that is not there"}
"""Functions that cannot be called: {function: why}."""
NOT_RUN = {
    "stream-closed-early/read-in-the-block:relay_other": "it is given what is no client of httpx",
    "stream-not-entered/other-streams:read": "it is given what is no client of httpx",
    "stream-not-entered/other-streams:talk": "it is given what is no client of httpx",
    "unclosed-stream/other-libraries:fetch": "it is given what is no client of httpx",
    "unclosed-stream/other-libraries:push": "it is given what is no client of httpx",
}
"""Functions that are right as they are, and cannot be seen to be by a call: {function: why}."""
LEFT_OUT = {
    "retained-response/other-responses": "nothing in it opens a stream",
    "stream-not-entered/other-streams": "it has no client of httpx",
    "unclosed-proxied-stream/other-classes": "it imports a module that is not there",
    "unclosed-stream/other-libraries": "it has no client of httpx",
}
"""Cases of which no function is called, and nothing is refused: {case: why}."""

pytestmark = pytest.mark.filterwarnings("ignore")  # what leaks is told of by many libraries


@pytest.fixture(scope="module")
def server() -> Iterator[SlowUpstream]:
    with SlowUpstream() as running:
        yield running


@pytest.fixture(autouse=True)
def django_settings() -> None:
    """Let responses of Django be made without an application."""
    settings = pytest.importorskip("django.conf").settings
    if not settings.configured:
        settings.configure(ROOT_URLCONF="files.app", ALLOWED_HOSTS=["*"], SECRET_KEY="for tests")


@pytest.fixture(autouse=True)
def sanic_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an application of Sanic be made once more in this process."""
    sanic = pytest.importorskip("sanic")
    monkeypatch.setattr(sanic.Sanic, "test_mode", True)


def _iter_ended(fixed: Fixed, half: Half, url: str, directory: Path) -> Iterator[Outcome]:
    """Yield what comes of what an upstream may do: answer, say no, break off, hang up and fall silent."""
    for path in (*_paths_of(half), "/broken", "/dropped", "/stalled"):
        upstream = Upstream(url, path, read_s=0.05 if path == "/stalled" else 5.0)
        yield run_function(fixed, half, upstream, half.plan(0, BoomError), directory)


def _iter_failed(fixed: Fixed, half: Half, url: str, directory: Path) -> Iterator[Outcome]:
    """Yield what comes of an exception, and of a cancellation, at each statement that a run comes to."""
    answering, refusing = _paths_of(half)
    for path, error in (
        (answering, BoomError),
        (answering, asyncio.CancelledError),
        (refusing, BoomError),
    ):
        for at in itertools.count(1):
            done = run_function(fixed, half, Upstream(url, path), half.plan(at, error), directory)
            yield done
            if done.reached < at:
                break


def _give_up(fixed: Fixed, half: Half, url: str, directory: Path) -> Outcome:
    """Return what comes of a time limit around the call, for which an upstream is silent too long."""
    upstream = Upstream(url, "/stalled", read_s=0.2, wait_s=0.05)
    return run_function(fixed, half, upstream, half.plan(0, BoomError), directory)


def _paths_of(half: Half) -> tuple[str, str]:
    """Return a path that answers as the code expects it, and one that does not."""
    return ("/events" if any("_sse" in one for one in half.files.values()) else "/slow"), "/missing"


@pytest.mark.parametrize("fixed", [one for one in FIXED if repr(one) not in UNREAD], ids=repr)
def test_pool_is_full_again_after_every_exit(fixed: Fixed, server: SlowUpstream, tmp_path: Path) -> None:
    before, after = halves_of(fixed.case)
    old = list(_iter_ended(fixed, before, server.url, tmp_path))
    new = list(_iter_ended(fixed, after, server.url, tmp_path))
    assert not any(
        one.open for at, one in enumerate(new) if not (at == HANGS_UP and "gathered" in repr(fixed))
    )
    pairs = list(zip(old, new, strict=True))[:-1]  # when a silence is noticed is chance
    is_mended = any(one.result in BROKEN and two.result not in BROKEN for one, two in pairs)
    cut = (*BROKEN, "TransportError") if repr(fixed) in SPARED else BROKEN  # what is cut may have arrived
    assert all(two.result == one.result or one.result in cut for one, two in pairs)
    assert _give_up(fixed, after, server.url, tmp_path).open == 0
    assert not any(one.open for one in _iter_failed(fixed, after, server.url, tmp_path))
    failing = itertools.chain(old, _iter_failed(fixed, before, server.url, tmp_path))
    fails = is_mended or any(one.at_once for one in failing)
    assert fails is (repr(fixed) not in SPARED)


@pytest.mark.parametrize("fixed", [one for one in SILENT if repr(one) not in NOT_RUN], ids=repr)
def test_what_is_right_leaves_nothing_open(fixed: Fixed, server: SlowUpstream, tmp_path: Path) -> None:
    half = halves_of(fixed.case)[0]
    ended = list(_iter_ended(fixed, half, server.url, tmp_path))
    assert not any(one.open for one in ended)
    assert _give_up(fixed, half, server.url, tmp_path).open == 0
    assert not ended[0].has_failed


def test_every_case_is_looked_at_or_left_out() -> None:
    """A new case is seen in one of the tests above, or its reason stands in `LEFT_OUT`."""
    covered = {one.case for one in (*FIXED, *SILENT) if repr(one) not in {**UNREAD, **NOT_RUN}}
    refused = {case for case in STREAM_CASES if any(mark.reason for mark in case.marks)}
    missing = {repr(case) for case in STREAM_CASES if case not in covered and case not in refused}
    assert missing == set(LEFT_OUT)


def test_nothing_is_left_out_that_is_not_there() -> None:
    assert set(SPARED) | set(UNREAD) <= {repr(one) for one in FIXED}
    assert set(NOT_RUN) <= {repr(one) for one in SILENT}
