"""How a client that has no `with` block of its own gets one."""

from __future__ import annotations

from httpx_fixer.analysis.facts import CallChange, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite, Closing, SingleRequest, WithBlock
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import (
    Edit,
    InsertStatements,
    RemoveStatement,
    ReplaceExpression,
    UnwrapWith,
    WrapRest,
    WrapStatement,
)
from httpx_fixer.values import dataclass


def find_local_obstacle(site: ClientSite) -> Refusal | None:
    """Return why what a local variable holds cannot be closed by a `with` block around its uses.

    Nothing stands against a client that is closed on every path, here or by the callers: it keeps
    its closes.
    """
    local = site.local
    if local is None or local.closing is Closing.ALWAYS or local.is_returned:
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
    if local is None or local.closing is Closing.ALWAYS or local.is_returned:
        return None
    assert local.first is not None
    assert local.last is not None
    header = f"{_keyword(site)} {construction} as {site.name}:"
    return (
        WrapRest(local.first, local.last, header=header),
        RemoveStatement(local.statement, is_moved=True),
        *(RemoveStatement(close) for close in local.closes),
    )


def outlive_block(block: WithBlock, construction: str) -> tuple[Edit, ...]:
    """Return the edits that make a client above its block, which then does not close it."""
    made = InsertStatements(block.anchor, "above", f"{block.target} = {construction}\n")
    return made, UnwrapWith(block.anchor, block.item)


def enclose_request(
    project: Project, site: ClientSite, single: SingleRequest, borrow: str, change: CallChange
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that give a request which brings its client along a `with` block.

    `borrow` is the function to call in place of the class, `change` what changes in the arguments.
    """
    if site.top_level:
        cookies = site.spec.argument("cookies")
        moved = "" if cookies is None else f"cookies={cookies.code}"
        without = change.without | ({"cookies"} if moved else frozenset())
        return enclose_top_level(project, site, single, Opening(f"{borrow}({moved})", without))
    names = _choose_names(project, site)
    if isinstance(names, Refusal):
        return names
    rewritten = project.rewrite_call(site.anchor, borrow, change)
    assert rewritten is not None
    header = f"{_keyword(site)} {rewritten[1]} as {names[0]}:"
    return WrapStatement(single.statement, header), ReplaceExpression(single.replaced, names[0])


@dataclass(frozen=True, slots=True)
class Opening:
    """How a block begins: `code` makes the client, the arguments `without` leave the request for it."""

    code: str
    without: frozenset[str]
    is_async: bool = False


def enclose_top_level(
    project: Project, site: ClientSite, single: SingleRequest, opening: Opening
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that send a request of the package through a client of a block.

    The block goes around the statement; the first request in the header of a compound statement
    moves above it instead, so that the body stays where it is.
    """
    names = _choose_names(project, site)
    if isinstance(names, Refusal):
        return names
    name, result = names
    header = f"{'async with' if opening.is_async else 'with'} {opening.code} as {name}:"
    method = f"{name}.{single.verb}"
    rewritten = project.rewrite_call(site.anchor, method, CallChange("", opening.without, whole=True))
    assert rewritten is not None
    anchor, call = rewritten
    sent = f"await {call}" if opening.is_async else call
    if single.leads and single.is_compound and single.verb != "stream" and "\n" not in call:
        request = InsertStatements(single.statement, "before", f"{header}\n    {result} = {sent}\n")
        return request, ReplaceExpression(anchor, result)
    wrapped = WrapStatement(single.statement, header)
    if opening.is_async:
        return wrapped, ReplaceExpression(anchor, sent if single.is_bare else f"({sent})")
    return wrapped, ReplaceExpression(*((anchor, call) if opening.without else (single.replaced, method)))


def _choose_names(project: Project, site: ClientSite) -> tuple[str, str] | Refusal:
    """Return names for a client and a response that nothing in the function has."""
    function = project.function(Symbol(site.path, site.function))
    taken = function.names if function is not None else frozenset[str]()
    clients = [name for name in ("client", "http", "borrowed_client") if name not in taken]
    responses = [name for name in ("response", "reply", "http_response") if name not in taken]
    if clients and responses:
        return clients[0], responses[0]
    detail = "no plain name for a client is free here"
    return Refusal(RefusalReason.NAME_CLASH, detail, site.path, site.line)


def _keyword(site: ClientSite) -> str:
    return "async with" if site.spec.is_async else "with"
