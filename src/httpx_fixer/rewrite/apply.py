"""From planned edits of one file to its new bytes."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from httpx_fixer.fix import AnchoredEdit, DropImport, EnsureImport, ImportEdit, WrapRest
from httpx_fixer.rewrite.anchors import AnchorLost, locate_anchors
from httpx_fixer.rewrite.blocks import EditsClash
from httpx_fixer.rewrite.imports import edit_imports
from httpx_fixer.rewrite.snippets import Snippets
from httpx_fixer.rewrite.walk import EditWalk
from httpx_fixer.source import Anchor, Skip, SkipReason

__all__ = ["AnchorLost", "EditsClash", "apply_edits"]


def apply_edits(
    path: str,
    data: bytes,
    edits: Sequence[AnchoredEdit | ImportEdit],
    first_party: frozenset[str] = frozenset(),
) -> bytes | Skip:
    """Return the file's bytes with all edits made; equal edits are made once.

    Anchors are those of `data`. `first_party` holds the project's own top-level package names, for
    the place of new imports. A file that libcst cannot read and write back is a `Skip`. Raises
    `AnchorLost` and `EditsClash`, which are our own mistakes.
    """
    try:
        module = _parse(path, data)
        if isinstance(module, Skip):
            return module
        return _rewrite(path, module, tuple(dict.fromkeys(edits)), first_party).bytes
    except RecursionError:
        return Skip(path, SkipReason.TOO_DEEP, "nested deeper than libcst can walk")
    except UnicodeError as error:
        return Skip(path, SkipReason.BAD_ENCODING, str(error))


def _parse(path: str, data: bytes) -> cst.Module | Skip:
    try:
        module = cst.parse_module(data)
    except cst.ParserSyntaxError as error:
        return Skip(path, SkipReason.SYNTAX_ERROR, f"libcst does not parse line {error.raw_line}")
    if module.bytes != data:
        return Skip(path, SkipReason.ROUND_TRIP, "libcst does not write the file back byte for byte")
    return module


def _rewrite(
    path: str, module: cst.Module, edits: Sequence[AnchoredEdit | ImportEdit], first_party: frozenset[str]
) -> cst.Module:
    snippets = Snippets(module.default_indent, module.default_newline)
    imports = [edit for edit in edits if isinstance(edit, EnsureImport | DropImport)]
    anchored = [edit for edit in edits if not isinstance(edit, EnsureImport | DropImport)]
    if anchored:
        located = locate_anchors(module, {anchor for edit in anchored for anchor in _anchors_of(edit)})
        module = EditWalk(anchored, located, snippets).rewrite(module)
    if imports:
        module = edit_imports(path, module, imports, first_party)
    return module


def _anchors_of(edit: AnchoredEdit) -> tuple[Anchor, ...]:
    return (edit.first, edit.last) if isinstance(edit, WrapRest) else (edit.anchor,)
