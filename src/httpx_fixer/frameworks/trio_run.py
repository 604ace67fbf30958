"""Programs that run one coroutine on trio until they are stopped."""

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


class TrioRun(ProcessFramework):
    """`trio.run(main)`, or `anyio.run(main, backend="trio")`, of a coroutine that never ends by itself.

    It owns as one under asyncio does; connections are kept by trio's token in place of an event
    loop, so that code which runs under either library finds its own. Read and run in 0.35.0.
    https://trio.readthedocs.io/en/stable/reference-core.html#trio.run
    """

    name: ClassVar[str] = "trio"
    modules: ClassVar[frozenset[str]] = frozenset({"trio", "anyio"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return the entry coroutines that go on until they are stopped."""
        programs = (one for one in project.programs.coroutines if is_under_trio(one))
        return build_entries(self.name, tuple(programs), Start.TRIO_ENTRY)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that decorate the entry coroutine."""
        return decorate_entry(project, ownership, lifecycle)
