"""Functions that make a client for their callers."""

from __future__ import annotations

from httpx_fixer.analysis.facts import FactoryUse, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.rules._processes import is_manager

_CACHES = frozenset({"alru_cache", "cache", "cached_property", "lru_cache"})


def is_cached(project: Project, site: ClientSite) -> bool:
    """Answer whether the function around a site runs once, and its result is kept."""
    function = project.function(Symbol(site.path, site.function))
    names = [d.symbol.name.rpartition(".")[2] for d in function.decorators if d.symbol] if function else []
    return any(name in _CACHES for name in names)


def is_entered_by_callers(project: Project, site: ClientSite) -> bool:
    """Answer whether the function around a site makes a client anew for callers that all close it.

    One that some caller keeps, or that a lifespan enters, may be there for the whole process.
    """
    function = project.function(Symbol(site.path, site.function))
    if function is None or function.decorators:
        return False
    is_async = site.spec.is_async
    key = f"factory {site.path} {site.function} {is_async}"
    uses = project.remember(key, lambda: project.kept.factory_uses(function, is_async=is_async))
    return bool(uses) and all(use.is_closed and not _is_owner(project, use) for use in uses)


def _is_owner(project: Project, use: FactoryUse) -> bool:
    function = project.function(Symbol(use.path, use.function))
    if function is None or not function.is_generator:
        return False
    return is_manager(function) or project.is_given_as(function.symbol, "lifespan")
