"""What a module defines at its top level: to be compared with other code, and read back."""

from __future__ import annotations

import ast
from collections.abc import Iterator

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
    tree = parse(source)
    return () if isinstance(tree, Skip) else tuple(_iter_definitions(Module(source, tree, is_test=False)))


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
        _keywords(module, value) if isinstance(value, ast.Call) else (),
        tuple(_iter_rows(module, value)) if isinstance(value, ast.Dict) else (),
    )


def _keywords(module: Module, call: ast.Call) -> tuple[SpecArgument, ...]:
    return tuple(build_argument(module, one.arg, one.value) for one in call.keywords if one.arg is not None)


def _iter_rows(module: Module, table: ast.Dict) -> Iterator[tuple[str, tuple[SpecArgument, ...]]]:
    """Yield the rows of a table of tables whose keys are written out: `{"a": {"verify": False}}`."""
    for key, value in zip(table.keys, table.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and isinstance(value, ast.Dict):
            inner = zip(value.keys, value.values, strict=True)
            yield (
                key.value,
                tuple(
                    build_argument(module, name.value, item)
                    for name, item in inner
                    if isinstance(name, ast.Constant) and isinstance(name.value, str)
                ),
            )
