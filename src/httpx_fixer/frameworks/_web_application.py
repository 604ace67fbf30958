"""What web frameworks share whose application is told what to call when its server starts and stops."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import ProcessFramework, add_statement_after, is_demonstration
from httpx_fixer.frameworks._start_source import CLOSE, OPEN


class WebFramework(ProcessFramework):
    """A web framework that is wired by statements right below the one that makes the application.

    Code is run by an application where the application's module imports it, or a module that adds
    something to the application (`@app.route(...)`).
    """

    classes: ClassVar[frozenset[str]]
    """The qualified names of the application class."""
    start: ClassVar[Start] = Start.HOOKS
    statements: ClassVar[tuple[str, ...]]
    """What is written below the application, which is called `{app}` there."""
    opening: ClassVar[tuple[str, ...]] = (OPEN, CLOSE)
    """What of the owning module the statements read."""
    package: ClassVar[str]
    """What the framework is called where versions are pinned."""
    since: ClassVar[tuple[int, ...]] = ()
    """The first version that has what the rewrite uses; () where all have."""

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every application that is assigned to a name or an attribute."""
        return project.remember(
            f"applications of {self.name}",
            lambda: tuple(
                Lifecycle(self.name, call.bound or Symbol(call.path, call.target), call, self.start)
                for call in find_objects(project, self.classes)
            ),
        )

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether the application's module, or one that adds to the application, imports a file."""
        roots = project.remember(f"roots of {lifecycle.call.anchor}", lambda: _find_roots(project, lifecycle))
        return any(project.imports.reaches(root, path) for root in roots)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that add the statements below the application."""
        refusal = self.find_pin(project, lifecycle)
        if refusal is not None:
            return refusal
        code = "".join(f"{line}\n" for line in self.statements).format(app=lifecycle.call.target)
        return add_statement_after(project, ownership, lifecycle, code, self.opening)

    def find_pin(self, project: Project, lifecycle: Lifecycle) -> Refusal | None:
        """Return why the framework is too old, None where it is not or where nothing is pinned."""
        version = project.pinned_version(self.package) if self.since else None
        if version is None or version >= self.since:
            return None
        have, need = (".".join(map(str, one)) for one in (version, self.since))
        detail = f"{self.package} {have} is pinned; the rewrite needs {need}"
        return Refusal(RefusalReason.FRAMEWORK_TOO_OLD, detail, lifecycle.path, lifecycle.call.line)


def find_objects(project: Project, classes: frozenset[str]) -> tuple[Call, ...]:
    """Return the calls that make objects of a class or of a project class derived from it, and keep them."""
    names = {name.rpartition(".")[2] for name in classes}
    derived: set[str] = set()
    for name in sorted(names):
        pattern = re.compile(rf"class (\w+)\([^()]*\b{name}\b[^()]*\)")
        for path in project.search.mentions(f"{name})".encode()) + project.search.mentions(
            f"{name},".encode()
        ):
            derived.update(pattern.findall(project.search.text(path)))
    found = {
        call
        for call in project.calls_named(*sorted(names | derived))
        if call.target and project.is_kind_of(call.symbol, classes) and not is_demonstration(call.path)
    }
    return tuple(sorted(found, key=lambda call: call.anchor))


def _find_roots(project: Project, lifecycle: Lifecycle) -> tuple[str, ...]:
    name = lifecycle.call.target.rpartition(".")[2]
    adding = [
        path
        for path in project.search.mentions(f"@{name}.".encode())
        if path != lifecycle.path and project.imports.reaches(path, lifecycle.path)
    ]
    return (lifecycle.path, *adding)
