"""Edits of imports: what a module binds at its top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

import libcst as cst

from httpx_fixer.fix import DropImport, EnsureImport, ImportEdit
from httpx_fixer.rewrite.import_blocks import iter_imports
from httpx_fixer.rewrite.import_order import module_of
from httpx_fixer.rewrite.names import find_global_names
from httpx_fixer.rewrite.snippets import Snippets
from httpx_fixer.rewrite.transformers.drop_import import drop_import
from httpx_fixer.rewrite.transformers.ensure_import import ImportStyle, ensure_import
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

    The order of `edits` does not matter. Others import from an `__init__.py`: there only whole
    modules are removed, which nobody imports from somewhere else.
    """
    snippets = Snippets(module.default_indent, module.default_newline)
    style = ImportStyle(snippets, first_party, max(_LINE, whole.longest))
    ensures = {edit for edit in edits if isinstance(edit, EnsureImport)}
    known = {module_of(small) for _, small in iter_imports(module)}
    for ensure in sorted(ensures, key=lambda edit: (edit.module, edit.name or "", edit.alias or "")):
        module = ensure_import(ensure, module, style)
    drops = {edit for edit in edits if isinstance(edit, DropImport)}
    if PurePosixPath(whole.path).name == "__init__.py":
        modules = {module_of(small) for _, small in iter_imports(module) if isinstance(small, cst.Import)}
        drops = {drop for drop in drops if drop.bound in modules and not drop.is_shared}
    if drops:
        unread = _find_unread(module, drops, whole)
        added = frozenset(ensure.module for ensure in ensures) - known
        for drop in unread:
            module = drop_import(drop, module, added)
    return module


def _find_unread(module: cst.Module, drops: set[DropImport], whole: WholeFile) -> list[DropImport]:
    try:
        names = find_global_names(whole.unfold(module.code))
    except SyntaxError:
        return []  # verification will say why
    unread = names.imported_only - names.read - names.quoted
    return [drop for drop in sorted(drops) if drop.bound in unread]
