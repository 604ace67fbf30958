"""Changes of whole files as replacements of their lines, for formats that carry fixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.report import FileChange, Replacement
from httpx_fixer.rewrite.line_matcher import LineMatcher
from httpx_fixer.rewrite.plan import is_applicable
from httpx_fixer.rewrite.settle import apply_alone
from httpx_fixer.rewrite.sources import Sources
from httpx_fixer.source import Position, SourceFile


def list_alone(
    diagnostics: Iterable[Diagnostic], sources: Sources, *, unsafe_fixes: bool
) -> dict[str, tuple[Replacement, ...]]:
    """Return what each applicable fix replaces if no other one is made: `{fingerprint: replacements}`."""
    wanted = [d for d in diagnostics if is_applicable(d.fix, unsafe_fixes=unsafe_fixes)]
    alone = apply_alone(wanted, sources)
    return {d.fingerprint: list_replacements(changes) for d, changes in zip(wanted, alone, strict=True)}


def list_replacements(changes: Iterable[FileChange]) -> tuple[Replacement, ...]:
    """Return what of the files is replaced, in order; a new file is one replacement."""
    return tuple(found for change in changes for found in _iter_replacements(change))


def _iter_replacements(change: FileChange) -> Iterator[Replacement]:
    before = SourceFile(change.path, change.before or b"").whole_lines
    after = SourceFile(change.path, change.after).whole_lines
    matcher = LineMatcher(_encode(before), _encode(after))
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            text = "".join(after[new_start:new_end])
            yield Replacement(change.path, _begin(before, start), _begin(before, end), text)


def _encode(lines: Sequence[str]) -> list[bytes]:
    return [line.encode("utf-8", "surrogatepass") for line in lines]


def _begin(lines: Sequence[str], index: int) -> Position:
    """Return where a line begins; a last line that no line break ends is ended by its last character."""
    if index == len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
        return Position(index, len(lines[-1]))
    return Position(index + 1, 0)
