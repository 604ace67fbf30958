"""Attributes that a class assigns once, for all its objects: `self.PROXY` is `Tickets.PROXY` then."""

from __future__ import annotations

import ast
import re

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.scopes import BindingKind, Scope
from httpx_fixer.analysis.text_search import TextSearch


def find_class_constant(module: Module, search: TextSearch, value: ast.expr) -> tuple[str, str] | None:
    """Return the class and the attribute that `self.name` or `cls.name` reads, None where it may vary.

    The class has no bases and no decorators, which may make something else of an attribute, and nothing is
    derived from it; no code assigns the attribute to an object, and the value is no descriptor's.
    """
    if not isinstance(value, ast.Attribute) or not isinstance(value.value, ast.Name):
        return None
    scope = module.function_scope(value)
    owner = None if scope is None else module.classes.get(scope.qualname.rpartition(".")[0])
    if scope is None or owner is None or not _is_first_parameter(scope, value.value.id):
        return None
    is_plain = not owner.bases and not owner.keywords and not owner.decorator_list
    if not is_plain or owner not in module.tree.body or not _is_assigned_once(owner, value.attr):
        return None
    name, word = re.escape(owner.name), re.escape(value.attr)
    derived = re.compile(rf"\bclass \w+\([^)]*\b{name}\b")
    assigned = re.compile(rf"\.{word}\s*(?::[^=\n]*)?=(?!=)|\bdel [^\n]*\.{word}\b")
    if any(derived.search(search.text(path)) for path in search.mentions(owner.name.encode())):
        return None
    if search.is_attribute_assigned(value.attr) or assigned.search(search.text(module.path)):
        return None
    bound = module.table.module.bindings.get(owner.name, [])
    return (owner.name, value.attr) if len(bound) == 1 else None


def _is_first_parameter(scope: Scope, name: str) -> bool:
    """Answer whether a name is what a method gets its object or class as, and nothing else there."""
    node = scope.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    decorators = [ast.unparse(one) for one in node.decorator_list]
    first = [*node.args.posonlyargs, *node.args.args][:1]
    is_method = "staticmethod" not in decorators and bool(first) and first[0].arg == name
    bindings = scope.bindings.get(name, [])
    return is_method and len(bindings) == 1 and bindings[0].kind is BindingKind.PARAMETER


def _is_assigned_once(owner: ast.ClassDef, name: str) -> bool:
    """Answer whether the body of a class assigns a name, in one plain statement."""
    stored = [
        node
        for node in ast.walk(owner)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store | ast.Del)
    ]
    defined = [node for node in owner.body if getattr(node, "name", None) == name]
    lone = [
        one
        for one in owner.body
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and one.targets[0] in stored
    ]
    if len(stored) != 1 or len(lone) != 1 or defined:
        return False
    return isinstance(
        lone[0].value, ast.Constant | ast.Dict | ast.Name | ast.Attribute | ast.Tuple | ast.JoinedStr
    ) or _is_reading(lone[0].value)


def _is_reading(value: ast.expr) -> bool:
    """Answer whether a value is read from what is there: `os.environ["PROXY"]`, `config.get("proxy")`."""
    called = value.func if isinstance(value, ast.Call) else None
    named = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return isinstance(value, ast.Subscript | ast.BoolOp | ast.IfExp) or named in {"get", "getenv"}
