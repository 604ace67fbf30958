from __future__ import annotations

from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Fix, ReplaceExpression
from httpx_fixer.rewrite.settle import Settled, settle
from httpx_fixer.rewrite.sources import Sources
from httpx_fixer.source import Anchor, Position

from .anchoring import PATH, anchor_of

SOURCE = b"def read() -> int:\n    return 1\n\n\ndef read_again() -> int:\n    return 2\n"


def _diagnostic(nth: int, code: str) -> Diagnostic:
    """Both say the same words about the same file, as two handlers of one name do."""
    anchor = anchor_of(SOURCE, "Constant", nth)
    fix = Fix("say another number", (ReplaceExpression(anchor, code),))
    return Diagnostic("HXF101", "client-per-request", "built on every call of `read`", anchor, fix)


def _settle(*diagnostics: Diagnostic) -> Settled:
    sources = Sources({PATH: SOURCE}.get, lambda _: ())
    return settle(diagnostics, sources, unsafe_fixes=False)


def test_withdrawn_twin_is_reported_as_refused() -> None:
    """Of two diagnostics of the same words the one whose fix failed carries the refusal."""
    good, bad = _diagnostic(0, "10"), _diagnostic(1, "not_bound_anywhere")
    for order in ((good, bad), (bad, good)):
        settled = _settle(*order)
        by_anchor = {diagnostic.anchor: diagnostic for diagnostic in settled.diagnostics}
        assert isinstance(by_anchor[good.anchor].outcome, Fix)
        refusal = by_anchor[bad.anchor].outcome
        assert isinstance(refusal, Refusal)
        assert refusal.reason is RefusalReason.VERIFICATION_FAILED
        assert [change.after for change in settled.changes] == [SOURCE.replace(b"return 1", b"return 10")]


def test_fix_that_overlapped_is_made_in_the_next_round() -> None:
    """What had to wait for another fix carries the fix that the second reading proposes."""
    first, rival = _diagnostic(0, "10"), _diagnostic(0, "20")
    renamed = Diagnostic("HXF201", "implicit-timeout", "says no timeout", rival.anchor, rival.outcome)
    anchor = Anchor(PATH, "Constant", renamed.anchor.start, Position(2, 13))
    later = Diagnostic(
        "HXF201",
        "implicit-timeout",
        "says no timeout",
        anchor,
        Fix("now", (ReplaceExpression(anchor, "30"),)),
    )
    readings = iter([(later,), ()])
    sources = Sources({PATH: SOURCE}.get, lambda _: next(readings))
    settled = settle((first, renamed), sources, unsafe_fixes=False)
    assert settled.diagnostics[1].outcome == later.outcome
    assert [change.after for change in settled.changes] == [SOURCE.replace(b"return 1", b"return 30")]


def test_spared_fix_is_not_made_and_says_why() -> None:
    made, spared = _diagnostic(0, "10"), _diagnostic(1, "20")
    refusal = Refusal(RefusalReason.DECLINED, "not now", PATH, 6)
    sources = Sources({PATH: SOURCE}.get, lambda _: ())
    settled = settle((made, spared), sources, unsafe_fixes=False, spared={spared: refusal})
    assert [diagnostic.outcome for diagnostic in settled.diagnostics] == [made.outcome, refusal]
    assert [change.after for change in settled.changes] == [SOURCE.replace(b"return 1", b"return 10")]


def test_spared_fix_is_not_made_in_a_later_round() -> None:
    """What is read again after the first round knows a spared fix by its words."""
    made, spared = _diagnostic(0, "10"), _diagnostic(1, "20")
    renamed = Diagnostic("HXF201", "implicit-timeout", "says no timeout", spared.anchor, spared.outcome)
    refusal = Refusal(RefusalReason.DECLINED, "not now", PATH, 6)
    sources = Sources({PATH: SOURCE}.get, lambda _: (renamed,))
    settled = settle((made, renamed), sources, unsafe_fixes=False, spared={renamed: refusal})
    assert [change.after for change in settled.changes] == [SOURCE.replace(b"return 1", b"return 10")]
