"""Clients that outlive the expression that builds them: who closes them, and for how long they live."""

from __future__ import annotations

from httpx_fixer.analysis.borrowed_closes import iter_borrowed_closes
from httpx_fixer.analysis.closing import closes_item, is_closed, is_taken_apart, may_leave_stream
from httpx_fixer.analysis.dropped_objects import DroppedObjects
from httpx_fixer.analysis.factories import FactoryReader, decorators_of
from httpx_fixer.analysis.facts import BorrowedClose, Call, FactoryUse, Function, ObjectUse
from httpx_fixer.analysis.instances import (
    is_built_per_call,
    is_closed_where_built,
    is_entered_per_call,
    is_left_by_makers,
    iter_blocks,
)
from httpx_fixer.analysis.linked_module import Links
from httpx_fixer.analysis.personal_requests import iter_requests
from httpx_fixer.analysis.references import find_references
from httpx_fixer.analysis.site_facts import ClientSite, SpecArgument
from httpx_fixer.analysis.takers import iter_takers, reads_result
from httpx_fixer.analysis.timed_requests import is_every_request_timed


class KeptClients:
    """Answers what the whole project does with clients that are kept under a name or handed out."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._resolver = links.resolver
        self._dropped = DroppedObjects(links)
        self._takers: dict[ClientSite, tuple[Call, ...]] = {}

    def is_closed(self, site: ClientSite) -> bool:
        """Answer whether some code of the project closes the client that a site's name holds."""
        return is_closed(self._resolver.store, site)

    def may_leave_stream(self, site: ClientSite, name: str) -> bool:
        """Answer whether some code may open a stream of a client other than by a `with` block.

        `name` is what it is called everywhere, "" where it is handed out.
        """
        return may_leave_stream(self._resolver.store, site, name)

    def is_taken_apart(self, site: ClientSite) -> bool:
        """Answer whether some code looks at the transport of a kept client."""
        return is_taken_apart(self._resolver.store, site)

    def is_every_request_timed(self, site: ClientSite) -> bool:
        """Answer whether all code gives a timeout with each request through a client that an object keeps."""
        return is_every_request_timed(self._resolver.store, site)

    def borrowed_closes(self, site: ClientSite) -> tuple[BorrowedClose, ...]:
        """Return the places in functions that close or enter the client of a module."""
        return tuple(iter_borrowed_closes(self._resolver, site))

    def requests(self, site: ClientSite) -> tuple[tuple[Call, bool], ...]:
        """Return the requests sent through the client of a module, and which are in a caller's name."""
        return tuple(iter_requests(self._resolver, site))

    def decorators(self, function: Function) -> frozenset[str]:
        """Return the last names of the decorators of a function, as written."""
        module = self._resolver.store.module(function.path)
        node = None if module is None else module.functions.get(function.qualname)
        return frozenset() if module is None or node is None else decorators_of(module, node)

    def factory_uses(self, site: ClientSite, function: Function) -> tuple[FactoryUse, ...]:
        """Return what becomes of the client of a site at every place that names the function around it."""
        references = find_references(self._resolver, function)
        return tuple(FactoryReader(self._links, site).iter_uses(function, references))

    def is_item_left(self, site: ClientSite) -> bool:
        """Answer whether no file closes a client that knows the collection or the function around it."""
        return not closes_item(self._resolver.store, site)

    def is_left_by_takers(self, site: ClientSite) -> bool:
        """Answer whether all code that gets a client as an argument is known to leave it open."""
        reader = FactoryReader(self._links, site)
        takers = self.takers(site)
        return bool(takers) and all(reader.is_left_by(taker) for taker in takers)

    def is_dropped_by_takers(self, site: ClientSite) -> bool:
        """Answer whether all that gets a client are objects that serve one call and that nothing closes."""
        takers = self.takers(site)
        return bool(takers) and all(self._dropped.is_dropped(taker) for taker in takers)

    def is_built_per_call(self, init: Function, attribute: str, *, is_async: bool) -> bool:
        """Answer whether every object of a class lives for one call; its constructor fills `attribute`."""
        return is_built_per_call(self._links, init, attribute, is_async=is_async)

    def is_left_by_makers(self, init: Function, attribute: str, *, is_async: bool) -> bool:
        """Answer whether a class could close `attribute`, and those that make its objects do not."""
        return is_left_by_makers(self._links, init, attribute, is_async=is_async)

    def blocks(self, maker: Function) -> tuple[ObjectUse | None, ...]:
        """Return who makes an object of the class of a method and closes it; None for other makers."""
        return tuple(iter_blocks(self._links, maker))

    def is_entered_per_call(self, manager: Function) -> bool:
        """Answer whether all that use a context manager enter it for one call of theirs."""
        return is_entered_per_call(self._links, manager)

    def is_closed_where_built(self, site: ClientSite) -> bool:
        """Answer whether the function that puts a client into an attribute closes it in a `finally`."""
        return is_closed_where_built(self._links, site)

    def takers(self, site: ClientSite) -> tuple[Call, ...]:
        """Return the calls of a site's module that get its client as an argument."""
        if site not in self._takers:
            self._takers[site] = tuple(iter_takers(self._resolver, site))
        return self._takers[site]

    def is_computed(self, site: ClientSite, argument: SpecArgument) -> bool:
        """Answer whether an argument reads a local variable of the site's function that calls fill."""
        return reads_result(self._resolver.store.module(site.path), site.function, argument.names)
