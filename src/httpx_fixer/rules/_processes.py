"""Which sites run in a process that lives long enough to matter."""

from __future__ import annotations

import re

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.frameworks._base import Lifecycle, Lifecycles
from httpx_fixer.settings import Settings

_ASIDE = re.compile(
    r"^(?:examples?|docs?|docs_src|benchmarks?|tools|notebooks?|samples?|demos?)/|(?:^|/)(?:scripts?|migrations|alembic)/"
)
"""Directories of programs that run once, or are there to be read."""
_DEMONSTRATION = re.compile(r"(?:^|/)(?:demo|example|sample|docs)[\w-]*/")


def is_reported(project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings) -> bool:
    """Answer whether a site is to be spoken of: in a long-lived process, outside of tests.

    A project without any lifecycle is a library or a script: its clients live as long as its callers
    want, and nothing is said. Nor is it of a module that scripts alone import or that is one.
    """
    if site.is_test and not settings.include_tests:
        return False
    if not lifecycles.all():
        return False
    function = project.function(Symbol(site.path, site.function)) if site.function else None
    if function is not None and lifecycles.entry_point(function) is not None:
        return True
    if _ASIDE.search(site.path):
        return False
    if any(may_own(lifecycles, lifecycle, site) for lifecycle in lifecycles.all()):
        return not project.search.is_one_shot(site.path) or project.imports.is_imported(site.path)
    return not project.imports.runs_as_script(site.path)


def may_own(lifecycles: Lifecycles, lifecycle: Lifecycle, site: ClientSite) -> bool:
    """Answer whether an application runs a site, and is more than a demonstration of the site's library."""
    aside = _DEMONSTRATION.search(lifecycle.path)
    if aside is not None and not site.path.startswith(lifecycle.path[: aside.end()]):
        return False
    return lifecycles.reaches(lifecycle, site.path)


_MANAGERS = frozenset({"contextlib.asynccontextmanager", "contextlib.contextmanager"})


def owns_for_duration(project: Project, site: ClientSite) -> bool:
    """Answer whether a block or a function is itself the owner: a lifespan, a daemon, a context manager.

    It holds the client until the process is stopped, or for as long as its caller's block lasts. One
    that yields the client itself is a factory: each of its callers builds a client.
    """
    if site.form not in {BindingForm.WITH, BindingForm.LOCAL} or not site.function:
        return False
    if not site.in_loop and _is_held_for_ever(project, site):
        return True
    function = project.function(Symbol(site.path, site.function))
    if function is None or not function.is_generator:
        return False
    managers = {d.symbol.name for d in function.decorators if d.symbol is not None}
    if managers & _MANAGERS or project.is_given_as(function.symbol, "lifespan"):
        return not project.yields_name(function, site.name)
    return False


def _is_held_for_ever(project: Project, site: ClientSite) -> bool:
    if site.block is not None:
        return project.programs.is_held_for_ever(site.block.anchor)
    return project.programs.is_endless(Symbol(site.path, site.function))
