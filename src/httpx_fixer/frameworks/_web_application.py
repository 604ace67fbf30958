"""What web frameworks share whose application is told what to call when its server starts and stops."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import ProcessFramework, add_statement_after, is_demonstration
from httpx_fixer.frameworks._start_source import CLOSE, OPEN


class WebFramework(ProcessFramework):
    """A web framework that is wired by statements right below the one that makes the application."""

    classes: ClassVar[frozenset[str]]
    """The qualified names of the application class."""
    start: ClassVar[Start] = Start.HOOKS
    statements: ClassVar[tuple[str, ...]]
    """What is written below the application, which is called `{app}` there."""
    opening: ClassVar[tuple[str, ...]] = (OPEN, CLOSE)
    """What of the owning module the statements read."""
    takes_nameless: ClassVar[bool] = False
    """Whether an application can be wired where it is made, without a name."""
    package: ClassVar[str]
    """What the framework is called where versions are pinned."""
    since: ClassVar[tuple[int, ...]] = ()
    """The first version that has what the rewrite uses; () where all have."""

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every application that is made outside of demonstrations."""
        if not any(project.search.mentions(module.encode()) for module in self.modules):
            return ()
        class_name = min(self.classes, key=len).rpartition(".")[2]
        found = _asgi.find_applications(
            project, self.name, class_name, self.classes, nameless=self.takes_nameless
        )
        return tuple(
            replace(one, start=self.start)
            for one in found
            if not is_demonstration(one.path) or project.served.is_loaded(one.path)
        )

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether an application runs code of a file, as for those of FastAPI."""
        return _asgi.reaches(project, lifecycle, path)

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
        version = project.pinned_version(self.package, lifecycle.path) if self.since else None
        if version is None or version >= self.since:
            return None
        have, need = (".".join(map(str, one)) for one in (version, self.since))
        detail = f"{self.package} {have} is pinned; the rewrite needs {need}"
        return Refusal(RefusalReason.FRAMEWORK_TOO_OLD, detail, lifecycle.path, lifecycle.call.line)
