"""A diagnostic in one paragraph of plain text, for formats that have one place for words."""

from __future__ import annotations

from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.fix import Applicability, Fix
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.paths import Locate

NOTES = "HXF0"
"""How the codes of rules begin that are about our own comments, and are told as notes."""


def is_note(diagnostic: Diagnostic) -> bool:
    """Answer whether a diagnostic is about a comment of ours and not about the code."""
    return diagnostic.code.startswith(NOTES)


def describe_outcome(diagnostic: Diagnostic, locate: Locate) -> str:
    """Return what becomes of a site: its fix, with why it is unsafe, or why it was left alone."""
    match diagnostic.outcome:
        case Fix() as fix:
            others = [locate(path) for path in fix.paths if path != diagnostic.anchor.path]
            also = f" (also changes {', '.join(others)})" if others else ""
            because = f"; unsafe: {fix.unsafe_because}" if fix.unsafe_because else ""
            return f"{_KINDS[fix.applicability]}: {fix.title}{also}{because}"
        case Refusal() as refusal:
            place = f"{locate(refusal.path)}:{refusal.line}"
            return f"Left alone: {refusal.reason.name}: {refusal.detail} ({place})"


def describe_fully(diagnostic: Diagnostic, context: Context) -> str:
    """Return the message and, on lines below it, what becomes of the site, and where more is told."""
    return f"{diagnostic.message}\n{describe_below(diagnostic, context)}"


def describe_below(diagnostic: Diagnostic, context: Context) -> str:
    """Return what becomes of a site and, on a line below it, where more is told."""
    page = context.page(diagnostic.name)
    return "\n".join((describe_outcome(diagnostic, context.locate), *((page,) if page else ())))


_KINDS = {
    Applicability.SAFE: "Fix",
    Applicability.UNSAFE: "Unsafe fix",
    Applicability.DISPLAY_ONLY: "Fix by hand",
}
