"""Random functions: the rewritten one closes on each exit and otherwise does what the old one did."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from stream_bodies import modules
from stream_rewriting import apply_fixes, find_diagnostics
from stream_world import World, run


@given(
    modules(),
    st.lists(st.booleans(), max_size=6),
    st.integers(0, 5),
    st.booleans(),
)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_a_fixed_function_closes_on_each_exit_and_acts_as_before(
    source: str, bits: list[bool], stop_after: int, flag: bool
) -> None:
    refused = {
        _number_of(source, found.anchor.start.line) for found in find_diagnostics(source) if found.refusal
    }
    fixed = apply_fixes(source)
    for is_cancelled in (False, True):
        fail_at = 0
        while True:
            before = World(fail_at, is_cancelled, list(bits), flag)
            after = World(fail_at, is_cancelled, list(bits), flag)
            outcome = run(source, before, stop_after)
            assert run(fixed, after, stop_after) == outcome
            assert after.trace == before.trace
            left = [one.site for one in after.sent if not (one.is_closed or one.is_handed_on)]
            assert set(left) <= refused
            fail_at += 1
            if fail_at > before.operations:
                break


@given(modules())
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_fixed_function_has_nothing_left_to_fix(source: str) -> None:
    first = find_diagnostics(source)
    left = find_diagnostics(apply_fixes(source))
    assert [found for found in left if found.fix is not None] == []
    assert len(left) == len([found for found in first if found.refusal is not None])


def _number_of(source: str, line: int) -> int:
    """Return the number that the send on a line sends, 0 for one that a function of the module is given."""
    found = re.findall(r"\d+", source.splitlines()[line - 1])
    return int(found[-1]) if found else 0


@given(modules())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_sync_twin_gets_the_same_fix(source: str) -> None:
    # A cancellation passes `except Exception` in a coroutine only.
    source = source.replace("except Exception", "except BaseException")
    assert apply_fixes(_without_async(source)) == _without_async(apply_fixes(source))


def _without_async(source: str) -> str:
    named = (("aclose", "close"), ("aread", "read"), ("push_async_callback", "callback"))
    for old, new in (("Async", ""), ("async ", ""), ("await ", ""), *named):
        source = source.replace(old, new)
    return source.replace("aiter", "iter")
