"""Clients that are kept for longer than a call, and that nothing closes."""

from __future__ import annotations

import re

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import MODULE_FORMS, BindingForm, ClientSite, Obstacle
from httpx_fixer.analysis.stream_facts import StreamSite
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._factories import is_left_by_callers
from httpx_fixer.rules._objects import is_closed_per_call, is_closed_where_built, is_closed_with_request
from httpx_fixer.settings import Settings

_CLOSERS = (("HXF302", "stream-closed-early"), ("HXF304", "unclosed-proxied-stream"))
_WITHOUT_BLOCK = frozenset(
    {
        RefusalReason.ESCAPES,
        RefusalReason.MAY_BE_INJECTED,
        RefusalReason.MIXED_WITH_MANUAL_CLOSE,
        RefusalReason.REBOUND,
    }
)
"""Why a local cannot be closed by a block, where nothing needs to close it either."""


def is_lasting(project: Project, lifecycles: Lifecycles, site: ClientSite) -> bool:
    """Answer whether a client that nothing closes is kept for longer than a call."""
    if site.form is not BindingForm.INSTANCE:
        return site.form in MODULE_FORMS
    if is_closed_with_request(project, site):
        return False
    if project.kept.is_closed(site) and (
        is_closed_where_built(project, site) or is_closed_per_call(project, lifecycles, site)
    ):
        return False
    return not _is_kept_for_a_call(project, site)


def is_handed_out(project: Project, site: ClientSite) -> bool:
    """Answer whether a function makes a client for others of which some do not close it.

    Or for a single request in a place where no block can close it.
    """
    if site.form in {BindingForm.ARGUMENT, BindingForm.ITEM, BindingForm.YIELDED}:
        return True
    if site.form is BindingForm.CHAINED:
        return isinstance(site.single, str)
    is_returned = site.form is BindingForm.RETURNED or (site.local is not None and site.local.is_returned)
    return is_returned and is_left_by_callers(project, site)


def may_last_instead(obstacle: Refusal | None) -> bool:
    """Answer whether a client that no block can close can do without a close, whoever uses it."""
    return obstacle is not None and obstacle.reason in _WITHOUT_BLOCK


def _is_kept_for_a_call(project: Project, site: ClientSite) -> bool:
    """Answer whether the objects that a client is kept on live for one call, wherever they are made."""
    holder, _, attribute = site.name.partition(".")
    function = project.function(Symbol(site.path, site.function))
    if site.form is not BindingForm.INSTANCE or holder != "self" or function is None:
        return False
    is_async = site.spec.is_async
    key = f"instance {site.path} {site.function} {attribute} {is_async}"
    return project.remember(
        key, lambda: project.kept.is_built_per_call(function, attribute, is_async=is_async)
    )


def is_read_later(project: Project, site: ClientSite, settings: Settings) -> bool:
    """Answer whether a body is sent after the block of a client, and is closed then if the client lasts.

    Such a body breaks off today. Two rules close what the client then leaves open.
    """
    if site.block is None or not all(settings.is_selected(*kind) for kind in _CLOSERS):
        return False
    line = site.block.anchor.start.line
    obstacles = [
        [obstacle.reason for obstacle in block.obstacles]
        for block in project.streams.blocks
        if block.path == site.path and any(obstacle.line == line for obstacle in block.obstacles)
    ]
    obstacles += [
        [obstacle.reason for obstacle in one.obstacles]
        for one in project.streams.sites
        if one.path == site.path and one.bodies and one.ends_early == line
    ]
    return bool(obstacles) and all(set(one) <= {RefusalReason.CLOSED_EARLY} for one in obstacles)


def find_lasting_obstacle(project: Project, site: ClientSite) -> Refusal | None:
    """Return why a kept client cannot use connections that the process owns."""
    if project.kept.is_taken_apart(site):
        detail = f"`{site.name}._transport` is looked at, and would be another one"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    return _find_open_stream(project, site)


def _find_open_stream(project: Project, site: ClientSite) -> Refusal | None:
    """Return the place that may open a stream of a kept client and leave it to others to close.

    It would hold a connection of all that share the pool. Names are compared as text; a client that
    is handed out may have any. A chained client has no use but that one.
    """
    if site.form is BindingForm.CHAINED and not _opens_by_hand(project, site):
        return None
    name = site.name.rpartition(".")[2] if _has_one_name(site) else ""
    for stream in project.streams.sites:
        is_ours = not name or stream.path == site.path or stream.receiver.rpartition(".")[2] == name
        if not is_ours or stream.is_test or _find_obstacle(stream) is None:
            continue
        if not name or not _is_of_another(project, site, stream, name):
            shown = f"`{name}`" if name else "a client"
            detail = f"a stream of {shown} is left open, and would hold a connection of all others"
            return Refusal(RefusalReason.STREAM_LEFT_OPEN, detail, stream.path, stream.line)
    if not project.kept.may_leave_stream(site, name):
        return None
    shown = f"`{site.name}`" if name else "a client"
    detail = f"a stream of {shown} is opened without a `with` block, and may be left open"
    return Refusal(RefusalReason.STREAM_LEFT_OPEN, detail, site.path, site.line)


def _opens_by_hand(project: Project, site: ClientSite) -> bool:
    """Answer whether a chained client opens a stream that no `with` statement enters."""
    start = site.anchor.start
    return any(
        entry.path == site.path and entry.anchor.start <= start < entry.anchor.end
        for entry in project.streams.entries
    )


def _is_of_another(project: Project, site: ClientSite, stream: StreamSite, name: str) -> bool:
    """Answer whether a stream's file has a class with such a client, and does not know that of the site."""
    owner = site.function.rpartition(".")[0].rpartition(".")[2]
    if stream.path == site.path or not owner or "." not in stream.receiver:
        return False
    text = project.search.text(stream.path)
    own = re.compile(rf"(?m)^\s+{re.escape(name)}\s*:[^=\n]*Client\b|\bself\.{re.escape(name)}\s*[:=]")
    return owner not in text and own.search(text) is not None


def _has_one_name(site: ClientSite) -> bool:
    return site.form in MODULE_FORMS - {BindingForm.CACHED} or site.form is BindingForm.INSTANCE


def _find_obstacle(stream: StreamSite) -> Obstacle | None:
    """Return why a stream that is open on some path cannot be closed there, None for none."""
    bodies = (obstacle for body in stream.bodies if not body.is_closed for obstacle in body.obstacles)
    own = () if stream.closed_on_every_path else stream.obstacles
    return next(iter((*own, *bodies)), None)
