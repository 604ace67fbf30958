"""dramatiq: a middleware of the broker owns, actors borrow."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._objects import ObjectFramework

_CLASS = "HttpPools"
_ACTOR = re.compile(r"(?m)^\s*@(?:\w+\.)?actor\b")


class Dramatiq(ObjectFramework):
    """A dramatiq worker process runs actors in threads, and tells middleware of its start and end.

    A coroutine runs on a loop of its own, or on the loop of a thread that stops before anything could
    be closed there: only sync clients are owned. A broker that nobody makes has no place to add the
    middleware to. Read and run in 2.2.1. https://dramatiq.io/advanced.html#middleware
    """

    name: ClassVar[str] = "dramatiq"
    modules: ClassVar[frozenset[str]] = frozenset({"dramatiq"})
    words: ClassVar[tuple[str, ...]] = ("RedisBroker", "RabbitmqBroker", "StubBroker")
    made: ClassVar[re.Pattern[str]] = re.compile(r"dramatiq\.(?:[\w.]+\.)?\w+Broker$")
    start: ClassVar[Start] = Start.SYNC_HOOKS
    code: ClassVar[str] = '''\


class HttpPools({Middleware}):
    """Keeps connections for the actors of a worker."""

    def before_worker_boot(self, broker: object, worker: object) -> None:
        {open}()

    def after_worker_shutdown(self, broker: object, worker: object) -> None:
        {close}()


{target}.add_middleware(HttpPools())
'''
    needs: ClassVar[tuple[tuple[str, str], ...]] = (("dramatiq", "Middleware"),)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that define the middleware and add it to the broker."""
        edits = super().wire(project, ownership, lifecycle)
        if not isinstance(edits, Refusal) and edits and _CLASS in project.module_names(lifecycle.path):
            detail = f"`{_CLASS}` is taken in `{lifecycle.path}`"
            return Refusal(RefusalReason.NAME_CLASH, detail, lifecycle.path, lifecycle.call.line)
        return edits

    def _find_registering(self, project: Project, home: str) -> tuple[str, ...]:
        """Return the modules with actors, too: these need not import the broker, which is a global."""
        found = (
            path for path in project.search.mentions(b"actor") if _ACTOR.search(project.search.text(path))
        )
        return (home, *(path for path in found if "dramatiq" in project.imported_packages(path)))
