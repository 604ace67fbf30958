"""What tests put in the place of something: by `patch`, by `setattr`, or by assigning to it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from httpx_fixer.analysis.double_arguments import takes_any_argument
from httpx_fixer.analysis.imports import stem_of
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.scopes import FunctionNode
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.analysis.store import is_test_path
from httpx_fixer.analysis.text_search import TextSearch
from httpx_fixer.values import dataclass

_LOOKS = r"(?:assert_(?:called|awaited)(?:_once)?_with|assert_(?:any|has)_\w+|(?:call|await)_args|mock_calls)"
_CLASSES = ("AsyncClient", "Client")


@dataclass(frozen=True, slots=True)
class Double:
    """Something that a test puts in the place of `target` (as the test says it, dotted).

    `takes_any` says that it can be called with any arguments, `name` what the test calls it, "" where
    it needs no name; `holder` is the function that has it.
    """

    target: str
    line: int
    takes_any: bool
    name: str
    holder: str


class Doubles:
    """Answers which tests would notice one more argument in a call."""

    def __init__(self, resolver: Resolver, search: TextSearch) -> None:
        self._resolver = resolver
        self._search = search
        self._found: dict[str, tuple[Double, ...]] = {}

    def find_narrow(self, site: ClientSite) -> tuple[str, int] | None:
        """Return the test in which what a site calls may take no more arguments, or has them looked at."""
        stem = re.escape(stem_of(site.path))
        first = re.escape(site.spec.class_code.split(".")[0])
        last = re.escape(site.top_level or site.spec.class_name)
        own = re.compile(rf"(?:.*\.)?{stem}\.{first}(?:\.{last})?")
        anywhere = re.compile(rf"(?:.*\.)?httpx2?\.{last}")
        # What does not look as if it replaced something of the name is not parsed.
        names = "|".join(sorted({"httpx2?", first, *([] if site.top_level else [last])}))
        hint = rf"(?s:\b(?:patch|setattr)\b.{{0,160}}?\b(?:{names})\b)|\.(?:Async)?Client\s*=(?!=)".encode()
        word = (site.top_level or site.spec.class_name).encode()
        for path, _ in self._search.places_in_tests(word, hint):
            for double in self._doubles(path):
                is_ours = own.fullmatch(double.target) is not None
                may_be_ours = anywhere.fullmatch(double.target) and self._search.may_drive(path, site.path)
                if (is_ours or may_be_ours) and (
                    not double.takes_any or self._is_looked_at(path, double, last)
                ):
                    return path, double.line
        return None

    def _doubles(self, path: str) -> tuple[Double, ...]:
        if path not in self._found:
            module = self._resolver.store.module(path)
            self._found[path] = () if module is None else tuple(self._iter_doubles(module))
        return self._found[path]

    def _iter_doubles(self, module: Module) -> Iterator[Double]:
        mocks: dict[str, str] = {}
        for call in module.calls:
            replaced = _find_replaced(call)
            if replaced is None:
                continue
            target, new = replaced
            takes = takes_any_argument(self._resolver, module, call, new)
            name = _find_name(module, call, new)
            mocks[name] = target
            yield Double(target, call.lineno, takes, name, module.function_name(call))
        for node in module.table.parents:
            match node:
                case ast.Assign(targets=[ast.Attribute(value=whole, attr=attribute)]) if (
                    attribute in _CLASSES
                ):
                    holder = ast.unparse(whole)
                    takes = takes_any_argument(self._resolver, module, None, node.value)
                    target, name = f"{mocks.get(holder, holder)}.{attribute}", ast.unparse(node.value)
                    yield Double(target, node.lineno, takes, name, module.function_name(node))

    def _is_looked_at(self, path: str, double: Double, last: str) -> bool:
        """Answer whether a test looks at the arguments that a double was called with."""
        if not double.name:
            return False
        suffix = "" if double.target.rpartition(".")[2] in {*_CLASSES, last} else rf"\.{last}"
        looks = re.compile(rf"(?<![\w.]){re.escape(double.name)}{suffix}\.{_LOOKS}\b")
        if looks.search(self._search.text(path)):
            return True
        # A fixture hands its mock on under its own name.
        fixture = double.holder.rpartition(".")[2]
        if not fixture:
            return False
        handed = re.compile(rf"(?<![\w.]){re.escape(fixture)}{suffix}\.{_LOOKS}\b".encode())
        tests = filter(is_test_path, self._resolver.store.paths_with(fixture.encode()))
        return any(handed.search(self._resolver.store.data(other)) for other in tests)


def _find_replaced(call: ast.Call) -> tuple[str, ast.expr | None] | None:
    """Return what a call replaces, and by what; None for no such call, and for a new mock."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in {"patch", "setattr"}:
            by_name = name == "patch"
        case ast.Attribute(value=ast.Name(id="patch") | ast.Attribute(attr="patch"), attr="object"):
            by_name = False
        case _:
            return None
    new = next((keyword.value for keyword in call.keywords if keyword.arg in {"new", "value"}), None)
    match call.args:
        case [ast.Constant(value=str(target)), *rest] if by_name or len(call.args) < _WITH_OBJECT:
            return target, rest[0] if rest else new
        case [holder, ast.Constant(value=str(name)), *rest]:
            return f"{ast.unparse(holder)}.{name}", rest[0] if rest else new
    return None


_WITH_OBJECT = 3
"""How many arguments `setattr(module, "name", value)` has; `setattr("module.name", value)` has fewer."""


def _find_name(module: Module, call: ast.Call, new: ast.expr | None) -> str:
    """Return what a test calls the double that a call puts in place, "" for nothing."""
    if isinstance(new, ast.Name | ast.Attribute):
        return ast.unparse(new)
    node: ast.AST = call
    for parent in module.ancestors(call):
        match parent:
            case ast.withitem(optional_vars=ast.Name(id=name)) if parent.context_expr is node:
                return name
            case ast.Assign(targets=[target]) if parent.value is node:
                return _find_started(module, ast.unparse(target)) or ast.unparse(target)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node in parent.decorator_list:
                return _find_parameter(parent, node)
            case ast.Attribute(attr="start") | ast.Call():
                node = parent
            case _:
                return ""
    return ""


def _find_started(module: Module, patcher: str) -> str:
    """Return the name of `mock = patcher.start()`, "" where there is none."""
    found = re.search(rf"([\w.]+)\s*=\s*{re.escape(patcher)}\.start\(", module.source.text)
    return "" if found is None else found[1]


def _find_parameter(function: FunctionNode, decorator: ast.AST) -> str:
    """Return the parameter that a decorator fills: the lowest `patch` that makes a mock fills the first."""
    filling = [
        one
        for one in reversed(function.decorator_list)
        if isinstance(one, ast.Call) and (replaced := _find_replaced(one)) is not None and replaced[1] is None
    ]
    names = [argument.arg for argument in function.args.args if argument.arg not in {"self", "cls"}]
    index = next((number for number, one in enumerate(filling) if one is decorator), len(names))
    return names[index] if index < len(names) else ""
