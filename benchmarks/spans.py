"""Whether a rewritten file differs from the original only where the edits of its fixes say so."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator

from httpx_fixer.fix import (
    AddDecorator,
    AddParameter,
    AddToFinally,
    CreateFile,
    DropImport,
    Edit,
    EnsureImport,
    InsertStatements,
    RemoveStatement,
    UnwrapWith,
    WrapRest,
    WrapStatement,
    path_of,
)
from httpx_fixer.report import FileChange, Report
from httpx_fixer.rewrite.parsing import parse_tree
from httpx_fixer.rewrite.plan import is_applicable
from httpx_fixer.source import Anchor, SourceFile

Lines = tuple[int, int]
"""First and last line of what may change; text may be put before the first and behind the last."""


def find_stray_change(report: Report, *, unsafe_fixes: bool) -> str | None:
    """Return the first place that changed and that no edit names, None where there is none."""
    edits = [
        edit
        for diagnostic in report.diagnostics
        if diagnostic.fix is not None and is_applicable(diagnostic.fix, unsafe_fixes=unsafe_fixes)
        for edit in diagnostic.fix.edits
    ]
    for change in report.changes:
        of_file = [edit for edit in edits if path_of(edit) == change.path]
        if change.before is None:
            if not any(isinstance(edit, CreateFile) for edit in of_file):
                return f"{change.path}: no fix creates it"
        else:
            line = _find_stray_line(change, of_file)
            if line is not None:
                return f"{change.path}:{line}: changed, and no edit is there"
    return None


def _find_stray_line(change: FileChange, edits: Iterable[Edit]) -> int | None:
    """Return the line before which what has to stay does not; all that has to is there, in its order."""
    assert change.before is not None
    old = SourceFile(change.path, change.before).text.splitlines()
    new = SourceFile(change.path, change.after).text.splitlines()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = parse_tree(SourceFile(change.path, change.before).text)
    may_change = _widen(old, [lines for edit in edits for lines in _iter_lines(edit, tree)])
    at = 0
    for first, kept in _iter_kept(old, may_change):
        is_last = first + len(kept) > len(old)
        found = _find_run(new, kept, max(at, len(new) - len(kept)) if is_last else at)
        if found is None or (first == 1 and found):
            return first
        at = found + len(kept)
    return None


def _iter_kept(old: list[str], may_change: list[bool]) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines between what may change, each run with the number of its first line."""
    run: list[str] = []
    for number, line in enumerate(old, start=1):
        if not may_change[number]:
            run.append(line)
        elif run:
            yield number - len(run), run
            run = []
    if run:
        yield len(old) + 1 - len(run), run


def _find_run(lines: list[str], wanted: list[str], start: int) -> int | None:
    for at in range(start, len(lines) - len(wanted) + 1):
        if lines[at : at + len(wanted)] == wanted:
            return at
    return None


def _widen(old: list[str], spans: Iterable[Lines]) -> list[bool]:
    """Return for each line (from 1) whether it may change: those of spans, and empty ones beside them."""
    may_change = [False] * (len(old) + 2)
    for first, last in spans:
        above, below = max(min(first, len(old)), 1), min(last, len(old))
        while above > 1 and not old[above - 2].strip():
            above -= 1
        while below < len(old) and not old[below].strip():
            below += 1
        for number in range(above, below + 1):
            may_change[number] = True
    return may_change


def _iter_lines(edit: Edit, tree: ast.Module) -> Iterator[Lines]:
    match edit:
        case EnsureImport() | DropImport():
            yield from _iter_import_lines(tree)
        case AddParameter() | AddDecorator():
            yield _header(tree, edit.anchor)
        case WrapRest():
            yield _above(tree, edit.first.start.line), edit.last.end.line + 1
        case InsertStatements() | RemoveStatement() | AddToFinally() | UnwrapWith() | WrapStatement():
            yield _above(tree, edit.anchor.start.line), edit.anchor.end.line + 1
        case CreateFile():
            return
        case _:
            yield edit.anchor.start.line, edit.anchor.end.line


def _above(tree: ast.Module, line: int) -> int:
    """Return the line behind the statement above one: comments between the two may move."""
    ends = [
        node.end_lineno if node.end_lineno < line else node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno < line and node.end_lineno is not None
    ]
    return min(line, max(ends, default=0) + 1)


def _header(tree: ast.Module, anchor: Anchor) -> Lines:
    """Return the lines of a function from its first decorator to the start of its body."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno == anchor.start.line:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            return first, max(node.lineno, node.body[0].lineno)
    return anchor.start.line, anchor.end.line


def _iter_import_lines(tree: ast.Module) -> Iterator[Lines]:
    """Yield the imports at the module's level, or where the first would stand."""
    body = list(tree.body)
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        yield body[0].end_lineno or 1, (body[0].end_lineno or 1)
    elif body:
        yield 1, 1
    while body:
        statement = body.pop()
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement.lineno - 1, (statement.end_lineno or statement.lineno) + 1
        elif isinstance(statement, ast.Try | ast.If):
            body += [*statement.body, *statement.orelse]
            body += [each for handler in getattr(statement, "handlers", ()) for each in handler.body]
