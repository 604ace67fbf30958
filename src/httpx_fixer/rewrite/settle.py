"""Apply, verify, withdraw what fails, and read again until nothing more is proposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import CreateFile, Edit, NumberChange, ReplaceComment, path_of
from httpx_fixer.report import FileChange
from httpx_fixer.rewrite.apply import AnchorLost, EditsClash, apply_edits
from httpx_fixer.rewrite.comments import edit_comments, shift_edit
from httpx_fixer.rewrite.plan import Plan, build_plan, is_applicable, iter_paths, refuse, withdraw
from httpx_fixer.rewrite.sources import Sources
from httpx_fixer.rewrite.verify import find_fault
from httpx_fixer.rewrite.wrapping import choose_limit, wrap_long_lines
from httpx_fixer.source import Skip, SourceFile
from httpx_fixer.values import dataclass

_ROUNDS = 4
"""Fixes that overlap are made one after the other; more rounds than this were never needed."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome: diagnostics with their final fix or refusal, and the files as they will be."""

    diagnostics: tuple[Diagnostic, ...]
    changes: tuple[FileChange, ...]
    numbers: tuple[NumberChange, ...]
    skipped: tuple[Skip, ...]


@dataclass(slots=True)
class _Work:
    """The state of one settling: files as they are now, and what was learned on the way."""

    sources: Sources
    unsafe_fixes: bool
    files: dict[str, bytes]
    skips: dict[str, Skip]

    def current(self, path: str) -> bytes | None:
        return self.files[path] if path in self.files else self.sources.original(path)


def settle(
    diagnostics: tuple[Diagnostic, ...],
    sources: Sources,
    *,
    unsafe_fixes: bool,
    spared: Mapping[Diagnostic, Refusal] | None = None,
) -> Settled:
    """Turn fixes into changed files; a fix that fails verification is withdrawn whole.

    The fixes of `spared` are not made: their diagnostics carry the refusal that is given for them.
    """
    work = _Work(sources, unsafe_fixes, {}, {})
    spared = spared or {}
    again = {_words_of(diagnostic): refusal for diagnostic, refusal in spared.items()}
    diagnostics = tuple(refuse(d, spared[d]) if d in spared else d for d in diagnostics)
    plan = build_plan(diagnostics, unsafe_fixes=unsafe_fixes)
    result, chosen = list[Diagnostic](), list[Diagnostic]()
    for number in range(_ROUNDS):
        done, files, following = _settle_plan(work, plan)
        if number == 0:
            result = list(done.diagnostics)
        else:
            _take_over(result, done.diagnostics)
        chosen += done.chosen
        work.files.update(files)
        if not done.chosen:
            break
        # Places have moved: what was spared is known by its words, and its twins have to wait with it.
        following = tuple(refuse(d, again[_words_of(d)]) if _words_of(d) in again else d for d in following)
        plan = build_plan(following, unsafe_fixes=unsafe_fixes)
        if not plan.chosen:
            break
    changes = [FileChange(path, sources.original(path), after) for path, after in sorted(work.files.items())]
    numbers = {
        number for diagnostic in chosen if diagnostic.fix is not None for number in diagnostic.fix.numbers
    }
    kept = tuple(change for change in changes if change.before != change.after)
    return Settled(tuple(result), kept, tuple(sorted(numbers)), tuple(sorted(work.skips.values())))


def apply_alone(diagnostics: Iterable[Diagnostic], sources: Sources) -> Iterator[tuple[FileChange, ...]]:
    """Yield for each diagnostic what its fix makes of the files if no other one is applied.

    Nothing where it fails. What several fixes do alike to a file is done once.
    """
    made: dict[tuple[Edit, ...], FileChange | None] = {}
    for diagnostic in diagnostics:
        edits = diagnostic.fix.edits if diagnostic.fix is not None else ()
        created = {edit.path.removesuffix(".py") for edit in edits if isinstance(edit, CreateFile)}
        work = _Work(replace(sources, first_party=sources.first_party | created), True, {}, {})
        changes = []
        for path in iter_paths(edits):
            here = tuple(edit for edit in edits if path_of(edit) == path)
            if here not in made:
                files, faults = _apply(work, here)
                made[here] = None if faults else FileChange(path, sources.original(path), files[path])
            changes.append(made[here])
        whole = tuple(change for change in changes if change is not None)
        is_whole = len(whole) == len(changes)
        yield tuple(change for change in whole if change.before != change.after) if is_whole else ()


def _words_of(diagnostic: Diagnostic) -> tuple[str, str, str]:
    """Return what a diagnostic keeps from one reading to the next."""
    return diagnostic.code, diagnostic.anchor.path, diagnostic.message


def apply_unverified(edits: Iterable[Edit], sources: Sources) -> dict[str, bytes]:
    """Return what edits make of the files, without those whose edits do not fit together."""
    return _apply(_Work(sources, True, {}, {}), tuple(dict.fromkeys(edits)))[0]


def _take_over(result: list[Diagnostic], later: Iterable[Diagnostic]) -> None:
    """Bring outcomes of a later round back to what an earlier one left open: same rule, same words.

    A refusal that the fixes of the earlier round lifted counts where it is clear which one it was.
    """
    known: dict[tuple[str, str, str], list[Diagnostic]] = {}
    for diagnostic in later:
        known.setdefault(_words_of(diagnostic), []).append(diagnostic)
    alike = Counter(map(_words_of, result))
    seen: Counter[tuple[str, str, str]] = Counter()
    for index, diagnostic in enumerate(result):
        words = _words_of(diagnostic)
        found = known.get(words, [])
        is_overlap = diagnostic.refusal is not None and diagnostic.refusal.reason is RefusalReason.OVERLAPS
        if found and is_overlap:
            result[index] = replace(diagnostic, outcome=found[-1].outcome)
        elif diagnostic.refusal is not None and len(found) == alike[words]:
            lifted = found[seen[words]].fix
            if is_applicable(lifted, unsafe_fixes=False):
                assert lifted is not None
                result[index] = replace(diagnostic, outcome=lifted)
        seen[words] += 1
    _take_over_successors(result, {words: found for words, found in known.items() if words not in alike})


def _take_over_successors(
    result: list[Diagnostic], others: Mapping[tuple[str, str, str], list[Diagnostic]]
) -> None:
    """Give what was closed early the fixes that another rule has for the same code, now that it is not.

    `others` are the diagnostics of a later round that no earlier one had.
    """
    early: dict[tuple[str, str], list[int]] = {}
    for index, diagnostic in enumerate(result):
        refusal = diagnostic.refusal
        if refusal is not None and refusal.reason is RefusalReason.CLOSED_EARLY:
            early.setdefault(_code_of(diagnostic), []).append(index)
    later = [one for found in others.values() for one in found if is_applicable(one.fix, unsafe_fixes=False)]
    for code, indexes in early.items():
        fixes = [one.fix for one in later if _code_of(one) == code and one.fix is not None]
        if len(fixes) == len(indexes):
            for index, fix in zip(indexes, fixes, strict=True):
                result[index] = replace(result[index], outcome=fix)


def _code_of(diagnostic: Diagnostic) -> tuple[str, str]:
    """Return the file of a diagnostic and the code that its message quotes first."""
    return diagnostic.anchor.path, "".join(diagnostic.message.split("`")[1:2])


def _settle_plan(work: _Work, plan: Plan) -> tuple[Plan, dict[str, bytes], tuple[Diagnostic, ...]]:
    """Apply a plan, withdrawing fixes until what is left passes; return what a reader then says."""
    while plan.chosen:
        files, faults = _apply(work, plan.edits)
        following: tuple[Diagnostic, ...] = ()
        if not faults:
            following = work.sources.read_again({**work.files, **files})
            faults = _find_leftovers(plan, following, unsafe_fixes=work.unsafe_fixes)
        if not faults:
            return plan, files, following
        plan = withdraw(plan, _find_culprits(work, plan, faults))
    return plan, {}, ()


def _apply(work: _Work, edits: tuple[Edit, ...]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the changed files, and for those that fail what is wrong with them."""
    files: dict[str, bytes] = {}
    faults: dict[str, str] = {}
    created = {edit.path.removesuffix(".py") for edit in edits if isinstance(edit, CreateFile)}
    first_party = work.sources.first_party | created
    for path in iter_paths(edits):
        before = work.current(path)
        here = [edit for edit in edits if path_of(edit) == path]
        new = next((edit for edit in here if isinstance(edit, CreateFile)), None)
        if new is not None:
            after: bytes | Skip = new.code.encode()
            if before is not None:
                faults[path] = f"`{path}` exists already"
                continue
        else:
            comments = [edit for edit in here if isinstance(edit, ReplaceComment)]
            before, gone = edit_comments(path, before or b"", comments)
            others = [edit for edit in here if not isinstance(edit, CreateFile | ReplaceComment)]
            try:
                anchored = [shift_edit(edit, gone) for edit in others]
                after = apply_edits(path, before, anchored, first_party) if anchored else before
            except (AnchorLost, EditsClash) as clash:
                # Our own mistake, which must not cost the user the other fixes.
                faults[path] = f"the edits do not fit `{path}`: {clash}"
                continue
            after = _wrap(work, before, after)
        if isinstance(after, Skip):
            work.skips[path] = after
            faults[path] = f"`{path}` cannot be rewritten: {after.detail}"
            continue
        fault = find_fault(before, after, path)
        if fault is not None:
            faults[path] = fault
        files[path] = after
    return files, faults


def _wrap(work: _Work, before: bytes, after: bytes | Skip) -> bytes | Skip:
    """Break the lines that became too long; bytes that do not decode are none of ours to break."""
    if isinstance(after, Skip):
        return after
    try:
        old, new = SourceFile("", before), SourceFile("", after)
        limit = choose_limit(old.text, work.sources.line_length)
        wrapped = wrap_long_lines(old.text, new.text, limit)
        return after if wrapped == new.text else wrapped.encode(new.encoding)
    except (SyntaxError, UnicodeError):
        return after


def _find_leftovers(plan: Plan, following: tuple[Diagnostic, ...], *, unsafe_fixes: bool) -> dict[str, str]:
    """Return the files in which a reader still sees the very thing that was fixed there.

    A diagnostic that another fix of this round pushed aside may well be proposed again.
    """
    fixed = {_words_of(d) for d in plan.chosen}
    chosen = set(plan.chosen)
    waiting = {_words_of(d) for d in plan.diagnostics if d not in chosen}
    return {
        d.anchor.path: f"the rewritten code is reported again: {d.message}"
        for d in following
        if is_applicable(d.fix, unsafe_fixes=unsafe_fixes) and _words_of(d) in fixed - waiting
    }


def _find_culprits(work: _Work, plan: Plan, faults: Mapping[str, str]) -> list[tuple[Diagnostic, Refusal]]:
    """Return the fixes to withdraw: those that fail alone, else all that touch a failing file."""
    suspects = [d for d in plan.chosen if d.fix is not None and set(d.fix.paths) & faults.keys()]
    if not suspects:
        suspects = list(plan.chosen)
    guilty = [d for d in suspects if d.fix is not None and _fails_alone(work, d)] if len(suspects) > 1 else []
    return [(d, _refusal(d, faults)) for d in guilty or suspects]


def _fails_alone(work: _Work, diagnostic: Diagnostic) -> bool:
    assert diagnostic.fix is not None
    files, faults = _apply(work, diagnostic.fix.edits)
    if faults:
        return True
    alone = Plan((diagnostic,), (diagnostic,))
    following = work.sources.read_again({**work.files, **files})
    return bool(_find_leftovers(alone, following, unsafe_fixes=work.unsafe_fixes))


def _refusal(diagnostic: Diagnostic, faults: Mapping[str, str]) -> Refusal:
    assert diagnostic.fix is not None
    path = next((path for path in diagnostic.fix.paths if path in faults), next(iter(faults)))
    line = diagnostic.anchor.start.line if path == diagnostic.anchor.path else 1
    return Refusal(RefusalReason.VERIFICATION_FAILED, faults[path], path, line)
