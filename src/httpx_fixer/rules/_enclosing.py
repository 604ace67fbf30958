"""How a client that has no `with` block of its own gets one."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import CallChange, ClientSite, Closing, SingleRequest
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import (
    Edit,
    InsertStatements,
    RemoveStatement,
    ReplaceExpression,
    WrapRest,
    WrapStatement,
)


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


def enclose_request(
    project: Project, site: ClientSite, single: SingleRequest, borrow: str, change: CallChange
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that give a request which brings its client along a `with` block.

    `borrow` is the function to call in place of the class, `change` what changes in the arguments.
    The block goes around the statement; the first request in the header of a compound statement
    moves above it instead, so that the body stays where it is.
    """
    function = project.function(Symbol(site.path, site.function))
    taken = function.names if function is not None else frozenset[str]()
    name = _choose_name(taken, "client", "http", "borrowed_client")
    result = _choose_name(taken | {name}, "response", "reply", "http_response")
    if not name or not result:
        detail = "no plain name for a client is free here"
        return Refusal(RefusalReason.NAME_CLASH, detail, site.path, site.line)
    if not site.top_level:
        rewritten = project.rewrite_call(site.anchor, borrow, change)
        assert rewritten is not None
        header = f"{_keyword(site)} {rewritten[1]} as {name}:"
        return WrapStatement(single.statement, header), ReplaceExpression(single.replaced, name)
    cookies = site.spec.argument("cookies")
    header = f"with {borrow}({f'cookies={cookies.code}' if cookies is not None else ''}) as {name}:"
    without = change.without | ({"cookies"} if cookies is not None else frozenset())
    method = f"{name}.{single.verb}"
    rewritten = project.rewrite_call(site.anchor, method, CallChange("", without, whole=True))
    assert rewritten is not None
    anchor, call = rewritten
    if single.leads and single.is_compound and single.verb != "stream" and "\n" not in call:
        request = InsertStatements(single.statement, "before", f"{header}\n    {result} = {call}\n")
        return request, ReplaceExpression(anchor, result)
    sent = (anchor, call) if without else (single.replaced, method)
    return WrapStatement(single.statement, header), ReplaceExpression(*sent)


def _choose_name(taken: frozenset[str], *names: str) -> str:
    return next((name for name in names if name not in taken), "")


def _keyword(site: ClientSite) -> str:
    return "async with" if site.spec.is_async else "with"
