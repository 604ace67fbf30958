"""All that a run concluded."""

from __future__ import annotations

from dataclasses import dataclass

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import NumberChange
from httpx_fixer.owners import Process
from httpx_fixer.source import Skip


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; `before` None means that the file is new."""

    path: str
    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found and what it proposes.

    `diagnostics` in order of path and position; `changes` is the outcome of all applicable fixes
    together, sorted by path; `numbers` lists every number in force that they change; `processes` is
    filled where it was asked for.
    `elapsed_s` is wall time.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    skipped: tuple[Skip, ...] = ()
    changes: tuple[FileChange, ...] = ()
    numbers: tuple[NumberChange, ...] = ()
    processes: tuple[Process, ...] = ()
    files_seen: int = 0
    files_read: int = 0
    elapsed_s: float = 0.0
