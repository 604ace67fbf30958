from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._kinds import UNCLOSED_INSTANCE, kind_of
from httpx_fixer.rules._planning import is_kept_by_process, plan_sites


class UnclosedInstanceClient(Rule):
    """A client that is kept on an instance and that nothing closes.

    ## What it does
    Finds clients that are assigned to an attribute of an object and that its module never closes.

    ## Why is this bad?
    Each object that is dropped leaves its connections open until they are collected, and the TLS
    context of each costs 20 ms to build.

    ## Fix
    Where every object of the class lives for one call (in a local variable, or made by an async
    dependency) the attribute gets a client that borrows: there is nothing left to close, since
    its connections are those that the application's lifespan opens and closes.

    On objects that live longer, or for nobody knows how long, the attribute gets a client that lasts
    (`lasting_http_client(...)`): it asks at each request whose connections to use, those of the
    application that runs on this event loop (in this process, for sync clients), else its own.

    ## Fix safety
    Safe: requests on the wire, exceptions and cookies stay as they were. Where no lifespan runs the
    client has connections of its own, and leaves them open as before.
    Unsafe for a `transport=` or `mounts=` that code of the project makes: there is one a pool then.

    ## Refused when
    - STREAM_LEFT_OPEN: the client speaks HTTP/2, or a stream of it is opened other than by `with`.
    - MANY_LOOPS: the process runs this code on an event loop per call.
    - DYNAMIC_ARGUMENT: an argument that makes a pool of connections varies by call.
    - UNKNOWN_ARGUMENT: an argument is none of httpx 0.28.
    - IMPORT_CIRCLE: an argument is defined where the owner cannot import it from.
    - UNSUPPORTED_BINDING: the client may be of httpx or httpx2, or code looks at its `_transport`.
    - NO_ENTRY_POINT: no known application imports the code.

    ## References
    - https://www.python-httpx.org/async/#opening-and-closing-clients
    """

    code = "HXF103"
    name = "unclosed-instance-client"
    order = 21

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every such client that nothing closes."""
        for site, outcome in plan_sites(project, lifecycles, self.settings).items():
            if kind_of(project, lifecycles, site) != UNCLOSED_INSTANCE:
                continue
            if not is_kept_by_process(project, lifecycles, site, outcome, self.settings):
                continue  # kept by a library, for its callers
            message = f"`{site.name}` holds a client that nothing closes"
            yield self.diagnostic(site.anchor, message, outcome)
