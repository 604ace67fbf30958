"""Programs that run one function until they are stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import (
    ProcessFramework,
    build_entries,
    decorate_entry,
    is_demonstration,
    place_of,
)

_SERVERS = re.compile(r"\b(?:uvicorn|hypercorn|granian|gunicorn|waitress)\b")
"""What serves an application, which is the owner then."""


class Program(ProcessFramework):
    """`if __name__ == "__main__": main()` where `main` loops, serves or polls until it is stopped.

    So does a function that the packaging installs as a command. It owns sync clients:
    `@sync_http_pools()` opens connections when the function begins and closes them when it returns
    or fails, as Ctrl-C makes it. A coroutine that it starts on each round has a loop of its own,
    which can share nothing. Run in CPython 3.11 to 3.13.
    https://docs.python.org/3/library/__main__.html
    """

    name: ClassVar[str] = "program"
    modules: ClassVar[frozenset[str]] = frozenset()

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return the entry functions that go on until they are stopped."""
        coroutines = {program.entry for program in project.programs.coroutines}
        programs = tuple(
            one
            for one in project.programs.functions
            if one.entry not in coroutines and not _SERVERS.search(project.search.text(one.entry.path))
        )
        found = {
            one.app: one
            for one in (*build_entries(self.name, programs, Start.SYNC_ENTRY), *_iter_commands(project))
            if one.app not in coroutines
        }
        return tuple(sorted(found.values(), key=lambda lifecycle: lifecycle.call.anchor))

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that decorate the entry function."""
        return decorate_entry(project, ownership, lifecycle)


def _iter_commands(project: Project) -> Iterator[Lifecycle]:
    """Yield the functions that the packaging makes commands and that never end by themselves."""
    for symbol in project.packaging.commands:
        function = project.function(symbol)
        if function is None or function.is_async or function.is_generator or is_demonstration(symbol.path):
            continue
        if not _SERVERS.search(project.search.text(symbol.path)) and project.programs.is_endless(symbol):
            yield Lifecycle(Program.name, symbol, place_of(function), Start.SYNC_ENTRY)
