"""How a client that has no `with` block of its own gets one."""

from __future__ import annotations

from httpx_fixer.analysis.site_facts import ClientSite, Closing
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, RemoveStatement, WrapRest


def find_local_obstacle(site: ClientSite) -> Refusal | None:
    """Return why what a local variable holds cannot be closed by a `with` block around its uses.

    Nothing stands against a client that is closed on every path: it keeps its closes.
    """
    local = site.local
    if local is None or local.closing is Closing.ALWAYS:
        return None
    for obstacle in local.obstacles:
        return Refusal(obstacle.reason, obstacle.detail, site.path, obstacle.line)
    if local.first is None:
        detail = f"nothing is done with `{site.name}`"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    return None


def enclose_local(site: ClientSite, construction: str) -> tuple[Edit, ...] | None:
    """Return the edits that put the uses of a local into a `with` block; None where it needs none."""
    local = site.local
    if local is None or local.closing is Closing.ALWAYS:
        return None
    assert local.first is not None
    assert local.last is not None
    keyword = "async with" if site.spec.is_async else "with"
    header = f"{keyword} {construction} as {site.name}:"
    return (
        WrapRest(local.first, local.last, header=header),
        RemoveStatement(local.statement, is_moved=True),
        *(RemoveStatement(close) for close in local.closes),
    )
