"""One half of a case as modules that can be imported, and where a statement of it may fail."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType, FrameType, ModuleType
from typing import Any

CLOSERS = frozenset({"aclose", "close"})
_QUIET = (ast.Break, ast.Continue, ast.Pass, ast.FunctionDef, ast.AsyncFunctionDef)

Place = tuple[str, int]
"""A file and a line of it."""


class BoomError(Exception):
    """What a statement raises in place of what it does."""


@dataclass
class Injection:
    """Raises where the n-th statement is come to for the first time; `reached` counts them.

    Nothing raises where a `with` block is left, a `try` begins, something is closed or a function defined.
    """

    statements: dict[Place, ast.stmt]
    quiet: frozenset[ast.stmt]
    inside: dict[ast.stmt, frozenset[ast.stmt]]
    at: int
    error: type[BaseException]
    reached: int = 0
    last: dict[FrameType, ast.stmt | None] = field(default_factory=dict)
    seen: set[ast.stmt] = field(default_factory=set)

    def trace(self, frame: FrameType, event: str, argument: object) -> Any:
        del argument
        if not frame.f_code.co_filename.startswith(_MARK):
            return None
        if event == "line":
            self._step(frame)
        return self.trace

    def _step(self, frame: FrameType) -> None:
        statement = self.statements.get((frame.f_code.co_filename, frame.f_lineno))
        before = self.last.get(frame)
        self.last[frame] = statement
        if statement is None or statement is before or statement in self.quiet:
            return
        if before is not None and before in self.inside.get(statement, ()):
            return
        if statement in self.seen:
            return
        self.seen.add(statement)
        self.reached += 1
        if self.reached == self.at:
            raise self.error


_MARK = "<case>/"
"""What the names of files begin with that hold the modules of a case."""


@dataclass(frozen=True)
class Half:
    """One half of a case: `{path: source}`; those of `own` are not the case's, but written by the fix."""

    files: Mapping[str, str]
    own: frozenset[str] = frozenset()

    @cached_property
    def _modules(self) -> dict[str, tuple[CodeType, bool]]:
        """The code of each module by its name, and whether it is a package."""
        found: dict[str, tuple[CodeType, bool]] = {}
        for path, source in self.files.items():
            name = module_of(path)
            if name and "tests" not in name.split("."):
                code = compile(source, f"{_MARK}{path}", "exec", dont_inherit=True)
                found[name] = code, path.endswith("__init__.py")
        return found

    @contextlib.contextmanager
    def imported(self) -> Iterator[Mapping[str, ModuleType]]:
        """Import all modules anew, and yield them by their names; afterwards they are forgotten."""
        finder = _Finder(self._modules)
        hidden = {name: sys.modules.pop(name) for name in self._modules if name in sys.modules}
        sys.meta_path.insert(0, finder)
        try:
            yield {name: importlib.import_module(name) for name in self._modules}
        finally:
            sys.meta_path.remove(finder)
            for name in self._modules:
                sys.modules.pop(name, None)
            sys.modules.update(hidden)

    def plan(self, at: int, error: type[BaseException]) -> Injection:
        """Return an injection that raises at the n-th statement, 0 for none."""
        return Injection(*self._statements, at, error)

    @cached_property
    def _statements(
        self,
    ) -> tuple[dict[Place, ast.stmt], frozenset[ast.stmt], dict[ast.stmt, frozenset[ast.stmt]]]:
        """What stands on each line, what never raises, and what stands in each `with` block."""
        statements: dict[Place, ast.stmt] = {}
        quiet: set[ast.stmt] = set()
        inside: dict[ast.stmt, frozenset[ast.stmt]] = {}
        for path, node in self._iter_statements():
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                statements[f"{_MARK}{path}", line] = node
            if isinstance(node, ast.Try):
                quiet.add(node)
                quiet.update(inner for one in node.finalbody for inner in _statements_of(one))
            if isinstance(node, ast.With | ast.AsyncWith):
                inside[node] = frozenset(inner for one in node.body for inner in _statements_of(one))
            if _is_close(node) or _reads_all(node) or isinstance(node, _QUIET):
                quiet.add(node)
        return statements, frozenset(quiet), inside

    def _iter_statements(self) -> Iterator[tuple[str, ast.stmt]]:
        """Yield the statements of the case's own files, from the outside to the inside."""
        for path, source in self.files.items():
            if module_of(path) and path not in self.own:
                yield from ((path, node) for node in _statements_of(ast.parse(source)))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of a half."""

    def __init__(self, modules: Mapping[str, tuple[CodeType, bool]]) -> None:
        self._modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname not in self._modules:
            return None
        code, is_package = self._modules[fullname]
        spec = importlib.machinery.ModuleSpec(fullname, self, origin=code.co_filename, is_package=is_package)
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        exec(self._modules[module.__name__][0], vars(module))


def module_of(path: str) -> str:
    """Return the name of the module that a file holds, "" where it holds none."""
    stem = path.removesuffix(".py")
    return "" if stem == path else stem.replace("/", ".").removesuffix(".__init__")


def _statements_of(node: ast.AST) -> Iterator[ast.stmt]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.stmt))


def _is_close(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and any(
        isinstance(inner, ast.Attribute) and inner.attr in CLOSERS for inner in ast.walk(node)
    )


def _reads_all(node: ast.stmt) -> bool:
    """Answer whether a statement does nothing before it reads a body to its end, which closes it."""
    match node:
        case ast.Return(value=ast.Await(value=ast.Call(func=ast.Attribute(attr="aread")))):
            return True
        case ast.Return(value=ast.Call(func=ast.Attribute(attr="read"))):
            return True
    return False


@contextlib.contextmanager
def traced(plan: Injection) -> Iterator[None]:
    """Let an injection see every line that is run meanwhile."""
    before = sys.gettrace()
    sys.settrace(plan.trace)
    try:
        yield
    finally:
        sys.settrace(before)
