"""Functions that make a client for their callers, or keep one for them."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Ending, FactoryUse, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.rules._processes import is_manager
from httpx_fixer.rules._takers import find_uses, is_foreign

_CACHES = frozenset({"alru_cache", "cache", "cached_property", "lru_cache"})
_PLAIN = frozenset({"classmethod", "property", "staticmethod"})
"""Decorators under which each call makes a client anew."""


def is_cached(project: Project, site: ClientSite) -> bool:
    """Answer whether the function around a site runs once, and its result is kept."""
    function = project.function(Symbol(site.path, site.function))
    return function is not None and bool(project.kept.decorators(function) & _CACHES)


def is_entered_by_callers(project: Project, site: ClientSite) -> bool:
    """Answer whether the function around a site makes a client anew for callers that all close it.

    One that some caller keeps, or that a lifespan enters, may be there for the whole process.
    """
    uses = _uses_of(project, site)
    return bool(uses) and all(use.ending is Ending.CLOSED and not _is_owner(project, use) for use in uses)


def is_left_by_callers(project: Project, site: ClientSite) -> bool:
    """Answer whether the function around a site makes a client anew, and some caller does not close it."""
    uses = _uses_of(project, site)
    is_left = any(use.ending in {Ending.LEFT, Ending.SOMETIMES} for use in uses)
    return is_left and not _is_taken_over(uses)


def is_kept_open(project: Project, site: ClientSite) -> bool:
    """Answer whether nothing closes the client of a cached function, and something uses it."""
    function = project.function(Symbol(site.path, site.function))
    uses = () if function is None else find_uses(project, site, function)
    return bool(uses) and all(use.ending is Ending.LEFT for use in uses)


def _uses_of(project: Project, site: ClientSite) -> tuple[FactoryUse, ...]:
    """Return what callers do with the clients of a function; none where it does not make one a call."""
    function = project.function(Symbol(site.path, site.function))
    if function is None or function.is_generator or not project.kept.decorators(function) <= _PLAIN:
        return ()
    return find_uses(project, site, function)


def _is_taken_over(uses: tuple[FactoryUse, ...]) -> bool:
    """Answer whether an object of another library gets the client at some place."""
    return any(is_foreign(taker) for use in uses for taker in use.takers)


def _is_owner(project: Project, use: FactoryUse) -> bool:
    function = project.function(Symbol(use.path, use.function))
    if function is None or not function.is_generator:
        return False
    return is_manager(function) or project.is_given_as(function.symbol, "lifespan")
