from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.fix import Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._lasting import is_lasting
from httpx_fixer.rules._patches import find_new_argument_obstacle
from httpx_fixer.rules._relief import find_relieved
from httpx_fixer.rules._tls_contexts import TlsHome, plan_context


class RepeatedTlsContext(Rule):
    """A client per call that loads the trusted certificates each time.

    ## What it does
    Finds clients that could not be given an owner (another rule says why) and whose TLS context could be
    shared all the same: those built per call, and those that objects keep where there are several.

    ## Why is this bad?
    98 % of the 20 ms that it takes to build a client goes into the TLS context, also where only plain
    `http://` is spoken; a proxy loads them again (50 ms), and so does each proxy that the environment
    names. With a ready context a client takes 0.07 ms.

    ## Fix
    Adds `verify=tls_context()`, a function that loads the certificates once a process, in a small
    module of the package; transports that the call builds on the spot get it, too. A value of
    `verify=` or `trust_env=` that the code chooses is kept: there is one context a value. A context that
    a call makes stays as it is.

    ## Fix safety
    Safe: neither connections, cookies, loops nor lifetimes are shared. Certificates and the
    environment variables that name them are read once, not for every client.

    ## Refused when
    - PATCHED_IN_TESTS: a test replaces the class and might not take one more argument.
    - NAME_CLASH: a name that the fix adds is taken.

    ## References
    - https://www.python-httpx.org/advanced/ssl/
    """

    code = "HXF112"
    name = "repeated-tls-context"
    order = 60
    stands_beside_refusals = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client that stays without an owner and can be relieved."""
        for site, home in find_relieved(project, lifecycles, self.settings).items():
            when = "for itself alone" if is_lasting(project, lifecycles, site) else "on each call"
            message = f"`{site.spec.class_code}(...)` loads the trusted certificates {when}"
            yield self.diagnostic(site.anchor, message, _plan(project, site, home))


def _plan(project: Project, site: ClientSite, home: TlsHome) -> Fix | Refusal:
    obstacle = find_new_argument_obstacle(project, site)
    if obstacle is not None:
        return obstacle
    edits = plan_context(project, site, home)
    if isinstance(edits, Refusal):
        return edits
    return Fix("load the trusted certificates once a process", edits)
