"""Which rule speaks about a client that lacks an owner."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import MODULE_FORMS, BindingForm, ClientSite, Closing, Origin
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._factories import is_cached, is_entered_by_callers, is_kept_open, is_left_by_callers
from httpx_fixer.rules._handlers import is_closed_by_requests
from httpx_fixer.rules._objects import (
    is_closed_per_call,
    is_closed_where_built,
    is_closed_with_request,
)
from httpx_fixer.rules._processes import owns_for_duration
from httpx_fixer.rules._takers import is_dropped_with_taker, is_given_away
from httpx_fixer.rules._values import uses_network
from httpx_fixer.settings import Settings, is_matched

_CARRIED = frozenset({"auth", "headers", "params"})
"""Arguments that a request could bring along just as well."""

CLIENT_PER_REQUEST = ("HXF101", "client-per-request")
UNCLOSED_LOCAL = ("HXF104", "unclosed-local-client")
TOP_LEVEL = ("HXF105", "top-level-request")
UNCLOSED_MODULE = ("HXF102", "unclosed-module-client")
UNCLOSED_INSTANCE = ("HXF103", "unclosed-instance-client")
CLIENT_FOR_HEADERS = ("HXF110", "client-for-headers")
BORROWED_CLOSED = ("HXF109", "borrowed-client-closed")
KINDS = (
    *(CLIENT_PER_REQUEST, CLIENT_FOR_HEADERS),
    *(UNCLOSED_MODULE, UNCLOSED_INSTANCE, UNCLOSED_LOCAL, TOP_LEVEL, BORROWED_CLOSED),
)


def kind_of(project: Project, lifecycles: Lifecycles, site: ClientSite) -> tuple[str, str] | None:
    """Return the rule (code, name) that a site belongs to whose client lacks an owner, None for others."""
    if site.top_level:
        return TOP_LEVEL if site.function else None
    if not uses_network(project, site):
        return None
    if site.form in MODULE_FORMS or site.form is BindingForm.INSTANCE:
        return _kind_of_kept(project, lifecycles, site)
    if site.form is BindingForm.ARGUMENT:
        return _kind_of_argument(project, site)
    if site.form is BindingForm.ITEM:
        return _kind_of_item(project, site)
    if not site.function:
        return None
    if site.form in {BindingForm.WITH, BindingForm.STACKED}:
        return None if owns_for_duration(project, site) else CLIENT_PER_REQUEST
    if site.form is BindingForm.RETURNED:
        return _kind_of_returned(project, site)
    if site.form is BindingForm.LOCAL:
        return _kind_of_local(project, site)
    if site.form in {BindingForm.CHAINED, BindingForm.DISCARDED, BindingForm.YIELDED}:
        return UNCLOSED_LOCAL
    return None


def _kind_of_kept(project: Project, lifecycles: Lifecycles, site: ClientSite) -> tuple[str, str] | None:
    """A client that requests alone close is as good as never closed: each leaves the others without one."""
    if is_given_away(project, site):
        return None
    is_cached_result = site.form is BindingForm.CACHED
    is_open = is_kept_open(project, site) if is_cached_result else _is_left_open(project, site)
    if is_open and is_closed_with_request(project, site):
        return CLIENT_PER_REQUEST
    if is_open or is_closed_by_requests(project, lifecycles, site):
        return UNCLOSED_INSTANCE if site.form is BindingForm.INSTANCE else UNCLOSED_MODULE
    is_per_call = is_closed_where_built(project, site) or is_closed_per_call(project, lifecycles, site)
    return CLIENT_PER_REQUEST if is_per_call else None


def _is_left_open(project: Project, site: ClientSite) -> bool:
    if not project.kept.is_closed(site):
        return True
    holder, _, attribute = site.name.partition(".")
    init = project.function(Symbol(site.path, site.function)) if site.function else None
    if site.form is not BindingForm.INSTANCE or holder != "self" or init is None:
        return False
    is_async = site.spec.is_async
    key = f"left by makers {site.path} {site.function} {attribute} {is_async}"
    return project.remember(key, lambda: project.kept.is_left_by_makers(init, attribute, is_async=is_async))


def _kind_of_local(project: Project, site: ClientSite) -> tuple[str, str] | None:
    """A local that is kept in something else, or handed to a library, is theirs to close.

    Not so where the object of the library that gets it serves one call, and nothing closes that.
    """
    local = site.local
    if local is None or local.is_stored or owns_for_duration(project, site) or is_cached(project, site):
        return None
    if local.closing is Closing.ALWAYS:
        return CLIENT_PER_REQUEST
    if local.is_returned:
        return _kind_of_returned(project, site)
    if local.closing is Closing.NEVER and is_dropped_with_taker(project, site):
        return UNCLOSED_LOCAL
    if local.closing is Closing.NEVER and (is_given_away(project, site) or _is_given_by_init(project, site)):
        return None
    return UNCLOSED_LOCAL


def _is_given_by_init(project: Project, site: ClientSite) -> bool:
    """Answer whether a constructor hands its client to an object that its own is made of."""
    is_init = site.function.rpartition(".")[2] == "__init__"
    return is_init and any(_is_construction(call) for call in project.kept.takers(site))


def _is_construction(call: Call) -> bool:
    name = call.attribute if call.symbol is None else call.symbol.name.rpartition(".")[2]
    return name[:1].isupper() or name == "__init__"


def _kind_of_argument(project: Project, site: ClientSite) -> tuple[str, str] | None:
    """A client that is built for a call is theirs who get it: told of where they are known to close none."""
    if is_dropped_with_taker(project, site):
        return UNCLOSED_LOCAL
    if not project.kept.is_left_by_takers(site):
        return None
    return UNCLOSED_LOCAL if site.function and not is_cached(project, site) else UNCLOSED_MODULE


def _kind_of_item(project: Project, site: ClientSite) -> tuple[str, str] | None:
    """A collection of clients that something takes one after the other may be closed so, too."""
    if not project.kept.is_item_left(site):
        return None
    return UNCLOSED_LOCAL if site.function else UNCLOSED_MODULE


def _kind_of_returned(project: Project, site: ClientSite) -> tuple[str, str] | None:
    """A client that is handed to the callers is theirs to close: all of them do, or some do not."""
    if is_entered_by_callers(project, site):
        return CLIENT_PER_REQUEST
    return UNCLOSED_LOCAL if is_left_by_callers(project, site) else None


def told_as(
    project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings
) -> tuple[str, str] | None:
    """Return the rule that speaks about a site in this run, whether it is selected or not.

    A client for headers is a client per request: a run for that rule alone tells of it, too.
    """
    kind = kind_of(project, lifecycles, site)
    if kind != CLIENT_PER_REQUEST or not _carries_only(site):
        return kind
    is_wanted = settings.is_selected(*CLIENT_FOR_HEADERS)
    return CLIENT_FOR_HEADERS if is_wanted or is_unwanted(settings) else CLIENT_PER_REQUEST


def is_unwanted(settings: Settings) -> bool:
    """Answer whether the settings say that no clients for headers are to be told of."""
    return any(is_matched(word, *CLIENT_FOR_HEADERS) for word in settings.ignore)


def frequency_of(site: ClientSite) -> str:
    """Return in words how often a client is built."""
    function = site.function.rpartition(".")[2]
    if site.in_loop:
        return f"every round of a loop in {f'`{function}`' if function else 'the module'}"
    return f"every call of `{function}`"


def _carries_only(site: ClientSite) -> bool:
    """Answer whether a client is built for what it sends with each request, which the call decides."""
    spec = site.spec
    carried = [argument for argument in spec.arguments if argument.name in _CARRIED]
    return (
        spec.is_complete
        and all(argument.name in _CARRIED | {"timeout"} for argument in spec.arguments)
        and any(argument.origin is Origin.SCOPED for argument in carried)
    )
