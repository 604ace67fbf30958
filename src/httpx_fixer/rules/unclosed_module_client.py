from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._handlers import is_closed_by_requests
from httpx_fixer.rules._kinds import UNCLOSED_MODULE, kind_of
from httpx_fixer.rules._planning import is_kept_by_process, plan_sites


class UnclosedModuleClient(Rule):
    """A client of a module, a class or a lazily filled global that nothing closes.

    ## What it does
    Finds clients that are bound to a module variable, a class attribute or a global filled on first
    use, or that a cached function (`@lru_cache`) returns, and that no code of the project closes, or
    single requests alone (HXF109).

    ## Why is this bad?
    Nothing ends their connections when the application stops, a second start of the application (as in
    tests) finds a client of a loop that is gone, and a program that forks may share their sockets.

    ## Fix
    `lasting_http_client(...)` of the generated module stands in the place of the class. It builds a
    plain client with headers, cookies, auth and hooks of its own, which asks at each request whose
    connections to use: those that the application which runs on this event loop (in this process, for
    sync clients) opens and closes, else some of its own for this loop (this process). So the lifespan
    closes them, a second start opens new ones, and no loop and no fork meets those of another.

    ## Fix safety
    Safe: requests on the wire, exceptions and cookies stay as they were. Where no lifespan runs, the
    connections are left open as before. What is closed by hand closes its own and leaves the pool.
    Unsafe for a `transport=` or `mounts=` that code of the project makes: there is one a pool then.

    ## Refused when
    - STREAM_LEFT_OPEN: the client speaks HTTP/2, or a stream of it is opened other than by `with`.
    - DYNAMIC_ARGUMENT: an argument that makes a pool of connections is computed.
    - UNKNOWN_ARGUMENT: an argument is none of httpx 0.28.
    - IMPORT_CIRCLE: an argument is defined where the owner cannot import it from.
    - UNSUPPORTED_BINDING: the client may be of httpx or httpx2, or code looks at its `_transport`.
    - NO_ENTRY_POINT: no known application imports the code.
    - MANY_LOOPS: a worker runs the code on a loop that it keeps, and nothing known tells when that ends.

    ## References
    - https://www.python-httpx.org/async/#opening-and-closing-clients
    """

    code = "HXF102"
    name = "unclosed-module-client"
    order = 20

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every such client that nothing closes."""
        for site, outcome in plan_sites(project, lifecycles, self.settings).items():
            if kind_of(project, lifecycles, site) != UNCLOSED_MODULE:
                continue
            if not is_kept_by_process(project, lifecycles, site, outcome, self.settings):
                continue  # kept by a library, for its callers
            is_result = site.form is BindingForm.CACHED
            name = f"`{site.name}`" if site.name else f"`{site.spec.class_code}(...)`"
            subject = f"what {name} returns" if is_result else name
            is_closed = is_closed_by_requests(project, lifecycles, site)
            fault = "closed by single requests" if is_closed else "never closed"
            message = f"{subject} is kept in {site.form.value} and {fault}"
            yield self.diagnostic(site.anchor, message, outcome)
