"""Frameworks whose object is told, in statements behind it, what to call at its start and its end."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, EnsureImport
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import ProcessFramework, add_statement_after, free_name
from httpx_fixer.frameworks._start_source import CLOSE, CLOSE_SYNC, KEEP, OPEN, OPEN_SYNC
from httpx_fixer.patterns import compile_later
from httpx_fixer.values import dataclass

WEB_APPLICATIONS = ("FastAPI", "Starlette", "Litestar", "Quart", "Sanic")
"""What applications are made of whose lifespan owns for all that they start."""
_TARGET = compile_later(r"\s*([\w.]+)\s*(?::[^=]+)?=\s*(?!=)")
_HOOKS = {Start.HOOKS: (OPEN, CLOSE), Start.SYNC_HOOKS: (OPEN_SYNC, CLOSE_SYNC), Start.EXIT: (KEEP,)}


@dataclass(frozen=True, slots=True)
class Statements:
    """What is added behind an object that is called `target`; `code` and `needs` as of the framework."""

    code: str
    needs: tuple[tuple[str, str], ...]
    target: str


class ObjectFramework(ProcessFramework):
    """A framework with one object (a broker, a scheduler) that modules register functions with."""

    words: ClassVar[tuple[str, ...]]
    """What the classes of such objects are called."""
    made: ClassVar[re.Pattern[str]]
    """The qualified names of these classes."""
    start: ClassVar[Start]
    code: ClassVar[str]
    """The statements, with `{target}`, `{open}`, `{close}` and the names that `needs` imports."""
    needs: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(module, name) of what the statements read; name "" for the module itself."""
    registers: ClassVar[re.Pattern[str] | None] = None
    """How other modules register functions with the object; they import the module that makes it."""

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every such object."""
        found = [
            Lifecycle(self.name, call.bound or Symbol(call.path, call.function), call, self.start)
            for call in project.calls_named(*self.words)
            if call.symbol is not None and not call.symbol.path and self.made.match(call.symbol.name)
        ]
        return tuple(sorted(found, key=lambda lifecycle: lifecycle.call.anchor))

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether the process runs code of a file: by an import, or from where it is registered."""
        key = f"{self.name} {lifecycle.path}"
        starts = project.remember(key, lambda: self._find_registering(project, lifecycle.path))
        return any(project.imports.reaches(start, path) for start in starts)

    def _find_registering(self, project: Project, home: str) -> tuple[str, ...]:
        if self.registers is None:
            return (home,)
        paths = project.search.naming(home)
        found = (path for path in paths if self.registers.search(project.search.text(path)))
        return (home, *(path for path in found if path != home and project.imports.reaches(path, home)))

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that add the statements behind the one that makes the object."""
        target = find_target(project, lifecycle.call)
        if not target:
            detail = f"the object of {self.name} that is made here has no name"
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, lifecycle.call.line)
        return self._add(project, ownership, lifecycle, Statements(self.code, self.needs, target))

    def _add(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle, added: Statements
    ) -> tuple[Edit, ...] | Refusal:
        names = {
            name or module: free_name(project, lifecycle, name or module, f"{module}.{name}".rstrip("."))
            for module, name in added.needs
        }
        hooks = _HOOKS[lifecycle.start]
        code = added.code.format(target=added.target, open=hooks[0], close=hooks[-1], **names)
        edits = add_statement_after(project, ownership, lifecycle, code, hooks)
        if isinstance(edits, Refusal) or not edits:
            return edits
        imports = (
            EnsureImport(lifecycle.path, module, name or None, None if alias == (name or module) else alias)
            for (module, name), alias in zip(added.needs, names.values(), strict=True)
        )
        return (*imports, *edits)


def find_target(project: Project, call: Call) -> str:
    """Return what a call, or the chain of calls that begins with it, is assigned to; "" where it is not."""
    lines = project.search.text(call.path).splitlines()
    first, begin = lines[call.statement.start.line - 1], call.anchor.start
    found = _TARGET.match(first)
    if found is None:
        return ""
    if begin.line == call.statement.start.line:
        return found[1] if begin.column == found.end() else ""
    is_below = first[found.end() :].strip() in {"(", "\\"} and begin.line == call.statement.start.line + 1
    return found[1] if is_below and not lines[begin.line - 1][: begin.column].strip() else ""
