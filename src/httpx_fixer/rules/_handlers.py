"""Which functions run for one request, message or job."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.frameworks._base import EntryPoint, Lifecycles


def runs_per_request(project: Project, lifecycles: Lifecycles, symbol: Symbol) -> bool:
    """Answer whether a framework calls a function for a request, or a function that it calls does."""
    function = project.function(symbol)
    if function is None:
        return False
    if _is_entry(lifecycles, function):
        return True
    callers = (
        project.function(Symbol(reference.path, reference.function))
        for reference in project.references(function)
        if reference.how == "call" and not reference.is_test
    )
    return not function.is_generator and any(_is_entry(lifecycles, caller) for caller in callers)


def _is_entry(lifecycles: Lifecycles, function: Function | None) -> bool:
    return function is not None and isinstance(lifecycles.entry_point(function), EntryPoint)
