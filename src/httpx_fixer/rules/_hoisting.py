"""Programs that end by themselves: a client that a loop of theirs builds anew in every round."""

from __future__ import annotations

import re
from collections.abc import Iterator

from httpx_fixer.analysis.facts import CallChange, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite, Loop, Origin, SingleRequest, SpecArgument
from httpx_fixer.fix import (
    Edit,
    EnsureImport,
    Fix,
    InsertStatements,
    ReplaceExpression,
    UnwrapWith,
    WrapStatement,
)
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.patterns import compile_later
from httpx_fixer.rules._commands import is_run_by_commands
from httpx_fixer.rules._drops import plan_drop
from httpx_fixer.rules._kinds import CLIENT_PER_REQUEST, TOP_LEVEL
from httpx_fixer.rules._patches import find_function_patch, find_patch
from httpx_fixer.rules._processes import is_library_code, is_part_of_a_command, is_reported
from httpx_fixer.rules._sharing import KNOWN, MOVABLE
from httpx_fixer.rules._takers import is_given_away
from httpx_fixer.rules._values import SERVER_NAME, uses_network
from httpx_fixer.settings import Settings

_TO_BE_READ = compile_later(
    r"(?:^|/)(?:examples?|docs?|docs_src|benchmarks?|notebooks?|samples?|demos?|tutorials?|cookbooks?|migrations|alembic)/"
)
"""Directories of programs that show something, or that nobody runs a second time."""
_STATEFUL = frozenset({"cookies", "mounts", "event_hooks"})
"""Arguments that carry something from round to round: the jar, or what closes with the client."""
_OF_THE_CLIENT = ("cert", "cookies", "proxies", "proxy", "trust_env", "verify")
"""Arguments of a request of the package that are its client's."""
_COMMENT = "# each round starts without cookies"
_COMMENT_OF_A_REQUEST = "# each request is sent without cookies of others"


def plan_hoists(project: Project, lifecycles: Lifecycles, settings: Settings) -> dict[ClientSite, Fix]:
    """Return a fix for each client that a loop of a one-shot program builds per round, in source order.

    Such programs are right in all else, so that nothing is said where this cannot be shown to be safe.
    """
    if not settings.is_selected(*CLIENT_PER_REQUEST):
        return {}
    loops = _find_loops(project, lifecycles, settings)
    every = list(loops.values())
    found = {site: loop for site, loop in loops.items() if not site.top_level and every.count(loop) == 1}
    return {site: _plan(project, site, loop) for site, loop in found.items()}


def plan_request_hoists(
    project: Project, lifecycles: Lifecycles, settings: Settings
) -> dict[ClientSite, Fix]:
    """Return the same for the requests of the package in loops: those of one loop share a client."""
    if not settings.is_selected(*TOP_LEVEL):
        return {}
    loops = _find_loops(project, lifecycles, settings)
    blocks = [loop for site, loop in loops.items() if not site.top_level]
    planned = {
        site: _plan_request(project, site, loop)
        for site, loop in loops.items()
        if site.top_level and not any(_overlaps(loop, other) for other in blocks)
    }
    outer = {site: loops[site] for site in planned}
    return {
        site: fix
        for site, fix in planned.items()
        if fix is not None and not any(_is_within(loops[site], other) for other in outer.values())
    }


def _overlaps(one: Loop, other: Loop) -> bool:
    return one == other or _is_within(one, other) or _is_within(other, one)


def _is_within(inner: Loop, outer: Loop) -> bool:
    """Answer whether a loop stands in another one, where both clients would have one name."""
    one, other = inner.anchor, outer.anchor
    return one != other and one.path == other.path and other.start <= one.start and one.end <= other.end


def _find_loops(project: Project, lifecycles: Lifecycles, settings: Settings) -> dict[ClientSite, Loop]:
    return project.remember("loops of programs", lambda: dict(_iter_loops(project, lifecycles, settings)))


def _iter_loops(
    project: Project, lifecycles: Lifecycles, settings: Settings
) -> Iterator[tuple[ClientSite, Loop]]:
    for site in project.client_sites:
        is_wanted = _is_plain_request(site) if site.top_level else _is_plain(project, site)
        if is_wanted and _runs_once(project, lifecycles, site, settings):
            loop = _find_loop(project, site)
            if loop is not None:
                yield site, loop


def _is_plain_request(site: ClientSite) -> bool:
    """Answer whether a request of the package in a loop gives nothing to the client that it builds."""
    return (
        site.in_loop
        and isinstance(site.single, SingleRequest)
        and site.single.verb != "stream"
        and bool(site.spec.library)
        and not site.spec.unpacks
        and not any(site.spec.argument(name) is not None for name in _OF_THE_CLIENT)
    )


def _is_plain(project: Project, site: ClientSite) -> bool:
    """Answer whether a block in a loop does nothing with its client but to send requests."""
    if not site.in_loop or site.block is None or site.usage is None or site.usage.obstacles:
        return False
    spec = site.spec
    http2 = spec.argument("http2")
    return (
        bool(spec.library and site.usage.requests)
        and spec.is_complete
        and site.block.is_async is spec.is_async
        and (http2 is None or http2.normal == "False")
        and uses_network(project, site)
    )


def _runs_once(project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings) -> bool:
    """Answer whether a site is run by a script or a command that ends by itself, and by nothing else."""
    if (site.is_test and not settings.include_tests) or _TO_BE_READ.search(site.path):
        return False
    if not site.function:
        return True  # a module is imported once
    if is_reported(project, lifecycles, site, settings) or is_library_code(
        project, lifecycles, site, settings
    ):
        return False
    return (
        project.search.is_run_as_script(site.path)
        or project.imports.runs_as_script(site.path)
        or is_part_of_a_command(project, site)
        or is_run_by_commands(project, lifecycles, site)
    )


def _find_loop(project: Project, site: ClientSite) -> Loop | None:
    function = project.function(Symbol(site.path, site.function)) if site.function else None
    if (function is None) is bool(site.function) or is_given_away(project, site):
        return None
    if SERVER_NAME in project.search.text(site.path):
        return None
    if function is not None and function.is_generator:
        return None
    loop = project.rounds.around(site)
    if site.top_level:
        return None if find_function_patch(project, site) is not None else loop
    if loop is None or not all(_is_kept(project, one, loop) for one in site.spec.arguments):
        return None
    return loop if find_patch(project, site) is None else None


def _is_kept(project: Project, argument: SpecArgument, loop: Loop) -> bool:
    """Answer whether an argument makes the same client before the loop as in each round."""
    if argument.name not in KNOWN - _STATEFUL or argument.has_call:
        return False
    if argument.origin is Origin.LITERAL:
        return True
    if argument.name == "transport" or (loop.may_fail_apart and argument.name not in MOVABLE):
        return False
    return not any(project.search.is_attribute_assigned(attribute) for attribute in argument.attributes)


def _plan(project: Project, site: ClientSite, loop: Loop) -> Fix:
    assert site.block is not None
    written = project.rewrite_call(site.anchor, site.spec.class_code, CallChange(whole=True))
    assert written is not None
    keyword = "async with" if site.block.is_async else "with"
    edits: tuple[Edit, ...] = (
        WrapStatement(loop.anchor, f"{keyword} {written[1]} as {site.name}:"),
        InsertStatements(site.block.anchor, "before", f"{site.name}.cookies.clear()  {_COMMENT}\n"),
        UnwrapWith(site.block.anchor, site.block.item),
    )
    return Fix(f"build one `{site.spec.class_code}` for all rounds of the loop", edits)


def _plan_request(project: Project, site: ClientSite, loop: Loop) -> Fix | None:
    """Return the edits that send a request of each round through one client; None where no name is free."""
    assert isinstance(site.single, SingleRequest)
    name = _choose_name(project, site)
    base = site.spec.class_code.rpartition(".")[0]
    spelled = f"{base}.Client" if base else project.spelling_of(site.path, f"{site.spec.library}.Client")
    imported: tuple[Edit, ...] = ()
    if spelled is None:
        if site.spec.library in project.module_names(site.path):
            return None
        spelled = f"{site.spec.library}.Client"
        imported = (EnsureImport(site.path, site.spec.library),)
    written = project.rewrite_call(site.anchor, f"{name}.{site.single.verb}", CallChange())
    if not name or written is None:
        return None
    edits: tuple[Edit, ...] = (
        *imported,
        WrapStatement(loop.anchor, f"with {spelled}() as {name}:"),
        InsertStatements(
            site.single.statement, "before", f"{name}.cookies.clear()  {_COMMENT_OF_A_REQUEST}\n"
        ),
        ReplaceExpression(*written),
        *(() if base else (plan_drop(project, site.path, site.spec.class_code),)),
    )
    return Fix("send the requests of all rounds of the loop through one client", edits)


def _choose_name(project: Project, site: ClientSite) -> str:
    """Return a name for a client that nothing in the function, or in the module for its own loop, has."""
    function = project.function(Symbol(site.path, site.function)) if site.function else None
    text = project.search.text(site.path)
    for name in ("client", "http", "http_client"):
        is_taken = name in function.names if function is not None else re.search(rf"\b{name}\b", text)
        if not is_taken:
            return name
    return ""
