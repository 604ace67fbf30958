"""Celery: each process of a worker owns connections for the sync clients of its tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import Edit, EnsureImport
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import ProcessFramework, add_statement_after, free_name
from httpx_fixer.frameworks._start_source import CLOSE_SYNC, OPEN_SYNC
from httpx_fixer.patterns import compile_later

_APPS = frozenset({"celery.Celery", "celery.app.Celery", "celery.app.base.Celery"})
_SIGNALS = (
    ("worker_init", OPEN_SYNC),
    ("worker_process_init", OPEN_SYNC),
    ("worker_process_shutdown", CLOSE_SYNC),
    ("worker_shutdown", CLOSE_SYNC),
)
_OWN_TASK = compile_later(r"(?m)^\s*@[\w.]+\.task\b|\.register_task\(")
_SHARED_TASK = compile_later(r"(?m)^\s*@(?:[\w.]+\.)?shared_task\b")
_LOADED = ("include", "imports")
"""Arguments of the application that name modules to be loaded by a worker."""
_CONFIGURED = compile_later(
    r"(?mi)\b(?:[\w.]*\.)?(?:CELERY_)?(?:imports|include)[\"']?\s*[=:]\s*(?!=)([\[({][^\])}]*)"
)
"""`imports = ("shop.tasks",)` of a configuration, `app.conf.include = [...]`, `CELERY_IMPORTS = [...]`"""
_DOTTED = compile_later(r"[\"']([A-Za-z_][\w.]*)[\"']")


class Celery(ProcessFramework):
    """A Celery worker tells of the start and end of its processes by signals.

    Which of them depends on the pool: prefork sends `worker_process_init` and
    `worker_process_shutdown` in each child and `worker_init` in the parent; threads and gevent send
    `worker_init` and `worker_shutdown` only; solo sends all but `worker_process_shutdown`. So all
    four are connected, and what they call keeps pools by process. Tasks are sync functions: a
    coroutine in one runs on a loop of its own, which is why only sync clients are owned. Eager tasks
    and direct calls hear no signal and have clients of their own. Run in 5.7.0, under all four pools.
    https://docs.celeryq.dev/en/stable/userguide/signals.html#worker-signals
    """

    name: ClassVar[str] = "celery"
    modules: ClassVar[frozenset[str]] = frozenset({"celery"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every application object that is bound to a name."""
        found = _asgi.find_applications(project, self.name, "Celery", _APPS)
        return tuple(replace(lifecycle, start=Start.SYNC_HOOKS) for lifecycle in found)

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether a worker runs code of a file: it loads modules that its own does not import."""
        starts = project.remember(f"celery {lifecycle.call.anchor}", lambda: _find_loaded(project, lifecycle))
        return any(project.imports.reaches(start, path) for start in starts)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that connect the signals after the application is made."""
        names = {
            signal: free_name(project, lifecycle, signal, f"celery.signals.{signal}")
            for signal, _ in _SIGNALS
        }
        code = "".join(f"{names[signal]}.connect({function})\n" for signal, function in _SIGNALS)
        edits = add_statement_after(project, ownership, lifecycle, code, (OPEN_SYNC, CLOSE_SYNC))
        if isinstance(edits, Refusal) or not edits:
            return edits
        imports = (
            EnsureImport(lifecycle.path, "celery.signals", signal, None if name == signal else name)
            for signal, name in names.items()
        )
        return (*imports, *edits)


def _find_loaded(project: Project, lifecycle: Lifecycle) -> tuple[str, ...]:
    """Return the files that a worker loads: the application's own, what it names, and task modules."""
    found = {lifecycle.path}
    for path in project.search.mentions(b"task"):
        text = project.search.text(path)
        is_shared = _SHARED_TASK.search(text) and "celery" in project.imported_packages(path)
        is_own = _OWN_TASK.search(text) and project.imports.reaches(path, lifecycle.path)
        if is_shared or is_own:
            found.add(path)
    for module in (*_iter_configured(project, lifecycle), *_iter_discovered(project, lifecycle)):
        target = project.imports.module_of_import(lifecycle.path, module, "")
        found |= set() if target is None else {target}
    return tuple(sorted(found))


def _iter_configured(project: Project, lifecycle: Lifecycle) -> Iterator[str]:
    """Yield the modules that arguments of the application name, or its configuration."""
    for name in _LOADED:
        argument = lifecycle.call.argument(name)
        yield from _DOTTED.findall(argument.code if argument is not None else "")
    files = {lifecycle.path}
    for call in project.calls_in(lifecycle.path, "config_from_object"):
        argument = call.argument("obj", 0)
        dotted = "" if argument is None else argument.text or argument.code
        target = project.imports.module_of_import(lifecycle.path, dotted.partition(":")[0], "")
        files |= set() if target is None else {target}
    for path in sorted(files):
        for written in _CONFIGURED.findall(project.search.text(path)):
            yield from _DOTTED.findall(written)


def _iter_discovered(project: Project, lifecycle: Lifecycle) -> Iterator[str]:
    """Yield the modules that `autodiscover_tasks` looks for: `tasks` of each package by default.

    Without packages, as with Django, it looks into all that are installed.
    """
    for call in project.calls_in(lifecycle.path, "autodiscover_tasks"):
        related = call.argument("related_name", 1)
        name = "tasks" if related is None else related.text or ""
        packages = call.argument("packages", 0)
        if packages is not None:
            for package in _DOTTED.findall(packages.code):
                yield f"{package}.{name}".rstrip(".")
        elif name:
            found = (path for path in project.files if path.endswith(f"/{name}.py"))
            yield from (path.removesuffix(".py").replace("/", ".") for path in found)
