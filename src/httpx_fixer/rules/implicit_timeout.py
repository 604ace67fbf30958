from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.fix import AddArgument, Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._numbers import timeout_changes
from httpx_fixer.rules._patches import find_new_argument_obstacle
from httpx_fixer.rules._processes import is_reported
from httpx_fixer.rules._takers import is_given_away
from httpx_fixer.rules._upstreams import find_upstream
from httpx_fixer.rules._values import find_value_class, uses_network
from httpx_fixer.settings import TimeoutPolicy


class ImplicitTimeout(Rule):
    """Neither the client nor the call says a timeout.

    ## What it does
    Finds clients built without `timeout=` whose requests do not all have one of their own. One that an object
    keeps is silent where the whole project gives it one with each request. A client that an object of
    another library gets (`OpenAI(http_client=client)`) is left to it: such libraries have timeouts of
    their own, which one on the client would overrule.

    ## Why is this bad?
    httpx then allows 5 s for each phase of a request: connect, read, write, and the wait for a free
    connection of the pool. Nobody chose that number, it is not in the code when an incident is read,
    and it cuts off every upstream that thinks for longer.

    ## Fix
    Writes `timeout=httpx.Timeout(connect=..., read=..., write=..., pool=...)` with the numbers of the
    policy. Every number that changes is listed; `policy = "preserve"` writes out today's 5 s instead.

    ## Fix safety
    Safe: the numbers are what the rule is for. A timeout that the author gave is never changed.

    ## Refused when
    - UNSUPPORTED_BINDING: the class is imported inside the function, and `Timeout` is not.
    - NAME_CLASH: `Timeout` means something else in the module.
    - PATCHED_IN_TESTS: a test puts a class of its own in the client's place, or looks at the arguments.

    ## References
    - https://www.python-httpx.org/advanced/timeouts/
    """

    code = "HXF201"
    name = "implicit-timeout"
    order = 60
    stands_beside_refusals = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every client without a timeout."""
        policy = self.settings.policy
        for site in project.client_sites:
            if not _is_implicit(project, site) or is_given_away(project, site):
                continue
            if is_reported(project, lifecycles, site, self.settings) and not (
                project.kept.is_every_request_timed(site)
            ):
                message = f"`{site.spec.class_code}(...)` says no timeout: httpx waits 5 s in each phase"
                outcome = _plan_timeout(project, site, policy.of(find_upstream(site, policy)).timeout)
                yield self.diagnostic(site.anchor, message, outcome)


def _is_implicit(project: Project, site: ClientSite) -> bool:
    if site.top_level or not site.spec.is_complete or not uses_network(project, site):
        return False
    if site.usage is not None and site.usage.every_request_has_timeout:
        return False
    return site.spec.argument("timeout") is None


def _plan_timeout(project: Project, site: ClientSite, policy: TimeoutPolicy) -> Fix | Refusal:
    spelled = find_value_class(project, site, "Timeout")
    if isinstance(spelled, Refusal):
        return spelled
    fake = find_new_argument_obstacle(project, site)
    if fake is not None:
        return fake
    callee, imports = spelled
    edit = AddArgument(site.anchor, "timeout", policy.code(callee))
    numbers = tuple(timeout_changes(site.path, site.line, policy))
    return Fix("say the timeout of each phase", (*imports, edit), numbers=numbers)
