"""Which sites can borrow a client over connections that the process owns (form 3)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import (
    MODULE_FORMS,
    POOL_ARGUMENTS,
    POOL_DEFAULTS,
    BindingForm,
    ClientSite,
    Origin,
    PoolValue,
    SingleRequest,
    SpecArgument,
)
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import Lifecycle, Lifecycles, Start
from httpx_fixer.rules._patches import doubt_function_patch, find_name_patch, find_value_patch
from httpx_fixer.rules._processes import is_neighbour, may_own
from httpx_fixer.rules._sharing import find_cap, find_unknown, is_constant, shorten
from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass

_NAMED = frozenset(
    {BindingForm.WITH, BindingForm.STACKED, BindingForm.LOCAL, BindingForm.INSTANCE}
    | {BindingForm.RETURNED, BindingForm.YIELDED, BindingForm.ARGUMENT, BindingForm.ITEM}
)
_CLIENT_LEVEL = frozenset({"proxy", "proxies", "verify", "cert", "trust_env"})
_CONNECTION_AUTH = ("ntlm", "negotiate", "kerberos", "gssapi")
_MANY = 3
"""Files of processes, of which nothing shows which runs a site, that are all made to own for it."""


@dataclass(frozen=True, slots=True)
class Borrower:
    """A site that can borrow; `pool_arguments` say from which pool.

    `names_class` says that a test replaces the class in the site's own module, so that the call
    has to name it; `lasts` that the client is kept for as long as the process runs. `spent` are the
    statements that assigned such arguments to local variables, which nothing reads then. `chosen` are
    arguments that make a pool and vary by call, among few values. `doubts` say in words why the program,
    or its tests, may then behave differently: the fix is unsafe.
    """

    site: ClientSite
    lifecycles: tuple[Lifecycle, ...]
    pool_arguments: tuple[SpecArgument, ...]
    names_class: bool
    lasts: bool = False
    spent: tuple[Anchor, ...] = ()
    chosen: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def files(self) -> frozenset[str]:
        """The files that the fix will make import the owning module, the applications aside."""
        return frozenset({self.site.path})


def find_borrower(
    project: Project, lifecycles: Lifecycles, site: ClientSite, *, lasts: bool = False
) -> Borrower | Refusal:
    """Decide whether a site can borrow.

    Nothing else about the code matters: the client is the caller's own as before, and where no
    lifespan of a reached application runs, its connections are, too.
    """
    is_named = lasts or site.form in _NAMED | MODULE_FORMS
    if not is_named and not isinstance(site.single, SingleRequest):
        detail = site.single or f"the client is kept in {site.form.value}"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    if not site.spec.library:
        detail = "the name may be httpx or httpx2, depending on what is installed"
        return Refusal(RefusalReason.UNSUPPORTED_BINDING, detail, site.path, site.line)
    if site.top_level:
        pool = _find_top_level_pool(project, site)
    else:
        pool = _find_pool(project, site, may_choose=not lasts)
    if isinstance(pool, Refusal):
        return pool
    reaching = find_owners(project, lifecycles, site)
    if isinstance(reaching, Refusal):
        return reaching
    names_class = not site.top_level and find_name_patch(project, site) is not None
    capped = () if lasts else ((find_cap(value.argument), value.argument) for value in pool)
    for cap, argument in capped:
        if cap is not None:
            return Refusal(RefusalReason.LIMITS_OF_ONE_CALL, cap, site.path, argument.line)
    spent = tuple(value.statement for value in pool if value.statement is not None)
    chosen = tuple(value.argument.name for value in pool if value.is_choice)
    arguments = tuple(value.argument for value in pool if not value.is_choice)
    doubts = tuple(_iter_doubts(project, site, pool))
    return Borrower(site, reaching, arguments, names_class, lasts, spent, chosen, doubts)


def _find_neighbours(project: Project, lifecycles: Lifecycles, site: ClientSite) -> tuple[Lifecycle, ...]:
    """Return what may load a site by name: what a server is told to load, or imports of its directory."""
    beside = tuple(one for one in lifecycles.all() if is_neighbour(project, one, site))
    beside = tuple(one for one in beside if project.served.is_named(one.app)) or beside
    beside = tuple(one for one in beside if _is_of_root(project, one, site)) or beside
    directory = posixpath.dirname(site.path)
    near = (
        one
        for one in beside
        if any(posixpath.dirname(path) == directory for path in project.imports.import_closure(one.path))
    )
    return tuple(near) or beside


def _is_of_root(project: Project, lifecycle: Lifecycle, site: ClientSite) -> bool:
    """Answer whether a process stands, or imports something, where the names of a site's modules begin."""
    top = project.imports.top_package(site.path)
    root = posixpath.dirname(top) if top else posixpath.dirname(site.path)
    closure = project.imports.import_closure(lifecycle.path)
    return not root or any(path.startswith(f"{root}/") for path in closure)


def _leave_idle(
    project: Project, lifecycles: Lifecycles, beside: tuple[Lifecycle, ...]
) -> tuple[Lifecycle, ...]:
    """Return, of many processes, those that run some client for sure: they own for it, and so for others."""
    if len({one.path for one in beside}) <= _MANY:
        return beside
    sites = tuple(site for site in project.client_sites if not site.is_test)
    busy = project.remember(
        "processes that run clients",
        lambda: frozenset(
            one for one in lifecycles.all() if any(may_own(lifecycles, one, site) for site in sites)
        ),
    )
    return tuple(one for one in beside if one in busy)


def find_owners(
    project: Project, lifecycles: Lifecycles, site: ClientSite
) -> tuple[Lifecycle, ...] | Refusal:
    """Return the lifecycles that run a site and can own clients of its kind.

    What none is seen to import may be loaded by name. Those of its own package stand in then, of which
    a server is told to load some, or none: a borrower is right wherever it runs.
    """
    reaching = tuple(one for one in lifecycles.all() if may_own(lifecycles, one, site))
    if not reaching:
        beside = _find_neighbours(project, lifecycles, site)
        reaching = _leave_idle(project, lifecycles, beside)
        if beside and not reaching:
            count = len({one.path for one in beside})
            detail = f"nothing shows which of {count} processes beside `{site.path}` loads it"
            return Refusal(RefusalReason.NO_ENTRY_POINT, detail, site.path, site.line)
    owners = tuple(one for one in reaching if one.owns(is_async=site.spec.is_async))
    if owners:
        return tuple(one for one in owners if not _is_hidden(project, one)) or owners
    if not reaching:
        detail = f"no application or worker imports `{site.path}`"
        return Refusal(RefusalReason.NO_ENTRY_POINT, detail, site.path, site.line)
    first = next((one for one in reaching if one.start is not Start.JOB), None)
    if first is None:
        detail = f"`{reaching[0].app.name}` has each job run in a process of its own"
        return Refusal(RefusalReason.PROCESS_PER_JOB, detail, reaching[0].path, reaching[0].call.line)
    kept = find_kept_loop(project, lifecycles, first)
    if kept is not None:
        detail = f"`{kept.function}` runs it on a loop that is kept, and nothing known tells when that ends"
        return Refusal(RefusalReason.MANY_LOOPS, detail, kept.path, kept.line)
    detail = f"`{first.app.name}` {lifecycles.framework(first.framework).no_loop}"
    return Refusal(RefusalReason.MANY_LOOPS, detail, first.path, first.call.line)


def find_kept_loop(project: Project, lifecycles: Lifecycles, lifecycle: Lifecycle) -> Call | None:
    """Return where a process without a loop of its own runs coroutines on one that its code keeps."""
    return next((call for call in project.event_loops.kept if lifecycles.reaches(lifecycle, call.path)), None)


def _iter_doubts(project: Project, site: ClientSite, pool: tuple[PoolValue, ...]) -> Iterator[str]:
    """Yield why a borrower may behave differently."""
    makers = dict.fromkeys(maker for value in pool for maker in value.makers)
    if makers:
        shown = " and ".join(f"`{maker}`" for maker in makers)
        yield (
            f"all calls share what {shown} makes, and connections stay open between requests to one scheme, "
            "host and port; check that it keeps or checks nothing for one call"
        )
    for value in (one for one in pool if not one.is_own and not one.is_choice):
        patch = find_value_patch(project, site, value.argument)
        if patch is not None:
            yield (
                f"`{patch[0]}:{patch[1]}` replaces what `{value.argument.name}=` reads in `{site.path}`, "
                "and the pool reads it elsewhere, once"
            )
    replaced = doubt_function_patch(project, site) if site.top_level else ""
    if replaced:
        yield replaced


def _find_pool(project: Project, site: ClientSite, *, may_choose: bool) -> tuple[PoolValue, ...] | Refusal:
    """Return the arguments of a constructor that make a pool of connections."""
    for argument in site.spec.arguments:
        obstacle = _find_obstacle(project, site, argument)
        if obstacle is not None:
            return Refusal(*obstacle, site.path, argument.line)
    return _settle(project, site, POOL_ARGUMENTS, may_choose=may_choose)


def _settle(
    project: Project, site: ClientSite, names: frozenset[str], *, may_choose: bool = False
) -> tuple[PoolValue, ...] | Refusal:
    """Return those arguments of a site that make a pool, as the owner would say them.

    What varies by call is said by the site itself, where it `may_choose`.
    """
    settled: list[PoolValue] = []
    for argument in site.spec.arguments:
        if argument.name not in names or (argument.name, argument.normal) in POOL_DEFAULTS:
            continue
        value = project.pool_values.settle(site, argument)
        obstacle = _find_variation(project, site, argument, value)
        if obstacle is not None and may_choose and value.is_choice:
            settled.append(PoolValue(argument, is_choice=True))
            continue
        value = replace(value, is_choice=False)
        if obstacle is not None:
            return Refusal(*obstacle, site.path, argument.line)
        settled.append(value)
    return tuple(settled)


def _is_hidden(project: Project, lifecycle: Lifecycle) -> bool:
    """Answer whether an application stays inside of the function that makes it: a health check, say.

    What its module imports need not be what it serves. One whose function a server is told to call
    is served, wrapped in something or not.
    """
    factory, _, _ = lifecycle.app.name.rpartition(".")
    if project.served.is_named(Symbol(lifecycle.app.path, factory)):
        return False
    if lifecycle.start is not Start.LIFESPAN or project.function(Symbol(lifecycle.app.path, factory)) is None:
        return False
    return project.returned_by(Symbol(lifecycle.app.path, factory)) != lifecycle.app


def _find_top_level_pool(project: Project, site: ClientSite) -> tuple[PoolValue, ...] | Refusal:
    """Return the same of a request of the package, whose other arguments go to the request (FACTS A16)."""
    unpacked = site.spec.unpacked
    if unpacked is None or unpacked & {*_CLIENT_LEVEL, "cookies"}:
        detail = f"the arguments of `{site.spec.class_code}` are not all written out"
        return Refusal(RefusalReason.UNKNOWN_ARGUMENT, detail, site.path, site.line)
    proxies = site.spec.argument("proxies")
    unknown = None if proxies is None else find_unknown(project, site, proxies)
    if unknown is not None:
        return Refusal(*unknown, site.path, site.line)
    pool = _settle(project, site, _CLIENT_LEVEL)
    if isinstance(pool, Refusal):
        return pool
    cookies = site.spec.argument("cookies")
    if cookies is not None and cookies.has_call:
        detail = "`cookies=` is an argument of the client, which would be computed before the others"
        return Refusal(RefusalReason.COOKIE_JAR, detail, site.path, cookies.line)
    return pool


def _find_obstacle(
    project: Project, site: ClientSite, argument: SpecArgument
) -> tuple[RefusalReason, str] | None:
    unknown = find_unknown(project, site, argument)
    if unknown is not None:
        return unknown
    if argument.name == "auth" and any(word in argument.code.lower() for word in _CONNECTION_AUTH):
        shown = f"`{argument.name}={shorten(argument.code)}`"
        return RefusalReason.DYNAMIC_ARGUMENT, f"{shown} may authenticate the connection, not the request"
    return None


def _find_variation(
    project: Project, site: ClientSite, said: SpecArgument, value: PoolValue
) -> tuple[RefusalReason, str] | None:
    """Return why the owner of a pool cannot say an argument, None where it can."""
    argument = value.argument
    is_built = argument.name in {"mounts", "transport"}  # of which another rule may change the inside
    shown = f"`{said.name}=`" if is_built else f"`{said.name}={shorten(said.code)}`"
    if value.obstacle:
        return RefusalReason.DYNAMIC_ARGUMENT, value.obstacle
    if argument.origin is Origin.MODULE:
        if value.is_own and not project.search.is_run_as_script(site.path):
            return None
        detail = f"{shown} is defined in this module, which the owner cannot import"
        return RefusalReason.IMPORT_CIRCLE, detail
    if not is_constant(project, argument, same_module=False):
        return RefusalReason.DYNAMIC_ARGUMENT, f"{shown} is decided on each call"
    return None
