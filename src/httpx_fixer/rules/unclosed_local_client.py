from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import Closing
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._planning import UNCLOSED_LOCAL, kind_of, plan_sites


class UnclosedLocalClient(Rule):
    """A local or chained client that is never closed.

    ## What it does
    Finds clients that a function builds for itself, in a variable or right before a call
    (`AsyncClient().get(...)`), and does not close, or closes on some paths only: not when an
    exception is raised, or when it returns early. A client that another object keeps, or that an object
    of another library gets (`OpenAI(http_client=client)`), is theirs to close.

    ## Why is this bad?
    Every call leaves connections open until the garbage collector finds them; httpx says nothing.

    ## Fix
    The statements that use the client move into `async with http_client(...) as client:`, from the
    assignment to the last use, or to the close that stands in the same block: it is closed on every
    path, and its connections are those that the application's lifespan owns. Closes that have nothing
    left to do go. A client right before its call gets such a block around the statement.

    A local that is closed on every path stays as it is written and borrows (HXF101).

    ## Fix safety
    Safe: requests on the wire, exceptions and cookies stay as they were. Nothing that may still use
    the client comes after its close: such code is refused.

    ## Refused when
    - MAY_BE_INJECTED: the variable may hold a client of the caller (`client or AsyncClient()`).
    - REBOUND: the variable is used outside of the block that assigns it, or assigned again in it.
    - ESCAPES: the client is passed on, captured by a nested function, or sends a request that something
      else awaits.
    - STREAM_LEFT_OPEN: a stream is opened that may outlive the function.
    - MIXED_WITH_MANUAL_CLOSE: whether the client is closed depends on a condition.
    - UNSUPPORTED_BINDING: nothing is done with the client, the call is a part of a larger statement, or
      the client may be of httpx or httpx2.
    - DYNAMIC_ARGUMENT: an argument that makes a pool of connections varies by call.
    - LIMITS_OF_ONE_CALL: `limits=` allows fewer connections than httpx does by default.
    - UNKNOWN_ARGUMENT: an argument is none of httpx 0.28.
    - IMPORT_CIRCLE: an argument is defined where the owner cannot import it from.
    - SYNC_IN_ASYNC: a coroutine sends a sync request.
    - NO_ENTRY_POINT: no known application imports the code.
    - LIBRARY_CODE: the package is installed by others, whose programs alone could own the client.
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
                closing = site.local.closing if site.local is not None else Closing.NEVER
                message = f"`{site.spec.class_code}(...)` is kept in {site.form.value} and {closing.value}"
                yield self.diagnostic(site.anchor, message, outcome)
