"""arq: the hooks of the worker's settings own, jobs borrow."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.analysis.facts import Class, Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, InsertStatements
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._hooks import close_in, open_in
from httpx_fixer.frameworks._process import ProcessFramework, place_at
from httpx_fixer.frameworks._start_source import CLOSE, OPEN

_HOOKS = (("on_startup", OPEN, open_in), ("on_shutdown", CLOSE, close_in))
_JOBS = ("functions", "cron_jobs")


class Arq(ProcessFramework):
    """An arq worker runs all jobs on one loop, between `on_startup` and `on_shutdown`.

    Both are attributes of the class of settings that the worker is started with. A job that is named
    by a string is loaded by the worker, not imported by the settings. Read and run in 0.28.0.
    https://arq-docs.helpmanual.io/#startup-and-shutdown-coroutines
    """

    name: ClassVar[str] = "arq"
    modules: ClassVar[frozenset[str]] = frozenset({"arq"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every class of settings for a worker."""
        return tuple(
            Lifecycle(self.name, found.symbol, place_at(found.anchor), Start.HOOKS)
            for found in _find_settings(project)
        )

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether a worker runs code of a file: by an import, or as a job named by a string."""
        settings = _settings_of(project, lifecycle)
        named = (value for name in _JOBS if (value := settings.value(name)) is not None)
        modules = (
            project.imports.module_of_import(lifecycle.path, *name.rpartition(".")[::2])
            for value in named
            for name in re.findall(r"[\"']([\w.]+\.\w+)[\"']", value.code)
        )
        starts = [lifecycle.path, *(module for module in modules if module is not None)]
        return any(project.imports.reaches(start, path) for start in starts)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that give the settings their hooks, or extend those that they have."""
        settings = _settings_of(project, lifecycle)
        edits: tuple[Edit, ...] = ()
        for hook, function, extend in _HOOKS:
            value = settings.value(hook)
            if value is not None and value.code == function:
                continue  # by an earlier run
            own = _find_hook(project, settings, hook)
            if own is not None and own.is_async:
                added = extend(project, ownership, own)
            elif value is None and own is None:
                added = _add_hook(project, ownership, settings, f"{hook} = {function}\n", function)
            else:
                detail = f"what `{hook}` is could not be found"
                return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, settings.line)
            if isinstance(added, Refusal):
                return added
            edits += added
        return edits


def _find_settings(project: Project) -> list[Class]:
    return [
        found
        for found in project.bodies.classes_with(b"arq")
        if any(found.value(name) is not None for name in _JOBS)
        and (
            "arq" in project.imported_packages(found.symbol.path) or found.value("redis_settings") is not None
        )
    ]


def _settings_of(project: Project, lifecycle: Lifecycle) -> Class:
    return next(found for found in _find_settings(project) if found.symbol == lifecycle.app)


def _find_hook(project: Project, settings: Class, hook: str) -> Function | None:
    """Return the function that the settings have for a hook: assigned, or a static method."""
    path, name = settings.symbol.path, settings.symbol.name
    value = settings.value(hook)
    if value is not None:
        return None if value.symbol is None else project.function(value.symbol)
    return project.function(Symbol(path, f"{name}.{hook}")) if hook in settings.methods else None


def _add_hook(
    project: Project, ownership: Ownership, settings: Class, code: str, name: str
) -> tuple[Edit, ...] | Refusal:
    assert settings.last_value is not None
    edits = _asgi.import_edits(project, ownership, settings.symbol.path, name)
    return (
        edits
        if isinstance(edits, Refusal)
        else (*edits, InsertStatements(settings.last_value, "after", code))
    )
