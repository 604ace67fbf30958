"""Bind a name at the top of a module."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from httpx_fixer.fix import EnsureImport
from httpx_fixer.rewrite.commas import widen_spacing
from httpx_fixer.rewrite.import_blocks import count_head, iter_imports, place_import
from httpx_fixer.rewrite.import_names import find_rank, list_names, read_names, write_names, write_one_a_line
from httpx_fixer.rewrite.import_order import ImportStatement, module_of
from httpx_fixer.rewrite.import_uses import find_first_use
from httpx_fixer.rewrite.passage import read_suite
from httpx_fixer.rewrite.snippets import Snippets
from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class ImportStyle:
    """How imports are written in a project and a file.

    `first_party` holds the project's own top-level packages. A statement may grow to `line`
    characters before it is laid out one name a line.
    """

    snippets: Snippets
    first_party: frozenset[str]
    line: int


def ensure_import(edit: EnsureImport, module: cst.Module, style: ImportStyle) -> cst.Module:
    """Return the module with the name bound: as it is, in a statement that is there, or in a new one."""
    if any(_binds(small, edit) for small in _iter_bindings(module)):
        return module
    bound = edit.alias or edit.name or edit.module.split(".")[0]
    end = min(count_head(module), find_first_use(module, bound))
    for at, small in iter_imports(module):
        if at < end and isinstance(small, cst.ImportFrom) and _can_take(small, edit):
            return _replace_small(module, at, small, _add_name(small, edit, style))
    target = f"{edit.name or edit.module}{f' as {edit.alias}' if edit.alias else ''}"
    code = f"from {edit.module} import {target}" if edit.name else f"import {target}"
    (line,) = style.snippets.passage(code).statements
    assert isinstance(line, cst.SimpleStatementLine)
    return place_import(module, line, style.first_party, end)


def _iter_bindings(module: cst.Module) -> Iterator[ImportStatement]:
    """Yield the imports of the module's level and those that a top-level `try` guards."""
    for _, small in iter_imports(module):
        yield small
    for statement in module.body:
        if isinstance(statement, cst.Try):
            guarded = module.with_changes(body=read_suite(statement.body).statements)
            yield from (small for _, small in iter_imports(guarded))


def _binds(small: ImportStatement, edit: EnsureImport) -> bool:
    """Answer whether the statement already binds that very thing under that name."""
    if isinstance(small.names, cst.ImportStar):
        return False
    if isinstance(small, cst.ImportFrom):
        named = {(name.evaluated_name, name.evaluated_alias) for name in small.names}
        return module_of(small) == edit.module and (edit.name, edit.alias) in named
    if edit.name is not None:
        return False
    if edit.alias:
        wanted = (edit.module, edit.alias)
        return any((name.evaluated_name, name.evaluated_alias) == wanted for name in small.names)
    # `import a.b` binds `a` too, but `import a` does not load `a.b`.
    plain = (f"{name.evaluated_name}." for name in small.names if name.asname is None)
    return any(name.startswith(f"{edit.module}.") for name in plain)


def _can_take(small: cst.ImportFrom, edit: EnsureImport) -> bool:
    """Answer whether the name may join the statement.

    isort gives `from m import a as b` a statement of its own, so aliases and plain names are joined
    only where the author did so.
    """
    if edit.name is None or isinstance(small.names, cst.ImportStar) or module_of(small) != edit.module:
        return False
    aliased = sum(alias.asname is not None for alias in small.names)
    return aliased < len(small.names) and bool(aliased) >= bool(edit.alias)


def _replace_small(module: cst.Module, at: int, old: cst.ImportFrom, new: ImportStatement) -> cst.Module:
    line = module.body[at]
    assert isinstance(line, cst.SimpleStatementLine)
    line = line.with_changes(body=[new if small is old else small for small in line.body])
    return module.with_changes(body=[*module.body[:at], line, *module.body[at + 1 :]])


def _add_name(small: cst.ImportFrom, edit: EnsureImport, style: ImportStyle) -> ImportStatement:
    assert edit.name is not None
    asname = cst.AsName(cst.Name(edit.alias)) if edit.alias else None
    new = cst.ImportAlias(cst.Name(edit.name), asname=asname)
    names = list_names(small)
    at = find_rank(names, new)
    spacing = widen_spacing(read_names(small), at, 1, style.snippets.indent)
    names.insert(at, new)
    grown = write_names(small, names, spacing)
    if spacing.has_line_break or len(cst.Module([]).code_for_node(grown)) <= style.line:
        return grown
    return write_one_a_line(small, names, style.snippets.indent)
