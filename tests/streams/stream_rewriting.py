"""Run HXF301 over one source text, and apply what it proposes."""

from __future__ import annotations

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import AnchoredEdit, CreateFile, DropImport, EnsureImport
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rewrite.apply import apply_edits
from httpx_fixer.rules.unclosed_stream import UnclosedStream
from httpx_fixer.settings import Settings

PATH = "app.py"


def find_diagnostics(text: str) -> list[Diagnostic]:
    """Return what the rule says about a module."""
    data = text.encode()
    project = Project((PATH,), frozenset({PATH}), lambda _: data)
    return list(UnclosedStream(Settings()).check(project, Lifecycles(project, (), lambda *_: ())))


def apply_fixes(text: str) -> str:
    """Return the module with all fixes of the rule applied at once."""
    edits: list[AnchoredEdit] = []
    for diagnostic in find_diagnostics(text):
        for edit in () if diagnostic.fix is None else diagnostic.fix.edits:
            assert not isinstance(edit, EnsureImport | DropImport | CreateFile)
            edits.append(edit)
    result = apply_edits(PATH, text.encode(), edits)
    assert isinstance(result, bytes)
    return result.decode()
