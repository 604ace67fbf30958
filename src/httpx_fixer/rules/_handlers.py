"""Which functions run for one request, message or job."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.frameworks._base import EntryPoint, Lifecycles

SHARED_FORMS = frozenset({BindingForm.MODULE, BindingForm.LAZY, BindingForm.CACHED})
"""Forms of a client that a module keeps for all, whose closes can be found."""


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


def is_closed_by_requests(project: Project, lifecycles: Lifecycles, site: ClientSite) -> bool:
    """Answer whether the only closes of a module's client are in code that runs per request."""
    if site.form not in SHARED_FORMS:
        return False
    closes = project.kept.borrowed_closes(site)
    return bool(closes) and all(
        runs_per_request(project, lifecycles, Symbol(close.path, close.function)) for close in closes
    )


def _is_entry(lifecycles: Lifecycles, function: Function | None) -> bool:
    return function is not None and isinstance(lifecycles.entry_point(function), EntryPoint)
