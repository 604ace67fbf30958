"""Clients that outlive the expression that builds them: who closes them, and for how long they live."""

from __future__ import annotations

from httpx_fixer.analysis.closing import is_closed, is_taken_apart, may_leave_stream
from httpx_fixer.analysis.factories import iter_factory_uses
from httpx_fixer.analysis.facts import FactoryUse, Function
from httpx_fixer.analysis.instances import is_built_per_call
from httpx_fixer.analysis.references import find_references
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.site_facts import ClientSite


class KeptClients:
    """Answers what the whole project does with clients that are kept under a name or handed out."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def is_closed(self, site: ClientSite) -> bool:
        """Answer whether some code of the project closes the client that a site's name holds."""
        return is_closed(self._resolver.store, site)

    def may_leave_stream(self, site: ClientSite) -> bool:
        """Answer whether some code may open a stream of a kept client other than by a `with` block."""
        return may_leave_stream(self._resolver.store, site)

    def is_taken_apart(self, site: ClientSite) -> bool:
        """Answer whether some code looks at the transport of a kept client."""
        return is_taken_apart(self._resolver.store, site)

    def factory_uses(self, function: Function, *, is_async: bool) -> tuple[FactoryUse, ...]:
        """Return what becomes of the client that a function makes at every place that names it."""
        references = find_references(self._resolver, function)
        return tuple(iter_factory_uses(self._resolver, references, is_async=is_async))

    def is_built_per_call(self, init: Function, attribute: str, *, is_async: bool) -> bool:
        """Answer whether every object of a class lives for one call; its constructor fills `attribute`."""
        return is_built_per_call(self._resolver, init, attribute, is_async=is_async)
