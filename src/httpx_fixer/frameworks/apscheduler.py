"""APScheduler: a scheduler that runs jobs in threads owns connections for their sync clients."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.frameworks._base import Lifecycle, Start
from httpx_fixer.frameworks._objects import WEB_APPLICATIONS, ObjectFramework
from httpx_fixer.patterns import compile_later


class APScheduler(ObjectFramework):
    """`BlockingScheduler` and `BackgroundScheduler` run jobs in threads once they are started.

    They tell listeners of it, and of a `shutdown()`, which many programs never call; so connections
    are closed when the process ends. A coroutine that a job runs has a loop of its own. Jobs of an
    `AsyncIOScheduler`, and of the schedulers of APScheduler 4, run on the loop of whoever starts it:
    an application's lifespan or an entry coroutine, which owns. Job stores keep no clients, since
    jobs borrow. Read and run in 3.11.3. https://apscheduler.readthedocs.io/en/3.x/userguide.html
    """

    name: ClassVar[str] = "apscheduler"
    modules: ClassVar[frozenset[str]] = frozenset({"apscheduler"})
    words: ClassVar[tuple[str, ...]] = ("BlockingScheduler", "BackgroundScheduler")
    made: ClassVar[re.Pattern[str]] = compile_later(r"apscheduler\.schedulers\.(?:blocking|background)\.")
    start: ClassVar[Start] = Start.SYNC_HOOKS
    code: ClassVar[str] = (
        "{target}.add_listener({open}, {EVENT_SCHEDULER_STARTED})\n{atexit}.register({close})\n"
    )
    needs: ClassVar[tuple[tuple[str, str], ...]] = (
        ("apscheduler.events", "EVENT_SCHEDULER_STARTED"),
        ("atexit", ""),
    )
    registers: ClassVar[re.Pattern[str] | None] = compile_later(r"\.(?:add_job|scheduled_job)\(")

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every scheduler but those that a web application starts, which owns for both."""
        applications = project.calls_named(*WEB_APPLICATIONS, "Flask")
        return tuple(
            lifecycle
            for lifecycle in super().lifecycles(project)
            if not any(project.imports.reaches(call.path, lifecycle.path) for call in applications)
        )
