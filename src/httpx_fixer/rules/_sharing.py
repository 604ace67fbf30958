"""Which constructor arguments a shared client keeps, and which move to its calls."""

from __future__ import annotations

from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import POOL_ARGUMENTS, ClientSite, Origin, Request, SpecArgument
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, Edit
from httpx_fixer.patterns import compile_later
from httpx_fixer.rules._httpx_versions import takes_proxies
from httpx_fixer.settings import HTTPX_LIMITS
from httpx_fixer.values import dataclass

MOVABLE = frozenset({"headers", "params", "auth", "timeout", "follow_redirects"})
"""Arguments that mean the same on a call as on the client (FACTS A3)."""
KNOWN = (
    MOVABLE
    | (POOL_ARGUMENTS - {"proxies"})
    | frozenset({"base_url", "cookies", "default_encoding", "event_hooks", "max_redirects"})
)
"""All arguments of a client's constructor in httpx 0.28; before, there was `proxies`, too."""
_PLACES = {
    "headers": frozenset({"request", "stream", "build_request"}),
    "params": frozenset({"request", "stream", "build_request"}),
    "timeout": frozenset({"request", "stream", "build_request"}),
    "auth": frozenset({"request", "stream", "send"}),
    "follow_redirects": frozenset({"request", "stream", "send"}),
}
"""Where an argument may be given; "request" stands for all the verbs too (FACTS A3)."""

_CAP = compile_later(r"\bLimits\([^()]*\bmax_connections=(\d+)")


@dataclass(frozen=True, slots=True)
class Split:
    """The arguments of one site: those that may stay on a shared client, those that must move."""

    stays: tuple[SpecArgument, ...]
    moves: tuple[SpecArgument, ...]


def split_arguments(project: Project, site: ClientSite, *, same_module: bool) -> Split | Refusal:
    """Decide for each constructor argument where it goes.

    What depends on the call, or is read from a settings object that may change while the process
    runs, moves to the calls where it means the same. `same_module` says that the client will be
    built in the site's own module, whose constants are then in reach.
    """
    if not site.spec.is_complete:
        detail = f"the arguments of `{site.spec.class_code}` are not all written out"
        return Refusal(RefusalReason.UNKNOWN_ARGUMENT, detail, site.path, site.line)
    stays: list[SpecArgument] = []
    moves: list[SpecArgument] = []
    for argument in site.spec.arguments:
        obstacle = _find_obstacle(project, site, argument)
        if obstacle is not None:
            return Refusal(*obstacle, site.path, argument.line)
        cap = find_cap(argument)
        if cap is not None:
            return Refusal(RefusalReason.LIMITS_OF_ONE_CALL, cap, site.path, argument.line)
        if is_constant(project, argument, same_module=same_module):
            stays.append(argument)
        elif argument.name in MOVABLE:
            moves.append(argument)
        else:
            shown = f"`{argument.name}={shorten(argument.code)}`"
            detail = f"{shown} is decided on each call"
            if argument.origin is Origin.MODULE:
                detail = f"{shown} is defined in this module, which the owner cannot import"
                return Refusal(RefusalReason.IMPORT_CIRCLE, detail, site.path, argument.line)
            return Refusal(RefusalReason.DYNAMIC_ARGUMENT, detail, site.path, argument.line)
    return Split(tuple(stays), tuple(moves))


def _find_obstacle(
    project: Project, site: ClientSite, argument: SpecArgument
) -> tuple[RefusalReason, str] | None:
    unknown = find_unknown(project, site, argument)
    if unknown is not None:
        return unknown
    if argument.name == "cookies":
        return RefusalReason.COOKIE_JAR, "`cookies=` gives this client a cookie jar of its own"
    if argument.name in {"mounts", "proxies", "transport"}:
        return RefusalReason.DYNAMIC_ARGUMENT, f"`{argument.name}=` is told apart by pools only"
    if argument.name == "follow_redirects" and argument.normal != "False":
        detail = "`follow_redirects=` may carry a cookie from one hop to the next"
        return RefusalReason.COOKIE_JAR, detail
    return None


def find_unknown(
    project: Project, site: ClientSite, argument: SpecArgument
) -> tuple[RefusalReason, str] | None:
    """Return why an argument is none of the constructor's, None where it is one."""
    if argument.name in KNOWN or (argument.name == "proxies" and takes_proxies(project, site)):
        return None
    return RefusalReason.UNKNOWN_ARGUMENT, f"`{argument.name}=` is no argument of httpx 0.28"


def find_cap(argument: SpecArgument) -> str | None:
    """Return why the limits of an argument are no limits for a whole process, None where they may be.

    A client of one call that says less than httpx gives every client means that call.
    """
    cap = _CAP.search(argument.normal) if argument.name in {"limits", "mounts", "transport"} else None
    if cap is None or int(cap[1]) >= (HTTPX_LIMITS.max_connections or 0):
        return None
    return f"`max_connections={cap[1]}` holds for one call, and would for all callers together"


def is_constant(project: Project, argument: SpecArgument, *, same_module: bool) -> bool:
    """Answer whether an argument has the same value for as long as the process runs."""
    if argument.origin is Origin.LITERAL:
        return True
    if argument.origin is Origin.SCOPED:
        return False
    names = {bound for _, _, bound in argument.imports if bound.split(".")[0] not in {"httpx", "httpx2"}}
    own = {name for name in argument.names if name.isupper()}
    if argument.origin is Origin.MODULE:
        return same_module and argument.names - names <= own
    if argument.name in MOVABLE:
        # `TIMEOUT`, `httpx.Timeout(READ, connect=2.5)`, `CONFIG.TIMEOUT`; not `settings.timeout`.
        return names <= own and all(attribute[:1].isupper() for attribute in argument.attributes)
    return not any(project.search.is_attribute_assigned(attribute) for attribute in argument.attributes)


def plan_moves(site: ClientSite, moves: tuple[SpecArgument, ...]) -> tuple[Edit, ...] | Refusal:
    """Return the edits that give arguments of the constructor to the calls instead."""
    edits: list[Edit] = []
    requests = site.usage.requests if site.usage is not None else ()
    for argument in moves:
        refusal = _find_unmovable(site, argument, requests)
        if refusal is not None:
            return refusal
        edits += [
            AddArgument(request.anchor, argument.name, argument.code)
            for request in requests
            if _takes(request, argument.name) and argument.name not in dict(request.arguments)
        ]
    return tuple(edits)


def _find_unmovable(
    site: ClientSite, argument: SpecArgument, requests: tuple[Request, ...]
) -> Refusal | None:
    """Return why an argument cannot move to the calls, None where it can."""
    assert site.usage is not None
    shown = f"`{argument.name}={shorten(argument.code)}`"

    def refuse(detail: str) -> Refusal:
        return Refusal(RefusalReason.DYNAMIC_ARGUMENT, f"{shown} {detail}", site.path, argument.line)

    changed = sorted(argument.names & site.usage.changed_names)
    if changed:
        return refuse(f"reads `{changed[0]}`, which changes inside the block")
    if argument.has_call and not (len(requests) == 1 and requests[0].is_first and not requests[0].repeats):
        return refuse("is a call, and would run at another time or number of times")
    if not any(_takes(request, argument.name) for request in requests):
        return refuse("has no call to move to")
    for request in requests:
        if not request.is_complete:
            return refuse("may be given to the call by `**`, too")
        if argument.name in {"headers", "params"} and argument.name in dict(request.arguments):
            return refuse("would have to be merged with the argument of the call")
    return None


def _takes(request: Request, name: str) -> bool:
    method = request.method if request.method in {"stream", "build_request", "send"} else "request"
    return method in _PLACES[name]


def shorten(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= 40 else f"{line[:37]}..."
