"""From planned edits of one file to its new bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    the place of new imports. The data is such as `ast` parses: what is nested deeper than that may
    crash libcst. A file that libcst cannot read and write back is a `Skip`. Raises `AnchorLost` and
    `EditsClash`, which are our own mistakes.
    """
    try:
        parsed = _parse(path, data)
        if isinstance(parsed, Skip):
            return parsed
        module = _edit_nodes(
            parsed, [edit for edit in edits if not isinstance(edit, EnsureImport | DropImport)]
        )
        imports = [edit for edit in edits if isinstance(edit, EnsureImport | DropImport)]
        if imports:
            longest = max((len(line) for line in data.splitlines()), default=0)
            module = edit_imports(path, module, imports, first_party, longest)
        return module.bytes
    except RecursionError:
        return Skip(path, SkipReason.TOO_DEEP, "nested deeper than libcst can walk")
    except UnicodeError as error:
        return Skip(path, SkipReason.BAD_ENCODING, str(error))


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A file's tree, and the code of each statement of its level."""

    module: cst.Module
    pieces: tuple[str, ...]


def _parse(path: str, data: bytes) -> _Parsed | Skip:
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
    return _Parsed(module, pieces)


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
