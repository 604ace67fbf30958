"""dramatiq: a middleware of the broker owns, actors borrow."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from httpx_fixer.analysis.facts import Call
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._objects import ObjectFramework, Statements, find_target
from httpx_fixer.patterns import compile_later

_CLASS = "HttpPools"
_ACTOR = compile_later(r"(?m)^\s*@(?:\w+\.)?actor\b")
_LOOP = compile_later(r"dramatiq\.middleware\.(?:asyncio\.)?AsyncIO$")
_ON_THE_LOOP = '''\


class HttpPools({Middleware}):
    """Keeps connections for the actors of a worker, on the event loop of its coroutines."""

    def before_worker_boot(self, broker: object, worker: object) -> None:
        {async_to_sync}({open})()

    def after_worker_shutdown(self, broker: object, worker: object) -> None:
        {async_to_sync}({close})()


{target}.add_middleware(HttpPools())
'''


class Dramatiq(ObjectFramework):
    """A dramatiq worker process runs actors in threads, and tells middleware of its start and end.

    Coroutines run on the loop of a thread that the middleware `AsyncIO` starts and stops. Where it is
    seen to be added to the broker, ours comes behind it: its start then finds the loop running, and
    its end, since dramatiq goes backwards there. Elsewhere coroutines run on loops of their own, and
    only sync clients are owned. One that is only given to `set_broker` is asked for again; a broker that
    nobody makes has no place to add the middleware to.
    Read and run in 2.2.1. https://dramatiq.io/advanced.html#middleware
    """

    name: ClassVar[str] = "dramatiq"
    modules: ClassVar[frozenset[str]] = frozenset({"dramatiq"})
    words: ClassVar[tuple[str, ...]] = ("RedisBroker", "RabbitmqBroker", "StubBroker")
    made: ClassVar[re.Pattern[str]] = compile_later(r"dramatiq\.(?:[\w.]+\.)?\w+Broker$")
    start: ClassVar[Start] = Start.SYNC_HOOKS
    code: ClassVar[str] = '''\


class HttpPools({Middleware}):
    """Keeps connections for the actors of a worker."""

    def before_worker_boot(self, broker: object, worker: object) -> None:
        {open}()

    def after_worker_shutdown(self, broker: object, worker: object) -> None:
        {close}()


{target}.add_middleware(HttpPools())
'''
    needs: ClassVar[tuple[tuple[str, str], ...]] = (("dramatiq", "Middleware"),)

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every broker, as one of coroutines where it has a loop for them."""
        return tuple(
            one if _find_loop(project, one.call) is None else replace(one, start=Start.HOOKS)
            for one in super().lifecycles(project)
        )

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that define the middleware and add it to the broker."""
        loop = _find_loop(project, lifecycle.call)
        if loop is None and _is_set(project, lifecycle.call):
            needs = (*self.needs, ("dramatiq", "get_broker"))
            code = self.code.replace("{target}", "{get_broker}()")
            edits = self._add(project, ownership, lifecycle, Statements(code, needs, ""))
        elif loop is None:
            edits = super().wire(project, ownership, lifecycle)
        else:
            behind = replace(lifecycle, call=replace(lifecycle.call, statement=loop.statement))
            needs = (*self.needs, ("dramatiq.asyncio", "async_to_sync"))
            added = Statements(_ON_THE_LOOP, needs, find_target(project, lifecycle.call))
            edits = self._add(project, ownership, behind, added)
        if not isinstance(edits, Refusal) and edits and _CLASS in project.module_names(lifecycle.path):
            detail = f"`{_CLASS}` is taken in `{lifecycle.path}`"
            return Refusal(RefusalReason.NAME_CLASH, detail, lifecycle.path, lifecycle.call.line)
        return edits

    def _find_registering(self, project: Project, home: str) -> tuple[str, ...]:
        """Return the modules with actors, too: these need not import the broker, which is a global."""
        found = (
            path for path in project.search.mentions(b"actor") if _ACTOR.search(project.search.text(path))
        )
        return (home, *(path for path in found if "dramatiq" in project.imported_packages(path)))


def _is_set(project: Project, broker: Call) -> bool:
    """Answer whether a broker without a name is made for `set_broker(...)`."""
    calls = project.calls_in(broker.path, "set_broker")
    is_given = any(call.statement == broker.statement for call in calls)
    return is_given and not find_target(project, broker)


def _find_loop(project: Project, broker: Call) -> Call | None:
    """Return the call that makes a broker's `AsyncIO`: an argument of the broker's, or added to it later."""
    if not find_target(project, broker):
        return None
    added = {
        call.statement
        for call in project.calls_named("add_middleware", about="AsyncIO")
        if call.receiver == broker.bound and (call.path, call.function) == (broker.path, broker.function)
    }
    for call in project.calls_named("AsyncIO"):
        is_loop = call.symbol is not None and _LOOP.match(call.symbol.name) is not None
        if is_loop and call.statement in added | {broker.statement}:
            return call
    return None
