from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._planning import TOP_LEVEL, kind_of, plan_sites


class TopLevelRequest(Rule):
    """A request through `httpx.get(...)` and its kin: a client per call.

    ## What it does
    Finds calls of the functions of the package that send a request.

    ## Why is this bad?
    Each builds a client, with a TLS context of 20 ms, opens a connection and closes both.

    ## Fix
    Puts the statement into `with sync_http_client() as client:` and sends the request through that
    client, whose connections the application's lifespan opens and closes. Where no lifespan runs the
    client has connections of its own, as before.

    ## Fix safety
    Safe: the request on the wire, its exceptions and its cookies stay as they were.

    ## Refused when
    - UNSUPPORTED_BINDING: the call is a part of a larger statement (a condition, a loop, a comprehension).
    - UNKNOWN_ARGUMENT: not all arguments of the call are known.
    - COOKIE_JAR: `cookies=` belongs to the client.
    - DYNAMIC_ARGUMENT: `verify=`, `proxy=`, `cert=` or `trust_env=` belong to the client.
    - PATCHED_IN_TESTS: a test replaces the function.
    - SYNC_IN_ASYNC: a coroutine sends a sync request.
    - NO_ENTRY_POINT: no known application imports the code.
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
            if kind_of(project, site) == TOP_LEVEL:
                message = f"`{site.spec.class_code}(...)` builds and closes a client for one request"
                yield self.diagnostic(site.anchor, message, outcome)
