"""Clients that are kept for longer than a call, and that nothing closes."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import MODULE_FORMS, BindingForm, ClientSite, Obstacle
from httpx_fixer.analysis.stream_facts import StreamSite
from httpx_fixer.diagnostic import Refusal, RefusalReason


def is_lasting(project: Project, site: ClientSite) -> bool:
    """Answer whether a client that nothing closes is kept for longer than a call."""
    is_kept = site.form in MODULE_FORMS or site.form is BindingForm.INSTANCE
    return is_kept and not _is_kept_for_a_call(project, site)


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


def find_lasting_obstacle(project: Project, site: ClientSite) -> Refusal | None:
    """Return why a kept client cannot use connections that the process owns."""
    if project.kept.is_taken_apart(site):
        detail = f"`{site.name}._transport` is looked at, and would be another one"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    return _find_open_stream(project, site)


def _find_open_stream(project: Project, site: ClientSite) -> Refusal | None:
    """Return the place that may open a stream of a kept client and leave it to others to close.

    It would hold a connection of all that share the pool. Names are compared as text.
    """
    name = site.name.rpartition(".")[2]
    for stream in project.streams.sites:
        is_ours = stream.path == site.path or stream.receiver.rpartition(".")[2] == name
        if is_ours and not stream.is_test and _find_obstacle(stream) is not None:
            detail = f"a stream of `{site.name}` is left open, and would hold a connection of all others"
            return Refusal(RefusalReason.STREAM_LEFT_OPEN, detail, stream.path, stream.line)
    if not project.kept.may_leave_stream(site):
        return None
    detail = f"a stream of `{site.name}` is opened without a `with` block, and may be left open"
    return Refusal(RefusalReason.STREAM_LEFT_OPEN, detail, site.path, site.line)


def _find_obstacle(stream: StreamSite) -> Obstacle | None:
    """Return why a stream that is open on some path cannot be closed there, None for none."""
    bodies = (obstacle for body in stream.bodies if not body.is_closed for obstacle in body.obstacles)
    own = () if stream.closed_on_every_path else stream.obstacles
    return next(iter((*own, *bodies)), None)
