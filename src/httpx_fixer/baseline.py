"""Diagnostics that a project has decided to live with for now, kept in a file: there may only be fewer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.toml_table import UsageError
from httpx_fixer.values import dataclass

_VERSION = 1


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One diagnostic of a baseline; `path` is relative to the directory of the file, with `/`."""

    path: str
    code: str
    fingerprint: str


@dataclass(frozen=True)
class Baseline:
    """What a file holds; `file` is absolute."""

    file: Path
    entries: tuple[Entry, ...]

    def holds(self, diagnostic: Diagnostic) -> bool:
        """Answer whether a diagnostic is known; code that moved within its file is."""
        return diagnostic.fingerprint in self._fingerprints

    @cached_property
    def _fingerprints(self) -> frozenset[str]:
        return frozenset(entry.fingerprint for entry in self.entries)

    def entries_below(self, paths: Sequence[Path]) -> tuple[Entry, ...]:
        """Return the entries of files at or below some absolute paths."""
        return tuple(entry for entry in self.entries if self._is_below(entry, paths))

    def _is_below(self, entry: Entry, paths: Sequence[Path]) -> bool:
        place = Path(os.path.normpath(self.file.parent / entry.path))
        return any(place.is_relative_to(path) for path in paths)


def read_baseline(file: Path) -> Baseline:
    """Read a file. Raises `UsageError` for one that cannot be read, or is none of ours."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{file}: {getattr(error, 'strerror', None) or error}") from error
    try:
        document = json.loads(text)
        if document["schema_version"] != _VERSION:
            raise UsageError(f"{file}: made by another version of httpx-fixer; write it again")
        entries = tuple(Entry(e["path"], e["code"], e["fingerprint"]) for e in document["diagnostics"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file}: is no baseline of httpx-fixer") from error
    return Baseline(file, entries)


def build_baseline(file: Path, root: Path, diagnostics: Iterable[Diagnostic]) -> Baseline:
    """Return the baseline of some diagnostics, whose paths are relative to `root`."""
    entries = {Entry(_relate(root / d.anchor.path, file.parent), d.code, d.fingerprint) for d in diagnostics}
    return Baseline(file, tuple(sorted(entries)))


def render_baseline(baseline: Baseline) -> str:
    """Return the text of the file: one line a diagnostic, sorted, so that it merges well."""
    lines = [
        json.dumps({"path": entry.path, "code": entry.code, "fingerprint": entry.fingerprint})
        for entry in baseline.entries
    ]
    inside = ",\n    ".join(lines)
    listed = f"[\n    {inside}\n  ]" if lines else "[]"
    return f'{{\n  "schema_version": {_VERSION},\n  "diagnostics": {listed}\n}}\n'


def _relate(path: Path, directory: Path) -> str:
    return os.path.relpath(path, directory).replace(os.sep, "/")
