"""Run the rules about streams over one source text, and apply what they propose."""

from __future__ import annotations

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import AnchoredEdit, CreateFile, ImportEdit, ReplaceComment
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rewrite.apply import apply_edits
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules.unclosed_stream import UnclosedStream
from httpx_fixer.settings import Settings

PATH = "app.py"


def find_diagnostics(text: str, rule: type[Rule] = UnclosedStream) -> list[Diagnostic]:
    """Return what a rule says about a module."""
    data = text.encode()
    project = Project((PATH,), frozenset({PATH}), lambda _: data)
    return list(rule(Settings()).check(project, Lifecycles(project, (), lambda *_: ())))


def apply_fixes(text: str, rule: type[Rule] = UnclosedStream) -> str:
    """Return the module with all fixes of a rule applied at once."""
    edits: list[AnchoredEdit | ImportEdit] = []
    for diagnostic in find_diagnostics(text, rule):
        for edit in () if diagnostic.fix is None else diagnostic.fix.edits:
            assert not isinstance(edit, ReplaceComment | CreateFile)
            edits.append(edit)
    result = apply_edits(PATH, text.encode(), edits)
    assert isinstance(result, bytes)
    return result.decode()
