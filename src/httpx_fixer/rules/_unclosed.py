"""Kept clients that no code of the project closes."""

from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._processes import is_reported
from httpx_fixer.rules._takers import is_given_away
from httpx_fixer.rules._values import uses_network
from httpx_fixer.settings import Settings


def iter_unclosed(
    project: Project, lifecycles: Lifecycles, settings: Settings, forms: frozenset[BindingForm]
) -> Iterator[ClientSite]:
    """Yield the clients kept in one of some forms that nothing closes, in a long-lived process."""
    for site in project.client_sites:
        if site.form not in forms or site.top_level or not uses_network(site):
            continue
        if project.kept.is_closed(site) or is_given_away(project, site):
            continue
        if is_reported(project, lifecycles, site, settings):
            yield site
