from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._planning import CLIENT_PER_REQUEST, kind_of, plan_sites


class ClientPerRequest(Rule):
    """A client built on each call by code that a long-lived process runs.

    ## What it does
    Finds `Client` and `AsyncClient` objects that a handler, or a function that handlers call, builds
    and closes on every run.

    ## Why is this bad?
    Building a client takes 20 ms of CPU, nearly all of it for the TLS context, and every client opens
    connections of its own: 50 requests open 50 connections and make 50 TLS handshakes instead of
    one, and leave as many sockets in `TIME_WAIT`.

    ## Fix
    The application's lifespan opens one client, or one per set of arguments that cannot move, and
    closes it after the server has drained. Handlers get it as a keyword-only parameter that FastAPI
    fills, or through the request in Starlette; helpers of the same module get it as an argument.
    The shared client has an explicit timeout and limits and stores no cookies. Where the lifespan
    does not run, as in most tests, each request gets a client of its own, as before.

    ## Fix safety
    Safe: requests on the wire, exceptions and cookies stay as they were. Two failures are new in
    kind: `PoolTimeout` when `max_connections` requests are under way, and `RemoteProtocolError` when
    a server closes an idle connection at the very moment it is used again.

    ## Refused when
    - NO_LIFECYCLE: no application is known that could own the client.
    - NO_ENTRY_POINT: nothing is known to call the function.
    - IN_METHOD: the client is built in a method.
    - IN_NESTED_FUNCTION: the client is built in a function inside a function.
    - IN_HELPER: the function is reached from other modules, or passed on as a value.
    - CALLED_DIRECTLY: other code calls the handler itself and would lack the new argument.
    - PATCHED_IN_TESTS: a test replaces a name that would no longer be looked up.
    - MOUNTED_APP: the application is mounted in another one, so its lifespan does not run.
    - LIFESPAN_UNKNOWN: the application's lifespan could not be extended.
    - FRAMEWORK_TOO_OLD: the pinned version lacks what the fix uses.
    - HTTPX_TOO_NEW: the pinned httpx is 1.0 or a prerelease of it.
    - UNSUPPORTED_BINDING: the client is not held by a `with ... as name`, or may be of two libraries.
    - GENERATOR: the function is a generator.
    - SYNC_IN_ASYNC: a sync client in a coroutine.
    - ESCAPES: the client is returned, stored, captured or passed on.
    - MUTATED: the client is changed after it was built.
    - REBOUND: the name is assigned again or used outside of the block.
    - MIXED_WITH_MANUAL_CLOSE: the block closes or enters its client by hand.
    - STREAM_LEFT_OPEN: a stream may stay open when the client no longer closes it.
    - COOKIE_JAR: the code may live by the cookies of its own client.
    - UNKNOWN_ARGUMENT: not all arguments of the constructor are known.
    - DYNAMIC_ARGUMENT: an argument varies by request and cannot move to the call.
    - IMPORT_CIRCLE: an argument is defined where the owner cannot import it from.
    - NAME_CLASH: the name of the new parameter is taken.
    - DECORATED: a decorator may not pass the new argument on.
    - UNUSUAL_SIGNATURE: the signature cannot take the new parameter.
    - NO_IMPORT_PATH: how the project's modules import one another is not clear.

    ## References
    - https://www.python-httpx.org/advanced/clients/
    - https://fastapi.tiangolo.com/advanced/events/
    """

    code = "HXF101"
    name = "client-per-request"
    order = 10

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client that is built and closed on each call."""
        for site, outcome in plan_sites(project, lifecycles, self.settings).items():
            if kind_of(project, site) != CLIENT_PER_REQUEST:
                continue
            function = site.function.rpartition(".")[2]
            place = (
                f"every round of a loop in `{function}`" if site.in_loop else f"every call of `{function}`"
            )
            yield self.diagnostic(site.anchor, f"`{site.spec.class_code}(...)` is built on {place}", outcome)
