from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite, Closing
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._kinds import UNCLOSED_LOCAL, kind_of
from httpx_fixer.rules._lasting import is_handed_out
from httpx_fixer.rules._planning import plan_sites
from httpx_fixer.rules._relief import close_unowned


class UnclosedLocalClient(Rule):
    """A local or chained client that is never closed.

    ## What it does
    Finds clients that a function builds for itself, in a variable or right before a call
    (`AsyncClient().get(...)`), and does not close, or closes on some paths only: not when an
    exception is raised, or when it returns early. So do functions and generators that make a client for
    their callers, of which some do not close it, and code that puts one into a container. A client that
    another object keeps, or that an object of another library gets (`OpenAI(http_client=client)`), is
    theirs to close; one that is made for an object of another library that serves a single call, and that
    nothing closes, is as good as never closed.

    ## Why is this bad?
    Every call leaves connections open until the garbage collector finds them; httpx says nothing.

    ## Fix
    The statements that use the client move into `async with http_client(...) as client:`, from the
    assignment to the last use, or to the close that stands in the same block: it is closed on every
    path, and its connections are those that the application's lifespan owns. Closes that have nothing
    left to do go. A client right before its call gets such a block around the statement.

    Where other code may use the client after the block (it is handed to callers or on to other functions,
    captured, may be one of the caller's, or is closed under a condition only), or no block can hold it
    (a request in a comprehension, a client for each key of a dictionary), its uses stay as they are,
    and `lasting_http_client(...)` builds one that nothing has to close: it has no connections of its own
    while the application runs.

    Where nothing can own the connections (in a library, say) such a block closes the client itself, and
    the client loads the trusted certificates once a process (HXF112).

    A local that is closed on every path stays as it is written and borrows (HXF101).

    ## Fix safety
    Safe: requests on the wire, exceptions and cookies stay as they were. Nothing that may still use
    the client comes after its close. Unsafe for a `transport=` or `mounts=` that code of the project
    makes: there is one a pool then.

    ## Refused when
    - STREAM_LEFT_OPEN: a stream is opened that may outlive the function.
    - UNSUPPORTED_BINDING: nothing is done with the client, the call is a part of a larger statement, or
      the client may be of httpx or httpx2.
    - DYNAMIC_ARGUMENT: an argument that makes a pool of connections varies by call.
    - LIMITS_OF_ONE_CALL: `limits=` allows fewer connections than httpx does by default.
    - UNKNOWN_ARGUMENT: an argument is none of httpx 0.28.
    - IMPORT_CIRCLE: an argument is defined where the owner cannot import it from.
    - SYNC_IN_ASYNC: a coroutine sends a sync request.
    - ESCAPES: an object of another library gets the client, and may go by the timeout it was built with.
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
            if kind_of(project, lifecycles, site) == UNCLOSED_LOCAL:
                message = f"`{site.spec.class_code}(...)` is {_tell_fault(project, site)}"
                closed = (
                    close_unowned(project, lifecycles, site, outcome, self.settings)
                    if isinstance(outcome, Refusal)
                    else outcome
                )
                yield self.diagnostic(site.anchor, message, closed)


def _tell_fault(project: Project, site: ClientSite) -> str:
    if is_handed_out(project, site) and site.form not in {BindingForm.CHAINED, BindingForm.ITEM}:
        function = site.function.rpartition(".")[2]
        return f"made by `{function}` for others, and not closed by all of them"
    closing = site.local.closing if site.local is not None else Closing.NEVER
    return f"kept in {site.form.value} and {closing.value}"
