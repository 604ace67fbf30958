"""Clients that objects of other libraries take over."""

from __future__ import annotations

import sys

from httpx_fixer.analysis.facts import Call, FactoryUse, Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite

_OWN = frozenset({"httpx", "httpx2"})


def is_given_away(project: Project, site: ClientSite) -> bool:
    """Answer whether an object of another library gets a client: `OpenAI(http_client=client)`.

    Also one that a function hands out. When that is closed is its matter, and so is how long it waits:
    such libraries say the timeout of each request, and take one that a client was built with for the
    user's wish.
    """
    if any(is_foreign(call) for call in project.kept.takers(site)):
        return True
    function = project.function(Symbol(site.path, site.function)) if _is_handed_out(site) else None
    uses = () if function is None else find_uses(project, site, function)
    return any(is_foreign(call) for use in uses for call in use.takers)


def is_dropped_with_taker(project: Project, site: ClientSite) -> bool:
    """Answer whether objects of other libraries get a client, and each is dropped after serving a call."""
    if site.form not in {BindingForm.ARGUMENT, BindingForm.LOCAL} or not site.function:
        return False
    takers = project.kept.takers(site)
    if not takers or not all(is_foreign(one) and _makes_object(one) for one in takers):
        return False
    key = f"dropped {site.path} {site.anchor.start}"
    return project.remember(key, lambda: project.kept.is_dropped_by_takers(site))


def _makes_object(call: Call) -> bool:
    name = call.attribute if call.symbol is None else call.symbol.name.rpartition(".")[2]
    return name[:1].isupper()


def find_uses(project: Project, site: ClientSite, function: Function) -> tuple[FactoryUse, ...]:
    """Return what becomes of the client of a site at every place that names the function around it."""
    key = f"factory {site.path} {site.function} {site.spec.is_async}"
    return project.remember(key, lambda: project.kept.factory_uses(site, function))


def _is_handed_out(site: ClientSite) -> bool:
    is_local = site.local is not None and site.local.is_returned
    return is_local or site.form in {BindingForm.CACHED, BindingForm.RETURNED}


def is_foreign(call: Call) -> bool:
    """Answer whether a call goes to another library, and not only to watch the client."""
    if call.symbol is None:
        return call.attribute[:1].isupper()
    if call.symbol.path or call.symbol.name.rpartition(".")[2].startswith("instrument"):
        return False
    package = call.symbol.name.partition(".")[0]
    return package not in sys.stdlib_module_names and package not in _OWN
