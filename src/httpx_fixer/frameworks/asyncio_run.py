"""Programs that run one coroutine until they are stopped: `asyncio.run(main())` and its kin."""

from __future__ import annotations

from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import (
    ProcessFramework,
    build_entries,
    decorate_entry,
    is_under_trio,
)


class AsyncioRun(ProcessFramework):
    """`asyncio.run(main())` of a coroutine that serves, polls or consumes until it is stopped.

    So do `asyncio.Runner`, `run_until_complete`, `anyio.run` and `uvloop.run`.

    All of its work is on one loop, from its first line to its last, so it can own: `@http_pools()`
    opens connections when it begins and closes them when it returns, fails or is cancelled, as
    Ctrl-C does. Where it is run again, on another loop or in a thread, each run has connections of
    its own. A coroutine that ends by itself keeps its clients. Run in CPython 3.11 to 3.13.
    https://docs.python.org/3/library/asyncio-runner.html
    """

    name: ClassVar[str] = "asyncio"
    modules: ClassVar[frozenset[str]] = frozenset({"asyncio", "anyio", "uvloop"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return the entry coroutines that go on until they are stopped."""
        programs = (one for one in project.programs.coroutines if not is_under_trio(one))
        return build_entries(self.name, tuple(programs), Start.ENTRY)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that decorate the entry coroutine."""
        return decorate_entry(project, ownership, lifecycle)
