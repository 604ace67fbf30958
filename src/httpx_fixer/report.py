"""All that a run concluded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import NumberChange
from httpx_fixer.owners import Process
from httpx_fixer.source import Position, Skip
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; `before` None means that the file is new."""

    path: str
    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True)
class Replacement:
    """A place in a file and the text that is to stand there; both begin and end at ends of lines.

    `start` and `end` are the same where text is inserted, and 1:0 where the file is new.
    """

    path: str
    start: Position
    end: Position
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found and what it proposes.

    `diagnostics` in order of path and position; `changes` is the outcome of all applicable fixes
    together, sorted by path; `numbers` lists every number in force that they change.
    `hidden` are diagnostics that are not to be reported: not on changed lines, known for long.
    `sources` holds the bytes of the files that diagnostics lie in, `{path: bytes}`; `replacements` what
    each fix makes of the files alone, `{fingerprint: replacements}`, and `processes` what starts and
    ends once, where that was asked for. `elapsed_s` is wall time.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    skipped: tuple[Skip, ...] = ()
    changes: tuple[FileChange, ...] = ()
    numbers: tuple[NumberChange, ...] = ()
    hidden: tuple[Diagnostic, ...] = ()
    sources: Mapping[str, bytes] = field(default_factory=dict)
    replacements: Mapping[str, tuple[Replacement, ...]] = field(default_factory=dict)
    processes: tuple[Process, ...] = ()
    files_seen: int = 0
    files_read: int = 0
    elapsed_s: float = 0.0
