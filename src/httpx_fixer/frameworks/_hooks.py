"""Functions of the user's that a framework calls at its start and at its end, extended."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Argument, Call, Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, InsertStatements, WrapRest
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Ownership
from httpx_fixer.frameworks._start_source import CLOSE, CLOSE_SYNC, OPEN, OPEN_SYNC


def find_given_function(project: Project, call: Call, argument: Argument) -> Function | None:
    """Return the function that a call is given: one by its name, or `self.name` of the class around."""
    if argument.symbol is not None and argument.symbol.path:
        found = project.function(argument.symbol)
        if found is not None:
            return found
    around = project.function(Symbol(call.path, call.function))
    owner, _, name = argument.code.rpartition(".")
    if owner != "self" or around is None or not around.owner:
        return None
    return project.function(Symbol(call.path, f"{around.owner}.{name}"))


def open_in(project: Project, ownership: Ownership, function: Function) -> tuple[Edit, ...] | Refusal:
    """Return the edits that open the pools before anything else that a function does."""
    return _extend(project, ownership, function, OPEN if function.is_async else OPEN_SYNC)


def close_in(project: Project, ownership: Ownership, function: Function) -> tuple[Edit, ...] | Refusal:
    """Return the edits that close the pools after all that a function does, however it ends."""
    return _extend(project, ownership, function, CLOSE if function.is_async else CLOSE_SYNC)


def _extend(
    project: Project, ownership: Ownership, function: Function, name: str
) -> tuple[Edit, ...] | Refusal:
    if project.member(function.path, name) == Symbol(ownership.path, name) and name in function.names:
        return ()  # by an earlier run
    body = project.bodies.of_function(function)
    if body is None or function.is_generator:
        detail = f"`{function.qualname}` could not be extended safely"
        return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, function.path, function.line)
    edits = _asgi.import_edits(project, ownership, function.path, name)
    if isinstance(edits, Refusal):
        return edits
    code = f"{'await ' if function.is_async else ''}{name}()\n"
    if name in {OPEN, OPEN_SYNC}:
        return (*edits, InsertStatements(body[0], "before", code))
    return (*edits, WrapRest(*body, f"finally:\n    {code}"))
