"""Programs that run one function until they are stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal
from httpx_fixer.fix import Edit, InsertStatements
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import (
    ProcessFramework,
    build_entries,
    decorate_entry,
    is_demonstration,
    is_imported,
    place_at,
    place_of,
)
from httpx_fixer.frameworks._start_source import KEEP
from httpx_fixer.patterns import compile_later

_SERVERS = compile_later(r"\b(?:uvicorn|hypercorn|granian|gunicorn|waitress)\b")
"""What serves an application, which is the owner then."""


class Program(ProcessFramework):
    """`if __name__ == "__main__": main()` where `main` loops, serves or polls until it is stopped.

    So does a function that the packaging installs as a command. It owns sync clients:
    `@sync_http_pools()` opens connections when the function begins and closes them when it returns
    or fails, as Ctrl-C makes it. A coroutine that it starts on each round has a loop of its own,
    which can share nothing. A loop of the module itself, or of its `__main__` block, has no end that a
    decorator sees: connections are kept from before it until the process ends. Run in CPython 3.11 to 3.13.
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
        every = (*found.values(), *_iter_loops(project, self.name))
        return tuple(sorted(every, key=lambda lifecycle: lifecycle.call.anchor))

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that decorate the entry function, or keep connections before a loop."""
        if lifecycle.start is not Start.EXIT:
            return decorate_entry(project, ownership, lifecycle)
        if is_imported(project, ownership, lifecycle.path, KEEP):
            return ()
        edits = _asgi.import_edits(project, ownership, lifecycle.path, KEEP)
        if isinstance(edits, Refusal):
            return edits
        return (*edits, InsertStatements(lifecycle.call.anchor, "before", f"{KEEP}()\n"))


def _iter_loops(project: Project, name: str) -> Iterator[Lifecycle]:
    """Yield the modules that loop for ever where they are run, the first loop of each."""
    found: set[str] = set()
    for loop in project.programs.loops:
        is_served = _SERVERS.search(project.search.text(loop.path)) is not None
        if loop.path not in found and not (is_demonstration(loop.path) or is_served):
            found.add(loop.path)
            stem = loop.path.removesuffix("/__main__.py").removesuffix(".py").rpartition("/")[2]
            yield Lifecycle(name, Symbol(loop.path, stem), place_at(loop), Start.EXIT)


def _iter_commands(project: Project) -> Iterator[Lifecycle]:
    """Yield the functions that the packaging makes commands and that never end by themselves."""
    for symbol in project.packaging.commands:
        function = project.function(symbol)
        if function is None or function.is_async or function.is_generator or is_demonstration(symbol.path):
            continue
        if not _SERVERS.search(project.search.text(symbol.path)) and project.programs.is_endless(symbol):
            yield Lifecycle(Program.name, symbol, place_of(function), Start.SYNC_ENTRY)
