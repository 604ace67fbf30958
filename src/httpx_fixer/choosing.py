"""Fix by fix: which ones a person wants."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import field

from httpx_fixer import catalogue
from httpx_fixer.commands import Run, is_coloured, place
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.pipeline import Proposal
from httpx_fixer.reporters.dialogue import ask, is_terminal, say
from httpx_fixer.reporters.patch import colour_patch
from httpx_fixer.rewrite.diff import render_patch
from httpx_fixer.rewrite.plan import is_applicable
from httpx_fixer.rewrite.preview import preview
from httpx_fixer.toml_table import UsageError
from httpx_fixer.values import dataclass

HELP = """\
y  make this fix
n  leave this one alone
a  make this and all later fixes of this rule
d  leave this and all later fixes of this rule alone
f  make this and all later fixes of this file
q  leave this and all later fixes alone
e  explain the rule
?  show this
"""


@dataclass(slots=True)
class _Answers:
    """What was said so far: fixes accepted, and rules and files that need no more questions."""

    accepted: list[Diagnostic] = field(default_factory=list)
    rules: dict[str, bool] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    has_quit: bool = False

    def find(self, diagnostic: Diagnostic) -> bool | None:
        """Return what earlier answers say of a fix, None where it has to be asked for."""
        if self.has_quit:
            return False
        if diagnostic.anchor.path in self.files:
            return True
        return self.rules.get(diagnostic.code)

    def take(self, letter: str, diagnostic: Diagnostic) -> bool:
        """Remember an answer, and return what it says of this fix."""
        match letter:
            case "a" | "d":
                self.rules[diagnostic.code] = letter == "a"
            case "f":
                self.files.add(diagnostic.anchor.path)
            case "q":
                self.has_quit = True
        return letter in {"y", "a", "f"}


def require_terminal() -> None:
    """Raise `UsageError` where nobody can be asked."""
    if not is_terminal():
        raise UsageError("--interactive needs a terminal to ask on: standard input and standard error")


def choose(run: Run, proposal: Proposal) -> Mapping[Diagnostic, Refusal]:
    """Ask for each fix whether it is to be made, and return those that are not."""
    fixes = [
        one
        for one in proposal.report.diagnostics
        if is_applicable(one.fix, unsafe_fixes=run.settings.unsafe_fixes)
    ]
    answers, spared = _Answers(), dict[Diagnostic, Refusal]()
    for number, diagnostic in enumerate(fixes, 1):
        is_wanted = answers.find(diagnostic)
        if is_wanted is None:
            say(_show(run, proposal, answers.accepted, diagnostic))
            is_wanted = answers.take(_ask_letter(f"({number}/{len(fixes)})", diagnostic), diagnostic)
        if is_wanted:
            answers.accepted.append(diagnostic)
        else:
            place_ = (diagnostic.anchor.path, diagnostic.anchor.start.line)
            spared[diagnostic] = Refusal(RefusalReason.DECLINED, "you said no", *place_)
    return spared


def _ask_letter(turn: str, diagnostic: Diagnostic) -> str:
    while True:
        letter = ask(f"{turn} Make this fix [y,n,a,d,f,q,e,?]? ").lower()
        if letter == "e":
            say(f"\n{catalogue.render_page(diagnostic.code)}\n")
        elif letter and letter in "ynadfq" and len(letter) == 1:
            return letter
        else:
            say(HELP)


def _show(run: Run, proposal: Proposal, accepted: Sequence[Diagnostic], diagnostic: Diagnostic) -> str:
    """Return the diagnostic and the patch of its fix on top of those accepted so far."""
    sources = proposal.build_sources()
    assert sources is not None
    lines = run.text_reporter(sys.stderr).iter_diagnostic(diagnostic)
    changes = preview(sources, accepted, diagnostic)
    patch = render_patch(place(run, changes).changes)
    if is_coloured(run.options.color, sys.stderr):
        patch = colour_patch(patch)
    return "\n" + "".join(f"{line}\n" for line in lines) + patch.decode(errors="replace")
