from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_fixer.rewrite.line_matcher import LineMatcher

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"d"]), max_size=30)


@settings(deadline=None)
@given(LINES, LINES)
def test_opcodes_turn_one_file_into_the_other(before: list[bytes], after: list[bytes]) -> None:
    result: list[bytes] = []
    at = 0
    for tag, old, old_end, new, new_end in LineMatcher(before, after).get_opcodes():
        assert old == at
        assert (tag == "equal") == (before[old:old_end] == after[new:new_end])
        result += after[new:new_end]
        at = old_end
    assert (at, result) == (len(before), after)


@settings(deadline=None)
@given(LINES, LINES)
def test_no_match_touches_the_next(before: list[bytes], after: list[bytes]) -> None:
    blocks = LineMatcher(before, after).get_matching_blocks()[:-1]
    for one, two in pairwise(blocks):
        assert (one.a + one.size, one.b + one.size) != (two.a, two.b)


def test_equal_files_are_one_match() -> None:
    assert [tuple(block) for block in LineMatcher([b"a"] * 5, [b"a"] * 5).get_matching_blocks()] == [
        (0, 0, 5),
        (5, 5, 0),
    ]


def test_a_file_of_equal_lines_takes_no_quadratic_time() -> None:
    before = [b"first\n", *[b"same\n"] * 20_000, b"middle\n", *[b"same\n"] * 20_000, b"last\n"]
    after = [b"FIRST\n", *[b"same\n"] * 20_001, b"MIDDLE\n", *[b"same\n"] * 20_000, b"LAST\n"]
    begin = time.process_time()
    LineMatcher(before, after).get_opcodes()
    # difflib alone compares 4e8 pairs here, which takes minutes.
    assert time.process_time() - begin < 5
