from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import MODULE_FORMS, BindingForm, ClientSite
from httpx_fixer.diagnostic import Diagnostic, Refusal
from httpx_fixer.fix import AddArgument, Fix
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._numbers import limit_changes
from httpx_fixer.rules._objects import is_closed_where_built
from httpx_fixer.rules._patches import find_new_argument_obstacle
from httpx_fixer.rules._processes import is_reported, owns_for_duration
from httpx_fixer.rules._upstreams import find_upstream
from httpx_fixer.rules._values import find_value_class
from httpx_fixer.settings import LimitsPolicy

_SHARED = MODULE_FORMS | {BindingForm.INSTANCE}


class ImplicitLimits(Rule):
    """A shared client without limits.

    ## What it does
    Finds clients that many callers share (a module variable, an attribute, a client that a lifespan
    opens) and that say no `limits=`. One that a class opens for the block of a `with` is not shared.

    ## Why is this bad?
    The pool is then capped at 100 connections and keeps 20 alive: of 120 requests at once 20 wait,
    and fail with `PoolTimeout` after 5 s, and each burst above 20 makes its TLS handshakes anew.

    ## Fix
    Writes `limits=httpx.Limits(max_connections=..., max_keepalive_connections=..., keepalive_expiry=...)`
    with the numbers of the policy. Every number that changes is listed; `policy = "preserve"` writes
    out today's 100, 20 and 5 s instead.

    ## Fix safety
    Safe: the numbers are what the rule is for. A connection that is kept for longer is likelier to be
    closed by the server at the moment it is used again; set `keepalive_expiry` below the servers'.

    ## Refused when
    - UNSUPPORTED_BINDING: the class is imported inside the function, and `Limits` is not.
    - NAME_CLASH: `Limits` means something else in the module.
    - PATCHED_IN_TESTS: a test puts a class of its own in the client's place, or looks at the arguments.

    ## References
    - https://www.python-httpx.org/advanced/resource-limits/
    """

    code = "HXF203"
    name = "implicit-limits"
    order = 61
    stands_beside_refusals = True

    def check(self, project: Project, lifecycles: Lifecycles) -> Iterator[Diagnostic]:
        """Yield a diagnostic for every shared client without limits."""
        policy = self.settings.policy
        for site in project.client_sites:
            if not _is_implicit(site) or not is_reported(project, lifecycles, site, self.settings):
                continue
            if _is_shared(project, site) or owns_for_duration(project, site):
                message = (
                    f"`{site.spec.class_code}(...)` is shared and says no limits: 100 connections, 20 kept"
                )
                outcome = _plan_limits(project, site, policy.of(find_upstream(site, policy)).limits)
                yield self.diagnostic(site.anchor, message, outcome)


def _is_shared(project: Project, site: ClientSite) -> bool:
    """Answer whether many callers share a client; one that a block or a function closes serves that."""
    if site.form not in _SHARED or is_closed_where_built(project, site):
        return False
    return site.function.rpartition(".")[2] not in {"__aenter__", "__enter__"}


def _is_implicit(site: ClientSite) -> bool:
    """A transport of its own ignores the client's limits (FACTS A13): that is another rule's matter."""
    if site.top_level or not site.spec.is_complete:
        return False
    return site.spec.argument("limits") is None and site.spec.argument("transport") is None


def _plan_limits(project: Project, site: ClientSite, policy: LimitsPolicy) -> Fix | Refusal:
    spelled = find_value_class(project, site, "Limits")
    if isinstance(spelled, Refusal):
        return spelled
    fake = find_new_argument_obstacle(project, site)
    if fake is not None:
        return fake
    callee, imports = spelled
    edit = AddArgument(site.anchor, "limits", policy.code(callee))
    numbers = tuple(limit_changes(site.path, site.line, policy))
    return Fix("say the limits of the pool", (*imports, edit), numbers=numbers)
