"""Programs whose functions stand below one more decorator, and programs without it again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from fixture_cases import Case, Tree

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_IMPORTS = (ast.Import, ast.ImportFrom)

NAME = "timed"
_LOCAL = f"""

def {NAME}(function):
    from functools import wraps
    from inspect import iscoroutinefunction

    @wraps(function)
    def run(*args, **kwargs):
        return function(*args, **kwargs)

    @wraps(function)
    async def run_async(*args, **kwargs):
        return await function(*args, **kwargs)

    return run_async if iscoroutinefunction(function) else run
"""
_BESIDE = "times_of_calls"
_NOT_TO_BE_WRAPPED = frozenset(
    {"property", "setter", "staticmethod", "classmethod", "contextmanager", "asynccontextmanager"}
)


def decorate(case: Case, home: str) -> tuple[Tree, frozenset[tuple[str, str]]]:
    """Return the tree of a case with a decorator at its marked functions, and those: (path, name).

    The decorator is one of the project: in the module itself (`local`) or in one beside it (`beside`);
    or of a package that nobody knows (`foreign`).
    """
    tree, decorated = dict(case.before), set[tuple[str, str]]()
    for path, data in case.before.items():
        marked = {mark.line for mark in case.marks if mark.path == path}
        is_plain = b"\r" not in data and b"httpx-fixer:" not in data and NAME.encode() not in data
        if not (marked and path.endswith(".py") and is_plain and data.isascii()):
            continue
        module, lines = ast.parse(data), data.decode().split("\n")
        functions = [one for one in _iter_outer(module) if _has_mark(one, marked) and _may_wrap(one)]
        for function in sorted(functions, key=lambda one: -one.lineno):
            lines.insert(function.lineno - 1, f"{' ' * function.col_offset}@{NAME}")
            decorated.add((path, function.name))
        if functions:
            lines.insert(_count_head(module), _write_home(tree, path, home))
            tree[path] = "\n".join(lines).encode()
    return tree, frozenset(decorated)


def _write_home(tree: Tree, path: str, home: str) -> str:
    """Return the code that brings the decorator into a module; the file beside is put into the tree."""
    if home == "local":
        return _LOCAL
    if home == "foreign":
        return f"from ledger_of_others import {NAME}"
    directory = PurePosixPath(path).parent
    tree[str(directory / f"{_BESIDE}.py")] = _LOCAL.lstrip().encode()
    dot = "." if str(directory / "__init__.py") in tree else ""
    return f"from {dot}{_BESIDE} import {NAME}"


def _iter_outer(node: ast.AST) -> Iterator[FunctionNode]:
    """Yield the functions that stand in no other, methods too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            yield child
        else:
            yield from _iter_outer(child)


def _has_mark(function: FunctionNode, marked: set[int]) -> bool:
    return any(function.lineno <= line <= (function.end_lineno or 0) for line in marked)


def _may_wrap(function: FunctionNode) -> bool:
    """Answer whether a wrapper may stand around a function: generators and properties are something else.

    Of what makes a client for its callers nobody can say what they get: the wrapper may keep it.
    """
    is_generator = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))
    names = {ast.unparse(one).rpartition(".")[2] for one in function.decorator_list}
    is_special = is_generator or names & _NOT_TO_BE_WRAPPED or function.name.startswith("__")
    return not is_special and not _returns_client(function)


def _returns_client(function: FunctionNode) -> bool:
    made = {
        ast.unparse(target)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and "Client(" in ast.unparse(node.value)
        for target in node.targets
    }
    returns = (node.value for node in ast.walk(function) if isinstance(node, ast.Return))
    returned = [ast.unparse(value) for value in returns if value is not None]
    said = "" if function.returns is None else ast.unparse(function.returns)
    return "Client" in said or any(text in made or "Client(" in text for text in returned)


def _count_head(module: ast.Module) -> int:
    """Return the last line of the docstring and of the imports below it, those in blocks too."""
    last = 0
    for statement in module.body:
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not is_text and not any(isinstance(one, _IMPORTS) for one in ast.walk(statement)):
            break
        if isinstance(statement, FunctionNode | ast.ClassDef):
            break
        last = statement.end_lineno or last
    return last


def shape_without(data: bytes) -> str:
    """Return a program without the decorator, its layout and its imports."""
    module = ast.parse(data)
    for node in ast.walk(module):
        if isinstance(node, FunctionNode):
            node.decorator_list = [one for one in node.decorator_list if ast.unparse(one) != NAME]
    module.body = [
        one
        for one in module.body
        if not isinstance(one, ast.Import | ast.ImportFrom) and getattr(one, "name", "") != NAME
    ]
    return ast.dump(module)


def list_parameters(data: bytes) -> dict[str, str]:
    """Return `{name: parameters}` of the decorated functions."""
    return {
        one.name: ast.unparse(one.args)
        for one in _iter_outer(ast.parse(data))
        if any(ast.unparse(decorator) == NAME for decorator in one.decorator_list)
    }
