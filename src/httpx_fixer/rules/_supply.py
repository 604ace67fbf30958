"""What a fix about sharing says about itself: the owner, what it owns, and how the site gets it."""

from __future__ import annotations

from httpx_fixer.analysis.site_facts import GIVEN_LIMITS, POOL_ARGUMENTS, ClientSite
from httpx_fixer.frameworks._base import OwnedClient, OwnedPool, Ownership
from httpx_fixer.owners import Handing, Owned, Owner, Supply
from httpx_fixer.patterns import compile_later
from httpx_fixer.settings import Policy

_TAKES_LIMITS = compile_later(rf"(?:,\s*)?\*\*{GIVEN_LIMITS}\b")


def describe_supply(
    ownership: Ownership, member: OwnedClient | OwnedPool, site: ClientSite, how: Handing
) -> Supply:
    """Describe how a site gets a client of its own or a shared one."""
    return Supply(_describe_owner(ownership), _describe_owned(member, ownership.policy), how, site.function)


def _describe_owner(ownership: Ownership) -> Owner:
    members: list[OwnedClient | OwnedPool] = [*ownership.clients, *ownership.pools]
    owned = [_describe_owned(member, ownership.policy) for member in members]
    processes = tuple(sorted(lifecycle.describe() for lifecycle in ownership.lifecycles))
    return Owner(ownership.path, not ownership.is_inline, processes, tuple(sorted(owned)))


def _describe_owned(member: OwnedClient | OwnedPool, policy: Policy) -> Owned:
    base = f"{member.key}_client" if member.key else "http_client"
    given = {argument.name: _TAKES_LIMITS.sub("", argument.code) for argument in member.arguments}
    takes_limits = any(_TAKES_LIMITS.search(argument.code) for argument in member.arguments)
    # Whoever borrows says the timeout; a transport of its own ignores the client's limits.
    if isinstance(member, OwnedClient):
        given.setdefault("timeout", policy.timeout.code("Timeout"))
    if takes_limits or not given.keys() & {"limits", "transport"}:
        given["limits"] = policy.limits.code("Limits")
    return Owned(
        "client" if isinstance(member, OwnedClient) else "pool",
        base if member.is_async else f"sync_{base}",
        f"{member.library}.{member.class_name}",
        tuple(sorted(given.items(), key=lambda item: (item[0] in POOL_ARGUMENTS, item[0]))),
    )
