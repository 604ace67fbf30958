"""What the imports of one module bind, and where they stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import BindingKind
from httpx_fixer.source import Anchor


def iter_module_level_imports(module: Module) -> Iterator[str]:
    """Yield the dotted names that importing a module imports; leading dots for relative ones."""
    for binding in (one for found in module.table.module.bindings.values() for one in found):
        if isinstance(binding.node, ast.Import):
            yield from (alias.name for alias in binding.node.names)
        elif binding.target:
            yield binding.target


def find_docstring(module: Module) -> tuple[Anchor, str] | None:
    """Return the string that a module begins with, as (address, text)."""
    match module.tree.body[:1]:
        case [ast.Expr(value=ast.Constant(value=str(text)) as value)]:
            return module.anchor(value), text
    return None


def find_last_import(module: Module) -> Anchor | None:
    """Return the last statement of the block of imports at the top of a module.

    A `try` or `if` around imports is one of them: what it binds must be there for what follows.
    """
    found = None
    for statement in module.tree.body:
        is_header = isinstance(statement, ast.Import | ast.ImportFrom | ast.If | ast.Try)
        if is_header and _has_import(statement):
            found = statement
        elif found is not None and not is_header:
            break
    return None if found is None else module.anchor(found)


def _has_import(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(statement))


def may_lack(module: Module, name: str) -> bool:
    """Answer whether a module goes on where the package that a name is imported from is not installed.

    It says so by `name = None`, or by a handler around the import that does not raise.
    """
    bindings = module.table.module.bindings.get(name, [])
    kinds = {binding.kind for binding in bindings}
    if BindingKind.IMPORT in kinds and len(kinds) > 1:
        return True
    guarded = (one for one in module.tree.body if isinstance(one, ast.Try) and _binds(one.body, name))
    return any(
        not _binds(handler.body, name) and not any(_is_end(node) for node in ast.walk(handler))
        for statement in guarded
        for handler in statement.handlers
    )


def _is_end(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and "exit" in ast.unparse(node.func))


def _binds(body: list[ast.stmt], name: str) -> bool:
    imports = (one for one in body if isinstance(one, ast.Import | ast.ImportFrom))
    return any((alias.asname or alias.name.split(".")[0]) == name for one in imports for alias in one.names)


def needs_package(module: Module, package: str) -> bool:
    """Answer whether a module cannot be imported without a package."""
    return any(
        name.name.split(".")[0] == package
        for statement in module.tree.body
        if isinstance(statement, ast.Import)
        for name in statement.names
    ) or any(
        not statement.level and (statement.module or "").split(".")[0] == package
        for statement in module.tree.body
        if isinstance(statement, ast.ImportFrom)
    )


def find_spelling(module: Module, qualified: str) -> str | None:
    """Return how a module can say `httpx.AsyncClient` with what it imports at run time."""
    library, _, class_name = qualified.rpartition(".")
    for name, bindings in sorted(module.table.module.bindings.items()):
        if len(bindings) != 1 or bindings[0].type_checking or bindings[0].kind is not BindingKind.IMPORT:
            continue
        if bindings[0].target == qualified:
            return name
        if bindings[0].target == library:
            return f"{name}.{class_name}"
    return None
