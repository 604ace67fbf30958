from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._hoisting import plan_hoists
from httpx_fixer.rules._kinds import CLIENT_PER_REQUEST, frequency_of, told_as
from httpx_fixer.rules._planning import plan_sites


class ClientPerRequest(Rule):
    """A client built on each call by code that a long-lived process runs.

    ## What it does
    Finds `Client` and `AsyncClient` objects that a handler, or a function that handlers call, builds
    and closes on every run: by `with`, an exit stack or a `finally`, or in the callers of the function
    that makes the client for them. Clients that are built for their headers, auth or params only have a
    rule of their own (HXF110).

    ## Why is this bad?
    Building a client takes 20 ms of CPU, nearly all of it for the TLS context, and every client opens
    connections of its own: 50 requests open 50 connections and make 50 TLS handshakes instead of
    one, and leave as many sockets in `TIME_WAIT`.

    ## Fix
    The application's lifespan opens what is shared and closes it after the server has drained.

    A handler gets the client as a keyword-only parameter that FastAPI fills, or through the request
    in Starlette; a helper that only handlers of its module call gets it as an argument. So do functions
    of other modules on the way from handlers, where that changes no more lines than to borrow, or with
    `injection = "parameter"`. There is one client, or one per set of arguments that cannot move to the
    calls. It has an explicit timeout and limits, and stores no cookies. Where the lifespan does not run,
    as in most tests, each request gets a client of its own, as before. What an earlier run wrote is
    known again and extended; the numbers and the code that were changed in it since stay.

    A program that runs once and ends keeps its clients; one that a loop of it builds anew in every round
    is built once, in a `with` block around the loop. Each round begins with `client.cookies.clear()`, so
    that it has no cookies of the one before.

    Everywhere else (methods, helpers of several modules, generators, code that lives by the cookies
    of its client, changes it or hands it on, code whose tests replace the class) the `with` stays and
    borrows: it builds a client of its own, with its own arguments, over connections that the lifespan
    opens and closes.

    Where `proxy=` is decided on each call, or `verify=` and `trust_env=` are among few values (booleans,
    settings, what an object keeps), the borrower goes on to say it, and there are connections for each
    value: `http_client(proxy=random.choice(settings.PROXIES))`. Where a process has seen a hundred of
    them, clients with another one have connections of their own, as before.

    ## Fix safety
    Safe: requests on the wire, exceptions and cookies stay as they were. Two failures are new in
    kind: `PoolTimeout` when `max_connections` requests are under way, and `RemoteProtocolError` when
    a server closes an idle connection at the very moment it is used again.

    Unsafe for a `transport=` or `mounts=` that code of the project makes, always alike: there is one
    transport a pool and event loop then, and what it keeps, counts or checks when it opens a connection
    is for all calls. A class that adds to httpx's own transport only what it does with each request, and
    hands that on as it came, is shared safely. Unsafe as well where a test replaces, in the module of the
    client, what an argument reads that makes a pool: the pool reads it elsewhere, once.

    ## Refused when
    - HTTPX_TOO_NEW: the pinned httpx is 1.0 or a prerelease of it.
    - HTTPX_TOO_OLD: the pinned httpx comes before 0.21.
    - PYTHON_TOO_OLD: the project runs on Pythons too that lack what the fix uses.
    - UNSUPPORTED_BINDING: the client may be of httpx or httpx2, or is of the other one than the rest, or
      httpx may not be installed.
    - SYNC_IN_ASYNC: a sync client in a coroutine.
    - UNKNOWN_ARGUMENT: an argument is none of httpx 0.28.
    - DYNAMIC_ARGUMENT: an argument that makes a pool of connections is decided on each call, and nothing
      tells that its values are few.
    - PATCHED_IN_TESTS: a test compares the application's lifespan with the author's own.
    - LIMITS_OF_ONE_CALL: `limits=` allows fewer connections than httpx does by default.
    - IMPORT_CIRCLE: an argument is defined where the owner cannot import it from, or the code cannot
      import the owner.
    - NO_ENTRY_POINT: no known application or worker imports the code.
    - LIBRARY_CODE: the package is installed by others, whose programs alone could own the client.
    - MANY_LOOPS: the process runs the code on an event loop per call.
    - HOST_OFFERS: the program that loads the code has a shared client of its own (Home Assistant).
    - PROCESS_PER_JOB: the code runs in a process that ends with its job.
    - FRAMEWORK_TOO_OLD: the pinned version lacks what the fix uses.
    - LIFESPAN_UNKNOWN: the application's lifespan could not be extended.
    - OWNER_CHANGED: a definition of an earlier run that has to change was changed by hand.
    - NO_IMPORT_PATH: how the project's modules import one another is not clear, or the function's
      source is copied to where they are not (`global_imports=`).
    - NAME_CLASH: a name that the fix adds to a module is taken there.
    - STREAM_LEFT_OPEN: the client speaks HTTP/2 and a stream may be left early.
    - ESCAPES: an object of another library gets the client, and may go by the timeout it was built with.

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
            if told_as(project, lifecycles, site, self.settings) == CLIENT_PER_REQUEST:
                message = f"`{site.spec.class_code}(...)` is built on {frequency_of(site)}"
                yield self.diagnostic(site.anchor, message, outcome)
        for site, fix in plan_hoists(project, lifecycles, self.settings).items():
            message = f"`{site.spec.class_code}(...)` is built on {frequency_of(site)}"
            yield self.diagnostic(site.anchor, message, fix)
