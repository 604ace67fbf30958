"""Cases below one more decorator: one that passes all on changes nothing, no argument goes past others."""

from __future__ import annotations

from collections import Counter

import pytest
from fixture_cases import SOUND_CASES, Case, apply_changes, result_of, run_case

from httpx_fixer.report import Report

from .decorating import decorate, list_parameters, shape_without
from .promises import TRIES, keep_promises

EACH = 1 if TRIES else 40
"""Every so many-th case is tried; all of them where random programs are asked for."""
MARKED = [case for case in SOUND_CASES if case.marks]


@pytest.mark.parametrize("home", ["local", "beside"])
@pytest.mark.parametrize("case", MARKED[::EACH], ids=repr)
def test_wrapper_that_passes_all_on_changes_nothing(case: Case, home: str) -> None:
    """The result is what it was, below the decorator: parameters are added there, too."""
    if home == "beside" and sum(path.endswith(".py") for path in case.before) == 1:
        home = "local"  # a second module is a reason to put a shared client into a third
    tree, decorated = decorate(case, home)
    report = keep_promises(tree, case.settings)
    assert _gist(report) == _gist(run_case(case))
    found, expected = apply_changes(tree, report.changes), result_of(case)
    if home == "beside" and found.keys() - tree.keys() != expected.keys() - case.before.keys():
        return  # the import of the decorator is the first to show how modules import one another there
    assert expected.keys() <= found.keys()
    for path in {path for path, _ in decorated}:
        assert shape_without(found[path]) == shape_without(expected[path]), path


@pytest.mark.parametrize("case", MARKED[EACH // 2 :: EACH], ids=repr)
def test_function_below_an_unknown_decorator_keeps_its_parameters(case: Case) -> None:
    """Clients are borrowed there: no fix is lost that does not need a parameter.

    What such a function returns is not known, so streams that it hands out are told of no more.
    """
    tree, decorated = decorate(case, "foreign")
    report = keep_promises(tree, case.settings)
    before, after = _places(run_case(case)), _places(report)
    assert not after - before
    assert {code[:4] for code, _ in before - after} <= {"HXF3"}
    new = Counter(_gist(report)) - Counter(_gist(run_case(case)))
    assert {reason for _, _, reason in new} <= {"", "DECORATED"}
    found = apply_changes(tree, report.changes)
    for path in {path for path, _ in decorated}:
        assert list_parameters(found[path]) == list_parameters(tree[path]), path


def _gist(report: Report) -> Counter[tuple[str, str, str]]:
    return Counter(
        (d.code, d.anchor.path, "" if d.refusal is None else d.refusal.reason.name)
        for d in report.diagnostics
    )


def _places(report: Report) -> Counter[tuple[str, str]]:
    return Counter((d.code, d.anchor.path) for d in report.diagnostics)
