from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._hoisting import plan_request_hoists
from httpx_fixer.rules._kinds import TOP_LEVEL, kind_of
from httpx_fixer.rules._planning import plan_sites


class TopLevelRequest(Rule):
    """A request through `httpx.get(...)` and its kin: a client per call.

    ## What it does
    Finds calls of the functions of the package that send a request.

    ## Why is this bad?
    Each builds a client, with a TLS context of 20 ms, opens a connection and closes both.

    ## Fix
    Puts the statement into `with sync_http_client() as client:` and sends the request through that
    client, whose connections the application's lifespan opens and closes. Where no lifespan runs the
    client has connections of its own, as before. A request that is the first thing a condition, a
    `for`, a `with` or a `match` does moves above it; one further on in there gets the block around
    the whole. `verify=`, `cert=`, `proxy=` and `trust_env=` make a pool of their own, `cookies=` goes to
    the borrowed client, as it went to the one that the call built.

    In a program that runs once a loop that sends a request in every round goes into one `with` block of
    a client; before each request its cookies are cleared, so that it has none of the one before. Other
    requests of such programs stay as they are.

    ## Fix safety
    Safe: the request on the wire, its exceptions and its cookies stay as they were. Where a test replaces
    the function (`patch("httpx.get")`) the fix is unsafe: the program stays as it was, and that test would
    reach the network until what stands in answers for a client.

    ## Refused when
    - UNSUPPORTED_BINDING: no block has a place there (an `elif`, the condition of a `while`, a lambda), or
      requests that would share one have a cookie jar each (a comprehension, two in one statement).
    - UNKNOWN_ARGUMENT: not all arguments of the call are known.
    - COOKIE_JAR: `cookies=` is computed, which would happen before the other arguments are.
    - DYNAMIC_ARGUMENT: `verify=`, `proxy=`, `cert=` or `trust_env=` varies by call.
    - IMPORT_CIRCLE: one of them is defined where the owner cannot import it from.
    - SYNC_IN_ASYNC: a coroutine sends a sync request.
    - NO_ENTRY_POINT: no known application imports the code.
    - LIBRARY_CODE: the package is installed by others, whose programs alone could own the client.
    - OWNER_CHANGED: a definition of an earlier run that has to change was changed by hand.
    - NAME_CLASH: no plain name for the client is free.

    ## References
    - https://www.python-httpx.org/advanced/clients/#why-use-a-client
    """

    code = "HXF105"
    name = "top-level-request"
    order = 30

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every request that brings a client of its own."""
        for site, outcome in plan_sites(project, lifecycles, self.settings).items():
            if kind_of(project, lifecycles, site) == TOP_LEVEL:
                message = f"`{site.spec.class_code}(...)` builds and closes a client for one request"
                yield self.diagnostic(site.anchor, message, outcome)
        for site, fix in plan_request_hoists(project, lifecycles, self.settings).items():
            message = f"`{site.spec.class_code}(...)` builds and closes a client in every round of a loop"
            yield self.diagnostic(site.anchor, message, fix)
