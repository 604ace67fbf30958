"""RQ: a process for each job, in which nothing can be shared with the next."""

from __future__ import annotations

from typing import ClassVar

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import ProcessFramework
from httpx_fixer.patterns import compile_later

_QUEUES = frozenset({"rq.Queue", "rq.queue.Queue", "rq_scheduler.Scheduler", "django_rq.get_queue"})
_ENQUEUE = ("enqueue", "enqueue_in", "enqueue_at", "enqueue_call")
_AFTER_TIME = frozenset({"enqueue_in", "enqueue_at"})
_JOB = compile_later(r"(?m)^\s*@(?:\w+\.)?job\b")


class Rq(ProcessFramework):
    """An RQ worker forks a process for every job and waits for its end.

    A client lives as long as the job, whatever owns it. `SimpleWorker` and the pools that run jobs in
    the worker's own process are chosen on the command line, so nothing here can tell. Read and run in 3.0.0.
    https://python-rq.org/docs/workers/#performance-notes
    """

    name: ClassVar[str] = "rq"
    modules: ClassVar[frozenset[str]] = frozenset({"rq", "django_rq"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every queue, as that of processes which end with their job."""
        found = [
            Lifecycle(self.name, call.bound or Symbol(call.path, call.function), call, Start.JOB)
            for call in project.calls_named("Queue", "Scheduler", "get_queue", about="rq")
            if call.symbol is not None and not call.symbol.path and call.symbol.name in _QUEUES
        ]
        return tuple(sorted(found, key=lambda lifecycle: lifecycle.call.anchor))

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether a job runs code of a file: what is put into a queue, or decorated as a job."""
        starts = project.remember("rq jobs", lambda: _find_jobs(project))
        return any(project.imports.reaches(start, path) for start in starts)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Change nothing: it owns nothing."""
        return ()


def _find_jobs(project: Project) -> tuple[str, ...]:
    """Return the files whose functions are put into a queue."""
    found = {path for call in project.calls_named(*_ENQUEUE) if (path := _file_of(project, call))}
    for path in project.search.mentions(b"job"):
        if _JOB.search(project.search.text(path)) and {"rq", "django_rq"} & project.imported_packages(path):
            found.add(path)
    return tuple(sorted(found))


def _file_of(project: Project, call: Call) -> str | None:
    given = call.argument("func", 1 if call.attribute in _AFTER_TIME else 0)
    if given is None:
        return None
    if given.text is not None:
        module, _, name = given.text.rpartition(".")
        return project.imports.module_of_import(call.path, module, name) if module else None
    return given.symbol.path if given.symbol is not None and given.symbol.path else None
