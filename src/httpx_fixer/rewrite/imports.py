"""Edits of imports: what a module binds at its top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import libcst as cst

from httpx_fixer.fix import DropImport, EnsureImport, ImportEdit
from httpx_fixer.rewrite.import_blocks import iter_imports
from httpx_fixer.rewrite.import_names import bound_name, list_names
from httpx_fixer.rewrite.import_order import Section, module_of, section_of
from httpx_fixer.rewrite.names import find_global_names
from httpx_fixer.rewrite.snippets import Snippets
from httpx_fixer.rewrite.transformers.drop_import import drop_import
from httpx_fixer.rewrite.transformers.ensure_import import ImportStyle, ensure_import
from httpx_fixer.rewrite.transformers.keep_import import keep_import
from httpx_fixer.values import dataclass

_LINE = 88
"""Characters: black's and ruff's default; a file with longer lines allows as long an import."""


@dataclass(frozen=True, slots=True)
class WholeFile:
    """What a folded module does not show: `unfold` makes the whole code of its code.

    `longest` is the length of the file's longest line in characters.
    """

    path: str
    longest: int
    unfold: Callable[[str], str]


def edit_imports(
    module: cst.Module, edits: Sequence[ImportEdit], whole: WholeFile, first_party: frozenset[str]
) -> cst.Module:
    """Return the module with all imports made, then those removed that nothing reads any more.

    The order of `edits` does not matter. Others may import from an `__init__.py` what it has from the
    project, whoever they are: there that stays.
    """
    snippets = Snippets(module.default_indent, module.default_newline)
    style = ImportStyle(snippets, first_party, max(_LINE, whole.longest))
    ensures = {edit for edit in edits if isinstance(edit, EnsureImport)}
    known = {module_of(small) for _, small in iter_imports(module)}
    for ensure in sorted(ensures, key=lambda edit: (edit.module, edit.name or "", edit.alias or "")):
        module = ensure_import(ensure, module, style)
    drops = {edit for edit in edits if isinstance(edit, DropImport)}
    if not drops:
        return module
    unread = _find_unread(module, drops, whole)
    if PurePosixPath(whole.path).name == "__init__.py":
        own = _find_own_names(module, first_party)
        kept_for = "others may take it from here"
        unread = [_keep(drop, kept_for) if drop.bound in own else drop for drop in unread]
    added = frozenset(ensure.module for ensure in ensures) - known
    for drop in unread:
        module = module if drop.kept_for else drop_import(drop, module, added)
    for drop in unread:
        module = keep_import(drop, module) if drop.kept_for and drop.is_told else module
    return module


def _keep(drop: DropImport, kept_for: str) -> DropImport:
    return drop if drop.kept_for else replace(drop, kept_for=kept_for)


def _find_own_names(module: cst.Module, first_party: frozenset[str]) -> frozenset[str]:
    """Return the names that come from modules of the project."""
    found: set[str] = set()
    for _, small in iter_imports(module):
        section = section_of(module_of(small), first_party)
        if isinstance(small, cst.ImportFrom) and section in {Section.FIRST_PARTY, Section.LOCAL}:
            found.update(bound_name(name) for name in list_names(small))
    return frozenset(found)


def _find_unread(module: cst.Module, drops: set[DropImport], whole: WholeFile) -> list[DropImport]:
    try:
        names = find_global_names(whole.unfold(module.code))
    except SyntaxError:
        return []  # verification will say why
    unread = names.imported_only - names.read - names.quoted
    return [
        _keep(drop, "it is looked up by its name") if drop.bound in names.looked_up else drop
        for drop in sorted(drops)
        if drop.bound in unread
    ]
