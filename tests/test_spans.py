"""A rewritten file differs from the original only where the edits of its fixes say so."""

from __future__ import annotations

import dataclasses

import pytest
from fixture_cases import SOUND_CASES, Case, run_case
from spans import find_stray_change

CHANGED = [case for case in SOUND_CASES if case.after != case.before]
TWO_ROUNDS = frozenset(
    {
        "blocking-request-in-async/example",
        "blocking-request-in-async/function-by-its-name",
        "blocking-request-in-async/request-awaited",
        "blocking-request-in-async/test-patches-the-function-unsafe",
    }
)
"""A later round fixes what the first one wrote; the edits of the report are those of the first."""


@pytest.mark.parametrize("case", [case for case in CHANGED if repr(case) not in TWO_ROUNDS], ids=repr)
def test_only_planned_spans_differ(case: Case) -> None:
    assert find_stray_change(run_case(case), unsafe_fixes=case.settings.unsafe_fixes) is None


@pytest.mark.parametrize("case", CHANGED[::10], ids=repr)
def test_change_that_no_fix_plans_is_seen(case: Case) -> None:
    report = dataclasses.replace(run_case(case), diagnostics=())
    assert find_stray_change(report, unsafe_fixes=case.settings.unsafe_fixes) is not None
