"""What every run promises (DESIGN section 2), as assertions about one tree; and how many trees to try."""

from __future__ import annotations

import io
import os
import re
import tokenize
import warnings
from collections import Counter

from fixture_cases import Tree, apply_changes, run_tree
from hypothesis import HealthCheck, settings
from second_runs import check_second_run
from spans import find_stray_change

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.report import Report
from httpx_fixer.settings import Settings

TRIES = int(os.environ.get("HTTPX_FIXER_TRIES", "0"))
"""How many examples to try: 0 for the few of every run, always the same ones; else so many random ones."""


def try_some(few: int) -> settings:
    """Return the settings of one property; a deadline would fail on a busy machine."""
    return settings(
        max_examples=TRIES or few,
        derandomize=not TRIES,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def keep_promises(tree: Tree, chosen: Settings) -> Report:
    """Run over a tree; assert that the result is sound and final, and return the report."""
    report = run_tree(tree, chosen)
    result = apply_changes(tree, report.changes)
    if not chosen.unsafe_fixes:  # with them, a later round may change what an earlier one wrote
        assert find_stray_change(report, unsafe_fixes=False) is None
    for change in report.changes:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(change.after, change.path, "exec", dont_inherit=True)
        if change.before is not None:
            lost = count_comments(change.before) - count_comments(change.after)
            # A request of silence that silences nothing goes, and is what that rule is about.
            assert not [comment for comment in lost if not re.search("httpx-fixer:|noqa", comment)]
            assert (b"\r\n" in change.before) == (b"\r\n" in change.after)
    again = run_tree(result, chosen, backwards=True)
    assert again.changes == (), "a second run proposes more"
    check_second_run(report.diagnostics, again.diagnostics, _place, unsafe_fixes=chosen.unsafe_fixes)
    return report


def _place(diagnostic: Diagnostic) -> tuple[str, str]:
    return diagnostic.code, diagnostic.anchor.path


def count_comments(data: bytes) -> Counter[str]:
    """Count the comments of a file by their text."""
    text = io.StringIO(data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0]), newline=None)
    tokens = tokenize.generate_tokens(text.readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)
