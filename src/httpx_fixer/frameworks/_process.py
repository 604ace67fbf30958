"""What processes without a web server share: they hand nothing over, so that all code in them borrows."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Call, Function, Program, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddDecorator, Edit, InsertStatements
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import (
    EntryPoint,
    Framework,
    Lifecycle,
    OwnedClient,
    Ownership,
    Reach,
    Start,
)
from httpx_fixer.frameworks._start_source import POOLS, SYNC_POOLS, TRIO_POOLS
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Anchor

_ASIDE = compile_later(r"^(?:examples?|docs?|docs_src|benchmarks?|notebooks?|samples?|demos?)/")
"""Directories of programs that are there to be read."""
_DECORATORS = {Start.ENTRY: POOLS, Start.TRIO_ENTRY: TRIO_POOLS, Start.SYNC_ENTRY: SYNC_POOLS}


class ProcessFramework(Framework):
    """A framework whose functions get nothing from it: what they build borrows from the process's pools."""

    def entry_point(self, project: Project, function: Function) -> EntryPoint | Refusal | None:
        """Return None: that code runs in the process is seen by who imports it."""
        return None

    def starts(self, project: Project, lifecycle: Lifecycle) -> bool:
        """Answer yes: nothing else starts such a process."""
        return True

    def create(self, project: Project, ownership: Ownership) -> tuple[Edit, ...] | Refusal:
        """Return the edits that create the owning module."""
        return _asgi.create_module(project, ownership, ("typing", "Any", "Any"))

    def borrow(self, project: Project, path: str, ownership: Ownership, lender: str) -> Reach | Refusal:
        """Return the function that is called in place of the class."""
        return _asgi.borrow(project, path, ownership, lender)

    def reach(
        self, project: Project, entry: EntryPoint, ownership: Ownership, client: OwnedClient
    ) -> Reach | Refusal:
        """Refuse: there is no parameter that the framework would fill."""
        function = entry.function
        detail = f"nothing hands a client over to `{function.name}`"
        return Refusal(RefusalReason.UNUSUAL_SIGNATURE, detail, function.path, function.line)


def is_demonstration(path: str) -> bool:
    """Answer whether a file is there to be read, and not to be run as a service."""
    return _ASIDE.search(path) is not None


def is_under_trio(program: Program) -> bool:
    """Answer whether a program runs its coroutine on trio and not on asyncio."""
    call = program.call
    backend = call.argument("backend")
    is_trio = call.symbol is not None and call.symbol.name == "trio.run"
    return is_trio or (backend is not None and backend.text == "trio")


def build_entries(name: str, programs: tuple[Program, ...], start: Start) -> tuple[Lifecycle, ...]:
    """Return a lifecycle for each entry of a program that is no demonstration, in order of place."""
    found = {
        program.entry: Lifecycle(name, program.entry, program.call, start)
        for program in programs
        if not is_demonstration(program.entry.path)
    }
    return tuple(sorted(found.values(), key=lambda lifecycle: lifecycle.call.anchor))


def place_of(function: Function) -> Call:
    """Return a call in the place of a function that a framework finds by its name."""
    return place_at(function.anchor)


def place_at(anchor: Anchor) -> Call:
    """Return a call in the place of what no call makes: a class, a loop, the imports of a module."""
    return Call(anchor.path, "", None, None, "", (), anchor, anchor, None)


def decorate_entry(
    project: Project, ownership: Ownership, lifecycle: Lifecycle
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that open the pools while an entry function or coroutine runs."""
    name = _DECORATORS[lifecycle.start]
    function = project.function(lifecycle.app)
    if function is not None and any(d.symbol == Symbol(ownership.path, name) for d in function.decorators):
        return ()  # by an earlier run
    edits = _find_look_inside(project, function) or _asgi.import_edits(
        project, ownership, lifecycle.path, name
    )
    if isinstance(edits, Refusal):
        return edits
    return (*edits, AddDecorator(lifecycle.call.anchor, f"{name}()"))


def _find_look_inside(project: Project, function: Function | None) -> Refusal | None:
    """Return why a function must stay as it is: it is handed to code that looks at its parameters' names."""
    looking = project.search.mentions(b".__code__")
    if function is None or not looking:
        return None
    if not any(one.how == "value" and not one.is_test for one in project.references(function)):
        return None
    detail = f"`{function.name}` is handed on, and `{looking[0]}` looks into functions, past decorators"
    return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, function.path, function.line)


def add_statement_after(
    project: Project, ownership: Ownership, lifecycle: Lifecycle, code: str, names: tuple[str, ...]
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that add statements right after the call that makes the lifecycle's object.

    `names` are those of the owning module that the code reads.
    """
    added = InsertStatements(lifecycle.call.statement, "after", code)
    return _add(project, ownership, added, names)


def add_statement_before(
    project: Project, ownership: Ownership, lifecycle: Lifecycle, code: str, names: tuple[str, ...]
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that add statements right before the call that runs the lifecycle, as above."""
    added = InsertStatements(lifecycle.call.statement, "before", code)
    return _add(project, ownership, added, names)


def _add(
    project: Project, ownership: Ownership, added: InsertStatements, names: tuple[str, ...]
) -> tuple[Edit, ...] | Refusal:
    path, edits = added.anchor.path, list[Edit]()
    if all(_is_read(project, ownership, path, name) for name in names):
        return ()  # by an earlier run
    for name in names:
        imported = _asgi.import_edits(project, ownership, path, name)
        if isinstance(imported, Refusal):
            return imported
        edits += imported
    return (*edits, added)


def is_imported(project: Project, ownership: Ownership, path: str, name: str) -> bool:
    """Answer whether a module has a name of the owning module already, from an earlier run."""
    is_bound = name in project.module_names(path)
    return is_bound and project.member(path, name) == Symbol(ownership.path, name)


def _is_read(project: Project, ownership: Ownership, path: str, name: str) -> bool:
    """Answer whether a module reads a name of the owning module, which may be that module itself."""
    return project.member(path, name) == Symbol(ownership.path, name) and project.uses_of(path, name) > 0


def free_name(project: Project, lifecycle: Lifecycle, name: str, qualified: str) -> str:
    """Return the name under which an import can be read where a lifecycle's object is made.

    Another one than its own where the module, or the function around, uses that for something else.
    """
    around = project.function(Symbol(lifecycle.path, lifecycle.call.function))
    is_local = (
        around is not None and name in around.names and name not in project.module_names(lifecycle.path)
    )
    if not is_local and project.may_bind(lifecycle.path, name, qualified):
        return name
    return f"{lifecycle.framework.replace('.', '_')}_{name}"
