from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.facts import BindingForm, ClientSite
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Diagnostic, Refusal, RefusalReason
from httpx_fixer.fix import Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._borrowers import find_borrower
from httpx_fixer.rules._candidates import Candidate, find_candidate
from httpx_fixer.rules._homes import Member
from httpx_fixer.rules._ownership import plan_ownership
from httpx_fixer.rules._processes import is_reported, owns_for_duration
from httpx_fixer.rules._values import uses_network


class ClientPerRequest(Rule):
    """A client built on each call by code that a long-lived process runs.

    ## What it does
    Finds `Client` and `AsyncClient` objects that a handler, or a function that handlers call, builds
    and closes on every run.

    ## Why is this bad?
    Building a client takes 20 ms of CPU, nearly all of it for the TLS context, and every client opens
    connections of its own: 50 requests open 50 connections and make 50 TLS handshakes instead of
    one, and leave as many sockets in `TIME_WAIT`.

    ## Fix
    The application's lifespan opens one client, or one per set of arguments that cannot move, and
    closes it after the server has drained. Handlers get it as a keyword-only parameter that FastAPI
    fills, or through the request in Starlette; helpers of the same module get it as an argument.
    The shared client has an explicit timeout and limits and stores no cookies. Where the lifespan
    does not run, as in most tests, each request gets a client of its own, as before.

    ## Fix safety
    Safe: requests on the wire, exceptions and cookies stay as they were. Two failures are new in
    kind: `PoolTimeout` when `max_connections` requests are under way, and `RemoteProtocolError` when
    a server closes an idle connection at the very moment it is used again.

    ## Refused when
    - NO_LIFECYCLE: no application is known that could own the client.
    - NO_ENTRY_POINT: nothing is known to call the function.
    - IN_METHOD: the client is built in a method.
    - IN_NESTED_FUNCTION: the client is built in a function inside a function.
    - IN_HELPER: the function is reached from other modules, or passed on as a value.
    - CALLED_DIRECTLY: other code calls the handler itself and would lack the new argument.
    - PATCHED_IN_TESTS: a test replaces a name that would no longer be looked up.
    - MOUNTED_APP: the application is mounted in another one, so its lifespan does not run.
    - LIFESPAN_UNKNOWN: the application's lifespan could not be extended.
    - FRAMEWORK_TOO_OLD: the pinned version lacks what the fix uses.
    - HTTPX_TOO_NEW: the pinned httpx is 1.0 or a prerelease of it.
    - UNSUPPORTED_BINDING: the client is not held by a `with ... as name`, or may be of two libraries.
    - GENERATOR: the function is a generator.
    - SYNC_IN_ASYNC: a sync client in a coroutine.
    - ESCAPES: the client is returned, stored, captured or passed on.
    - MUTATED: the client is changed after it was built.
    - REBOUND: the name is assigned again or used outside of the block.
    - MIXED_WITH_MANUAL_CLOSE: the block closes or enters its client by hand.
    - STREAM_LEFT_OPEN: a stream may stay open when the client no longer closes it.
    - COOKIE_JAR: the code may live by the cookies of its own client.
    - UNKNOWN_ARGUMENT: not all arguments of the constructor are known.
    - DYNAMIC_ARGUMENT: an argument varies by request and cannot move to the call.
    - IMPORT_CIRCLE: an argument is defined where the owner cannot import it from.
    - NAME_CLASH: the name of the new parameter is taken.
    - DECORATED: a decorator may not pass the new argument on.
    - UNUSUAL_SIGNATURE: the signature cannot take the new parameter.
    - NO_IMPORT_PATH: how the project's modules import one another is not clear.

    ## References
    - https://www.python-httpx.org/advanced/clients/
    - https://fastapi.tiangolo.com/advanced/events/
    """

    code = "HXF101"
    name = "client-per-request"
    order = 10

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client that is built and closed on each call."""
        sites = [site for site in project.client_sites if _is_per_call(project, site)]
        sites = [site for site in sites if is_reported(project, lifecycles, site, self.settings)]
        outcomes = self._plan(project, lifecycles, sites)
        for site in sites:
            message = f"`{site.spec.class_code}(...)` is built on every call of `{_short(site.function)}`"
            if site.in_loop:
                place = f"every round of a loop in `{_short(site.function)}`"
                message = f"`{site.spec.class_code}(...)` is built on {place}"
            yield self.diagnostic(site.anchor, message, outcomes[site])

    def _plan(
        self, project: Project, lifecycles: Lifecycles, sites: list[ClientSite]
    ) -> dict[ClientSite, Fix | Refusal]:
        """Plan all sites together; what cannot be injected after all is planned again as borrowed."""
        decided = {site: _decide(project, lifecycles, site) for site in sites}
        while True:
            members = [found for found in decided.values() if not isinstance(found, Refusal)]
            outcomes: dict[ClientSite, Fix | Refusal] = {
                site: found for site, found in decided.items() if isinstance(found, Refusal)
            }
            outcomes |= plan_ownership(project, lifecycles, members, self.settings.policy)
            second = [site for site in sites if _needs_borrowing(site, decided, outcomes)]
            if not second:
                return outcomes
            decided |= {site: find_borrower(project, lifecycles, site) for site in second}


def _is_per_call(project: Project, site: ClientSite) -> bool:
    if site.form is not BindingForm.WITH or not site.function or not uses_network(site):
        return False
    return not owns_for_duration(project, site)


def _decide(project: Project, lifecycles: Lifecycles, site: ClientSite) -> Member | Refusal:
    """Prefer the plainest form that is right: a parameter, else a borrowed client."""
    version = project.pinned_version(site.spec.library or "httpx")
    if version is not None and version >= (1,) and site.spec.library == "httpx":
        detail = f"httpx {'.'.join(map(str, version))} is pinned, which has another API"
        return Refusal(RefusalReason.HTTPX_TOO_NEW, detail, site.path, site.line)
    found = find_candidate(project, lifecycles, site)
    return found if isinstance(found, Candidate) else find_borrower(project, lifecycles, site)


def _needs_borrowing(
    site: ClientSite, decided: dict[ClientSite, Member | Refusal], outcomes: dict[ClientSite, Fix | Refusal]
) -> bool:
    """Answer whether an injected client failed, or would meet another one under its name.

    Of several blocks of one function that hold a client under one name all get the parameter, or none.
    """
    if not isinstance(decided[site], Candidate):
        return False
    twins = (other for other in decided if _is_twin(other, site))
    return isinstance(outcomes[site], Refusal) or any(
        not isinstance(decided[twin], Candidate) for twin in twins
    )


def _is_twin(one: ClientSite, other: ClientSite) -> bool:
    return one is not other and (one.path, one.function, one.name) == (other.path, other.function, other.name)


def _short(qualname: str) -> str:
    return qualname.rpartition(".")[2]
