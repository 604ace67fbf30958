"""Clients of objects that live for one call, and are closed with them."""

from __future__ import annotations

import re
from dataclasses import replace

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._processes import may_own

_OF_A_REQUEST = frozenset({"flask.g", "flask.globals.g", "quart.g", "quart.globals.g"})
_MAKERS = frozenset({"__aenter__", "__enter__", "__init__"})


def is_closed_where_built(project: Project, site: ClientSite) -> bool:
    """Answer whether the function that puts a client into an attribute closes it: once a call.

    A lifespan and a daemon hold it until the process is stopped.
    """
    function = project.function(Symbol(site.path, site.function)) if site.function else None
    if site.form is not BindingForm.INSTANCE or function is None or function.is_generator:
        return False
    if project.programs.is_endless(function.symbol):
        return False
    key = f"finally {site.path} {site.function} {site.name}"
    return project.remember(key, lambda: project.kept.is_closed_where_built(site))


def is_closed_with_request(project: Project, site: ClientSite) -> bool:
    """Answer whether a client is kept for a request of Flask, and closed with it: `g.pop("http").close()`."""
    holder, _, attribute = site.name.partition(".")
    if site.form is not BindingForm.INSTANCE or project.member(site.path, holder).name not in _OF_A_REQUEST:
        return False
    taken = rf"(?:\bpop\(|\bget\(|\bgetattr\(\s*{holder},)\s*[\"']{attribute}[\"']"
    text = project.search.text(site.path)
    return re.search(taken, text) is not None and re.search(r"\.a?close\(", text) is not None


def is_closed_per_call(project: Project, lifecycles: Lifecycles, site: ClientSite) -> bool:
    """Answer whether every object that a client is kept on is closed by the function that makes it.

    Some application has to run one of these functions.
    """
    function = project.function(Symbol(site.path, site.function)) if site.function else None
    if site.form is not BindingForm.INSTANCE or function is None or function.name not in _MAKERS:
        return False
    if not function.owner or not site.name.startswith("self."):
        return False
    uses = project.remember(f"objects {site.path} {function.owner}", lambda: project.kept.blocks(function))
    places = [replace(site, path=use.path, function=use.function) for use in uses if use is not None]
    if not places or len(places) < len(uses):
        return False
    return any(may_own(lifecycles, one, place) for place in places for one in lifecycles.all())
