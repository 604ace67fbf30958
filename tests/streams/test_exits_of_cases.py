"""Every function that a case fixes: its pool is full again after an exception at each statement."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from exit_runs import BoomError, Half, Outcome, run_async, run_sync
from fixed_functions import FIXED, Fixed, call_function, functions_of, sources_of
from slow_upstream import SlowUpstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[SlowUpstream]:
    with SlowUpstream() as server:
        yield server


BROKEN = ("AttributeError", "StreamClosed", "TypeError")
"""What a function ends in whose body is closed before it is read, or whose `stream` is never entered."""

SPARED = {
    "abandoned-iterator/example:iterate_lines": "only what it says that it returns changes",
    "stream-closed-early/sync-client:watch": "it has a client of its own; Django is started elsewhere",
    "unclosed-proxied-stream/chat-proxies:ChatProxy._iterate": "it is given the response",
    "unclosed-proxied-stream/generator-of-the-module:Relay._iterate": "it is given the response",
    "unclosed-proxied-stream/generator-of-the-module:iterate_chunks": "it is given the response",
    "unclosed-proxied-stream/sync-client:watch": "it has a client of its own; Django is started elsewhere",
    "unclosed-stream/client-of-the-request:fetch_logo": "the block of its own client closes what it leaves",
}
"""Functions whose old half is not seen to leave anything open here: {function: why}."""


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("fixed", FIXED, ids=repr)
def test_pool_is_full_again_after_every_exit(fixed: Fixed, upstream: SlowUpstream, tmp_path: Path) -> None:
    before, after = map(Half, sources_of(fixed.case))
    node = functions_of(before.source)[fixed.name]
    sync_clients = "AsyncClient" not in ast.unparse(node) and isinstance(node, ast.FunctionDef)
    run = run_sync if sync_clients else run_async

    def outcomes(half: Half) -> Iterator[Outcome]:
        for error in (BoomError, asyncio.CancelledError):
            at = 0
            while True:
                plan = half.plan(at, error)
                done = run(
                    half,
                    lambda names, client: call_function(fixed, names, client, tmp_path),
                    upstream.url,
                    plan,
                )
                yield done
                if done.reached < at:
                    break
                at += 1

    old, new = outcomes(before), list(outcomes(after))
    first = next(old)
    is_broken = first.result in BROKEN and new[0].result not in BROKEN
    assert is_broken or new[0].result == first.result
    assert [one.open for one in new] == [0] * len(new)
    fails = is_broken or first.at_once > 0 or any(one.at_once for one in old)
    assert fails is (repr(fixed) not in SPARED)
