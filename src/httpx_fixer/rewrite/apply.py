"""From planned edits of one file to its new bytes."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence

import libcst as cst

from httpx_fixer.fix import AnchoredEdit, DropImport, EnsureImport, ImportEdit, WrapRest
from httpx_fixer.rewrite.anchors import AnchorLost, locate_anchors
from httpx_fixer.rewrite.blocks import EditsClash
from httpx_fixer.rewrite.folding import Folded, fold
from httpx_fixer.rewrite.imports import WholeFile, edit_imports
from httpx_fixer.rewrite.snippets import Snippets
from httpx_fixer.rewrite.walk import EditWalk
from httpx_fixer.source import Anchor, Skip, SkipReason
from httpx_fixer.values import dataclass

__all__ = ["AnchorLost", "EditsClash", "apply_edits"]


def apply_edits(
    path: str,
    data: bytes,
    edits: Sequence[AnchoredEdit | ImportEdit],
    first_party: frozenset[str] = frozenset(),
) -> bytes | Skip:
    """Return the file's bytes with all edits made; equal edits are made once.

    Anchors are those of `data`. `first_party` holds the project's own top-level package names, for
    the place of new imports. The data is such as `ast` parses: what is nested deeper than that may
    crash libcst. A file that libcst cannot read and write back is a `Skip`. Raises `AnchorLost` and
    `EditsClash`, which are our own mistakes.
    """
    try:
        folded = _fold(data, edits)
        parsed = _parse(path, folded)
        if isinstance(parsed, Skip):
            return parsed
        module = _edit_nodes(
            parsed, [edit for edit in edits if not isinstance(edit, EnsureImport | DropImport)]
        )
        imports = [edit for edit in edits if isinstance(edit, EnsureImport | DropImport)]
        if imports:
            longest = max((len(line) for line in data.splitlines()), default=0)
            whole = WholeFile(path, longest, folded.unfold_code)
            module = edit_imports(module, imports, whole, first_party)
        return folded.unfold(module.bytes)
    except RecursionError:
        return Skip(path, SkipReason.TOO_DEEP, "nested deeper than libcst can walk")
    except UnicodeError as error:
        return Skip(path, SkipReason.BAD_ENCODING, str(error))
    except cst.ParserSyntaxError as error:  # of the file itself `_parse` makes a skip
        raise EditsClash(f"the code of an edit does not parse: {error.message}") from error


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A file's tree, and the code of each statement of its level, whole where it is folded in the tree."""

    module: cst.Module
    pieces: tuple[str, ...]


def _fold(data: bytes, edits: Sequence[AnchoredEdit | ImportEdit]) -> Folded:
    """Leave to libcst what is edited; what Python does not parse is left to it whole, for its message."""
    anchors = [_anchors_of(edit) for edit in edits if not isinstance(edit, EnsureImport | DropImport)]
    touched = {(here[0].start.line, here[-1].end.line) for here in anchors}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return fold(data, ast.parse(data), touched)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Folded(data)


def _parse(path: str, folded: Folded) -> _Parsed | Skip:
    data = folded.data
    try:
        module = cst.parse_module(data)
    except cst.ParserSyntaxError as error:
        return Skip(path, SkipReason.SYNTAX_ERROR, f"libcst does not parse line {error.raw_line}")
    pieces = tuple(module.code_for_node(statement) for statement in module.body)
    header = (module.code_for_node(line) for line in module.header)
    footer = (module.code_for_node(line) for line in module.footer)
    code = "".join((*header, *pieces, *footer))
    if not module.has_trailing_newline:
        code = code.removesuffix(module.default_newline)
    # Writing costs a third of a parse: the pieces are needed anyhow, the whole only where they differ.
    if code.encode(module.encoding) != data and module.bytes != data:
        return Skip(path, SkipReason.ROUND_TRIP, "libcst does not write the file back byte for byte")
    return _Parsed(module, tuple(folded.unfold_code(piece) for piece in pieces))


def _edit_nodes(parsed: _Parsed, edits: Sequence[AnchoredEdit]) -> cst.Module:
    if not edits:
        return parsed.module
    edits = tuple(dict.fromkeys(edits))
    anchors = {anchor for edit in edits for anchor in _anchors_of(edit)}
    located = locate_anchors(parsed.module, parsed.pieces, anchors)
    snippets = Snippets(parsed.module.default_indent, parsed.module.default_newline)
    return EditWalk(edits, located, snippets).rewrite(parsed.module)


def _anchors_of(edit: AnchoredEdit) -> tuple[Anchor, ...]:
    return (edit.first, edit.last) if isinstance(edit, WrapRest) else (edit.anchor,)
