"""aiogram 3: the dispatcher's events own, handlers borrow."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.frameworks._base import Lifecycle, Start
from httpx_fixer.frameworks._objects import ObjectFramework
from httpx_fixer.patterns import compile_later

_STARTERS = ("run_polling", "setup_application", "emit_startup")


class Aiogram(ObjectFramework):
    """aiogram runs all handlers on one loop, between the dispatcher's `startup` and `shutdown`.

    They are used where `run_polling`, or a web application that `setup_application` prepares, runs
    the dispatcher. A coroutine that awaits `start_polling` is an entry and owns by itself. Read and
    run in 3.31.0. https://docs.aiogram.dev/en/latest/dispatcher/long_polling.html
    """

    name: ClassVar[str] = "aiogram"
    modules: ClassVar[frozenset[str]] = frozenset({"aiogram"})
    words: ClassVar[tuple[str, ...]] = ("Dispatcher",)
    made: ClassVar[re.Pattern[str]] = compile_later(r"aiogram\.(?:[\w.]+\.)?Dispatcher$")
    start: ClassVar[Start] = Start.HOOKS
    code: ClassVar[str] = "{target}.startup.register({open})\n{target}.shutdown.register({close})\n"

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every dispatcher, where something starts one that is no entry coroutine."""
        return super().lifecycles(project) if project.calls_named(*_STARTERS, about="aiogram") else ()
