"""Which fixes make a command fail: found by trying halves, on the files themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Fix
from httpx_fixer.pipeline import Proposal
from httpx_fixer.report import Report
from httpx_fixer.reporters.counts import plural
from httpx_fixer.rewrite.journal import Journal
from httpx_fixer.rewrite.plan import is_applicable
from httpx_fixer.verify_command import Command, Trouble, describe_code, find_trouble, locate_test

Fixes = tuple[Diagnostic, ...]


class CannotCompare(Exception):  # noqa: N818 - says what happened, as all our words do
    """The command fails before anything was changed, and does not tell tests apart."""


class Trials:
    """Tries sets of fixes: writes the files, runs the command, compares with how it went before."""

    def __init__(
        self, proposal: Proposal, journal: Journal, command: Command, narrate: Callable[[str], None]
    ) -> None:
        self._proposal = proposal
        self._journal = journal
        self._root = journal.root
        self._command = command
        self._narrate = narrate
        self._known: dict[frozenset[tuple[str, bytes]], Trouble | None] = {}
        narrate(f"running `{command.line}` on the untouched tree")
        self._before = command.run()
        narrate(f"on the untouched tree: {self._before.describe()}")
        if self._before.code != 0 and not self._before.failed:
            raise CannotCompare(
                f"`{command.line}` {describe_code(self._before.code)} on the untouched tree and names no "
                "test that fails, so that there is nothing to compare with"
            )

    def settle(self, spared: Mapping[Diagnostic, Refusal]) -> Report:
        """Return the report without the fixes that bring trouble; the files on disk are those of the report.

        The fixes of `spared` are not made.
        """
        blamed: dict[Diagnostic, Trouble] = {}
        while True:
            refused = {one: self._refuse(one, trouble) for one, trouble in blamed.items()}
            report = self._proposal.settle({**spared, **refused})
            trouble = self._try(report)
            if trouble is None or not report.changes:
                return report
            suspects = tuple(
                one
                for one in self._proposal.report.diagnostics
                if one not in spared and one not in blamed and self._is_made(one)
            )
            # Each turn blames one more; what nobody can be blamed for ends the search.
            blamed |= self._sift(suspects, trouble) or dict.fromkeys(suspects, trouble)
            if not suspects:
                self._journal.write({})
                return self._proposal.settle(
                    {**dict.fromkeys(self._proposal.report.diagnostics, _NOT_NOW), **refused}
                )

    def _sift(self, suspects: Fixes, trouble: Trouble) -> dict[Diagnostic, Trouble]:
        """Return the fixes that bring trouble, with what each brings."""
        blamed: dict[Diagnostic, Trouble] = {}
        kept: Fixes = ()
        for group in _group(suspects):
            shared = _find_shared(group)
            if shared is not None and (found := self._try_only((), (shared,))) is not None:
                blamed |= dict.fromkeys(group, found)
                continue
            kept, guilty = self._halve(kept, group, trouble if group == suspects else None)
            blamed |= guilty
        return blamed

    def _halve(
        self, kept: Fixes, suspects: Fixes, trouble: Trouble | None
    ) -> tuple[Fixes, dict[Diagnostic, Trouble]]:
        """Add to `kept`, which brings no trouble, what of the suspects brings none either.

        `trouble` is what all of them bring together, None where that is not known.
        """
        trouble = trouble or self._try_only((*kept, *suspects))
        if trouble is None:
            return (*kept, *suspects), {}
        if len(suspects) == 1:
            return kept, {suspects[0]: trouble}
        middle = len(suspects) // 2
        first, second = suspects[:middle], suspects[middle:]
        before = kept
        kept, blamed = self._halve(kept, first, None)
        # Where the first half is innocent the trouble of both is that of the second.
        kept, more = self._halve(kept, second, trouble if kept == (*before, *first) else None)
        return kept, {**blamed, **more}

    def _refuse(self, diagnostic: Diagnostic, trouble: Trouble) -> Refusal:
        """Say which test fails with a fix, and where it stands."""
        home, line = diagnostic.anchor.path, diagnostic.anchor.start.line
        if not trouble.tests:
            return Refusal(RefusalReason.TESTS_FAILED, f"`{self._command.line}` {trouble.said}", home, line)
        shown, path, number = locate_test(trouble.tests[0], self._command.directory)
        if path:
            home, line = os.path.relpath(self._command.directory / path, self._root), number
        others = len(trouble.tests) - 1
        fails = f"and {plural(others, 'other test')} fail" if others else "fails"
        return Refusal(RefusalReason.TESTS_FAILED, f"`{shown}` {fails} with this fix", home, line)

    def _is_made(self, diagnostic: Diagnostic) -> bool:
        return is_applicable(diagnostic.fix, unsafe_fixes=self._proposal.unsafe_fixes)

    def _try_only(self, fixes: Fixes, also: Fixes = ()) -> Trouble | None:
        wanted = set(fixes)
        spared = {d: _NOT_NOW for d in self._proposal.report.diagnostics if d not in wanted}
        return self._try(self._proposal.settle(spared, also), fixes or also)

    def _try(self, report: Report, fixes: Fixes = ()) -> Trouble | None:
        """Write the changes of a report, run the command, and return what fails that did not before."""
        self._journal.write({change.path: change.after for change in report.changes})
        state = frozenset((change.path, change.after) for change in report.changes)
        if state and state not in self._known:
            result = self._command.run()
            self._known[state] = find_trouble(self._before, result)
            what = f"with {plural(len(fixes), 'fix')}" if fixes else "with the fixes"
            self._narrate(f"{what}: {result.describe()}")
        return self._known.get(state)


_NOT_NOW = Refusal(RefusalReason.DECLINED, "not part of this trial", "", 1)


def _group(suspects: Fixes) -> Sequence[Fixes]:
    """Return the fixes by what owns what they share."""
    groups: dict[str, list[Diagnostic]] = {}
    for one in suspects:
        supply = one.fix.supply if one.fix is not None else None
        groups.setdefault("" if supply is None else supply.owner.path, []).append(one)
    return [tuple(groups[path]) for path in sorted(groups)]


def _find_shared(group: Fixes) -> Diagnostic | None:
    """Return a fix of nothing but what all fixes of an owner share, if there are several; None else.

    One run tells whether the owner itself brings the trouble, which else each of its sites would.
    """
    fixes = [one.fix for one in group if one.fix is not None and one.fix.supply is not None]
    if len(fixes) < 3:
        return None
    common = set(fixes[0].edits).intersection(*(fix.edits for fix in fixes[1:]))
    edits = tuple(edit for edit in fixes[0].edits if edit in common)
    return (
        replace(group[0], message="the owner alone", outcome=Fix("make the owner", edits)) if edits else None
    )
