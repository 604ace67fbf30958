from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._kinds import CLIENT_FOR_HEADERS, frequency_of, told_as
from httpx_fixer.rules._planning import plan_sites


class ClientForHeaders(Rule):
    """A client rebuilt on each call only to carry headers, auth or params.

    ## What it does
    Finds clients that are built on each call, as `client-per-request` does, whose only arguments beside
    `timeout=` are `headers=`, `auth=` and `params=`, with a value that the call decides: the token of a
    user, the id of a trace.

    ## Why is this bad?
    A request takes these three as well. Building a client for them costs 20 ms of CPU and a new
    connection with its TLS handshake each time.

    ## Fix
    Where a parameter can bring the shared client, the arguments move to its requests, where they mean
    the same (`client.get(url, headers=headers)`). Everywhere else, and where they would have to be
    merged with what a request has or be computed at another time, the block stays and borrows: it
    builds a client with just these arguments over connections that the application owns.

    A run that selects `client-per-request` and not this rule tells of these clients under its code.

    ## Fix safety
    Safe: as for `client-per-request`. Moved headers, auth and params go out byte by byte as before,
    on redirects and retries too.

    ## Refused when
    - UNSUPPORTED_BINDING: the client may be of httpx or httpx2, or is of the other one than the rest.
    - SYNC_IN_ASYNC: a sync client in a coroutine.
    - IMPORT_CIRCLE: the code cannot import the owner.
    - NO_ENTRY_POINT: no known application or worker imports the code.
    - LIBRARY_CODE: the package is installed by others, whose programs alone could own the client.
    - MANY_LOOPS: the process runs the code on an event loop per call.

    ## References
    - https://www.python-httpx.org/advanced/clients/#merging-of-configuration
    """

    code = "HXF110"
    name = "client-for-headers"
    order = 11

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client per call that only carries something to its requests."""
        for site, outcome in plan_sites(project, lifecycles, self.settings).items():
            if told_as(project, lifecycles, site, self.settings) == CLIENT_FOR_HEADERS:
                message = (
                    f"`{site.spec.class_code}(...)` is built on {frequency_of(site)} to carry {_load(site)}"
                )
                yield self.diagnostic(site.anchor, message, outcome)


def _load(site: ClientSite) -> str:
    names = [argument.name for argument in site.spec.arguments if argument.name != "timeout"]
    return " and ".join(f"`{name}=`" for name in names)
