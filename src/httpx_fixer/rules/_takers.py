"""Clients that objects of other libraries take over."""

from __future__ import annotations

import sys

from httpx_fixer.analysis.facts import Call
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite

_OWN = frozenset({"httpx", "httpx2"})


def is_given_away(project: Project, site: ClientSite) -> bool:
    """Answer whether an object of another library gets a client: `OpenAI(http_client=client)`.

    When that is closed is its matter, and so is how long it waits: such libraries say the timeout of
    each request, and take one that a client was built with for the user's wish.
    """
    return any(is_foreign(call) for call in project.kept.takers(site))


def is_foreign(call: Call) -> bool:
    """Answer whether a call goes to another library, and not only to watch the client."""
    if call.symbol is None:
        return call.attribute[:1].isupper()
    if call.symbol.path or call.symbol.name.rpartition(".")[2].startswith("instrument"):
        return False
    package = call.symbol.name.partition(".")[0]
    return package not in sys.stdlib_module_names and package not in _OWN
