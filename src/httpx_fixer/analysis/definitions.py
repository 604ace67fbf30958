"""What a module defines at its top level: to be compared with other code, and read back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from httpx_fixer.analysis.facts import Definition
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.parsing import parse
from httpx_fixer.analysis.site_facts import SpecArgument
from httpx_fixer.analysis.spec import build_argument
from httpx_fixer.source import Skip, SourceFile


def read_definitions(source: SourceFile) -> tuple[Definition, ...]:
    """Return the functions, classes and plain assignments of a module's level, in source order.

    The text may be a file's or our own; none are found in one that does not parse.
    """
    parsed = parse(source)
    if isinstance(parsed, Skip):
        return ()
    return tuple(_iter_definitions(Module(source, parsed.tree, is_test=False)))


def _iter_definitions(module: Module) -> Iterator[Definition]:
    for statement in module.tree.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                value = _returned(statement)
                parameters = tuple(n.arg for n in ast.walk(statement.args) if isinstance(n, ast.arg))
                yield _build(module, statement, statement.name, value, parameters)
            case ast.ClassDef():
                yield _build(module, statement, statement.name, None)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield _build(module, statement, name, statement.value)


def _returned(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.expr | None:
    """Return what the last statement of a function returns."""
    last = function.body[-1]
    return last.value if isinstance(last, ast.Return) else None


def _build(
    module: Module, statement: ast.stmt, name: str, value: ast.expr | None, parameters: tuple[str, ...] = ()
) -> Definition:
    decorators = getattr(statement, "decorator_list", [])
    return Definition(
        name,
        module.anchor(statement),
        min([statement.lineno, *(decorator.lineno for decorator in decorators)]),
        ast.unparse(statement),
        parameters,
        module.code(value.func) if isinstance(value, ast.Call) else "",
        _arguments(module, statement, value),
        tuple(_iter_rows(module, value)) if isinstance(value, ast.Dict) else (),
    )


def _arguments(module: Module, statement: ast.stmt, value: ast.expr | None) -> tuple[SpecArgument, ...]:
    """Return the keywords of a call, or the entries of a table that a function returns."""
    match value:
        case ast.Call():
            given = [(one.arg, one.value) for one in value.keywords if one.arg is not None]
            return tuple(build_argument(module, name, item) for name, item in given)
        case ast.Dict() if isinstance(statement, ast.FunctionDef):
            late = frozenset(_iter_imports(statement))
            found = tuple(_wait(argument, late) for argument in _iter_entries(module, value))
            # A function that makes what needs no making reads names that are bound below it.
            is_needed = any(argument.is_made for argument in found)
            return found if is_needed else tuple(replace(one, has_call=True) for one in found)
    return ()


def _iter_imports(function: ast.FunctionDef) -> Iterator[tuple[str, str, str]]:
    """Yield what the statements of a function import, each as (module, name, bound as)."""
    for statement in function.body:
        if isinstance(statement, ast.ImportFrom):
            module = "." * statement.level + (statement.module or "")
            yield from ((module, alias.name, alias.asname or alias.name) for alias in statement.names)


def _wait(argument: SpecArgument, late: frozenset[tuple[str, str, str]]) -> SpecArgument:
    own = sorted(one for one in late if one[2] in argument.names)
    return replace(argument, late_imports=tuple(own))


def _iter_rows(module: Module, table: ast.Dict) -> Iterator[tuple[str, tuple[SpecArgument, ...]]]:
    """Yield the rows of a table of tables whose keys are written out: `{"a": {"verify": False}}`.

    A row may be made by a function: `lambda: {...}`, or one that has a name, of which nothing is read here.
    """
    for key, value in zip(table.keys, table.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            continue
        row = value.body if isinstance(value, ast.Lambda) else value
        if isinstance(row, ast.Dict):
            yield key.value, tuple(_iter_entries(module, row))
        elif isinstance(row, ast.Name):
            yield key.value, ()


def _iter_entries(module: Module, table: ast.Dict) -> Iterator[SpecArgument]:
    for name, item in zip(table.keys, table.values, strict=True):
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield build_argument(module, name.value, item)
