from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._planning import UNCLOSED_LOCAL, kind_of, plan_sites


class UnclosedLocalClient(Rule):
    """A local or chained client that is never closed.

    ## What it does
    Finds clients that a function builds for itself, in a variable, as an argument or right before
    a call (`AsyncClient().get(...)`), and does not close.

    ## Why is this bad?
    Every call leaves connections open until the garbage collector finds them; httpx says nothing.

    ## Fix
    A client right before its call moves into `async with http_client(...) as client:` around the
    statement: it is closed, and its connections are those that the application's lifespan owns.

    ## Fix safety
    Safe: the request on the wire, its exceptions and its cookies stay as they were.

    ## Refused when
    - NO_CLOSE_YET: the client is kept in a local variable.
    - UNSUPPORTED_BINDING: the call is a part of a larger statement, or may be of httpx or httpx2.
    - DYNAMIC_ARGUMENT: an argument that makes a pool of connections varies by call.
    - UNKNOWN_ARGUMENT: an argument is none of httpx 0.28.
    - IMPORT_CIRCLE: an argument is defined where the owner cannot import it from.
    - SYNC_IN_ASYNC: a coroutine sends a sync request.
    - NO_ENTRY_POINT: no known application imports the code.
    - NAME_CLASH: no plain name for the client is free.

    ## References
    - https://www.python-httpx.org/async/#opening-and-closing-clients
    """

    code = "HXF104"
    name = "unclosed-local-client"
    order = 22

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every such client that nothing closes."""
        for site, outcome in plan_sites(project, lifecycles, self.settings).items():
            if kind_of(project, site) == UNCLOSED_LOCAL:
                message = f"`{site.spec.class_code}(...)` is kept in {site.form.value} and never closed"
                yield self.diagnostic(site.anchor, message, outcome)
