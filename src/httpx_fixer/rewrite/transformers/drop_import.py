"""Remove the import of a name."""

from __future__ import annotations

import libcst as cst

from httpx_fixer.fix import DropImport
from httpx_fixer.rewrite.commas import leave_comments, narrow_spacing
from httpx_fixer.rewrite.import_names import bound_name, list_names, read_names, write_names
from httpx_fixer.rewrite.import_order import module_of
from httpx_fixer.rewrite.lines import Lines, collect_comments, has_comment, strip_blank_lines
from httpx_fixer.rewrite.passage import Passage, Statement, join_passages
from httpx_fixer.rewrite.silences import is_told, without_silence
from httpx_fixer.rewrite.transformers.remove_statement import remove_statement


def drop_import(edit: DropImport, module: cst.Module, added: frozenset[str] = frozenset()) -> cst.Module:
    """Return the module without the module-level imports of the name, which nothing reads.

    An import that says that it is there for others stays: `import x as x`, or one marked `noqa: F401`.
    `added` are the modules of imports that are new: one right below the name's takes its place, and
    with that the comment above it.
    """
    passages = [_drop_from(edit.bound, statement) for statement in module.body]
    header = tuple(module.header)
    for at, passage in enumerate(passages[1:], start=1):
        above = passages[at - 1].after or (header if at == 1 else ())
        is_heir = not passages[at - 1].statements and _is_import_of(passage, added)
        if is_heir and above and above[-1].comment and not has_comment(passage.leading_lines):
            passages[at] = passage.with_leading_lines(())
    if passages and not passages[0].statements:
        # libcst keeps what stands above the first statement in the module's header.
        passages.insert(0, Passage((), header))
        header = ()
    joined = join_passages(passages)
    footer = (*strip_blank_lines(joined.after), *module.footer)
    return module.with_changes(
        header=header,
        body=joined.statements,
        footer=footer,
        has_trailing_newline=module.has_trailing_newline and bool(header or joined.statements or footer),
    )


def _is_import_of(passage: Passage, modules: frozenset[str]) -> bool:
    first = passage.statements[0] if passage.statements else None
    small = first.body[0] if isinstance(first, cst.SimpleStatementLine) else None
    return isinstance(small, cst.Import | cst.ImportFrom) and module_of(small) in modules


def _drop_from(bound: str, statement: Statement) -> Passage:
    """Return the statement without the name, or only its comments."""
    if not isinstance(statement, cst.SimpleStatementLine) or not _may_drop(statement):
        return Passage((statement,))
    smalls: list[cst.BaseSmallStatement] = []
    freed: Lines = ()
    for small in statement.body:
        kept, comments = _drop_name(bound, small)
        smalls += [kept] if kept else []
        freed += comments
    if not smalls:
        return remove_statement(Passage((without_silence(statement),)))
    if smalls == list(statement.body):
        return Passage((statement,))
    if smalls[-1] is not statement.body[-1]:
        smalls[-1] = smalls[-1].with_changes(semicolon=statement.body[-1].semicolon)
    lines = (*statement.leading_lines, *freed)
    return Passage((statement.with_changes(body=smalls, leading_lines=lines),))


def _may_drop(line: cst.SimpleStatementLine) -> bool:
    has_import = any(isinstance(small, cst.Import | cst.ImportFrom) for small in line.body)
    return has_import and not is_told(line)


def _drop_name(bound: str, small: cst.BaseSmallStatement) -> tuple[cst.BaseSmallStatement | None, Lines]:
    """Return the statement without the name, None where nothing is left, and the comments freed."""
    if not isinstance(small, cst.Import | cst.ImportFrom) or module_of(small) == "__future__":
        return small, ()
    names, spacing, freed = list_names(small), read_names(small), Lines()
    gone = [at for at, name in enumerate(names) if _binds(name, bound)]
    if not gone or len(gone) == len(names):
        return (None, collect_comments(small)) if gone else (small, ())
    for at in reversed(gone):
        before = spacing.gaps[at]
        spacing, comments = narrow_spacing(spacing, at)
        spacing, comments = leave_comments(spacing, at, comments, before)
        freed = (*comments, *freed)
        del names[at]
    return write_names(small, names, spacing), freed


def _binds(name: cst.ImportAlias, bound: str) -> bool:
    return bound_name(name) == bound and name.evaluated_alias != name.evaluated_name
