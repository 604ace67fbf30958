"""Names for diagnostics that stay while the lines around them move."""

from __future__ import annotations

import hashlib
import posixpath
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.source import Anchor

_LENGTH = 32
"""Hexadecimal digits: 128 bits, so that no two sites of a project meet by chance."""


def add_fingerprints(
    project: Project, diagnostics: Iterable[Diagnostic], place: str = "."
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics, given in order, each with its fingerprint.

    It is made of what stays when other code moves: the rule, the file, the function around the
    site, and the code of the site as far as a formatter leaves it alone. Of several that are alike
    in all that, the first one of the file is number 0, the next one number 1. `place` is where the
    root of the run lies in its repository, whose other parts may be runs of their own.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for diagnostic in diagnostics:
        anchor = diagnostic.anchor
        path = posixpath.normpath(posixpath.join(place, anchor.path))
        key = (diagnostic.code, path, project.texts.function_at(anchor), _code_of(project, anchor))
        text = "\0".join((*key, str(seen[key])))
        seen[key] += 1
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        found.append(replace(diagnostic, fingerprint=digest[:_LENGTH]))
    return tuple(found)


def _code_of(project: Project, anchor: Anchor) -> str:
    """Return the code of a site without what formatters change: blanks, quotes, hanging commas."""
    lines = project.texts.lines_of(anchor.path)[anchor.start.line - 1 : anchor.end.line]
    if not lines:
        return ""
    lines[-1] = lines[-1][: anchor.end.column]
    lines[0] = lines[0][anchor.start.column :]
    return "".join("".join(lines).split()).replace("'", '"').replace(",)", ")")
