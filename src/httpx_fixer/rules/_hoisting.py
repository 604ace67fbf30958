"""Programs that end by themselves: a client that a loop of theirs builds anew in every round."""

from __future__ import annotations

import re

from httpx_fixer.analysis.facts import Loop, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import CallChange, ClientSite, Origin, SpecArgument
from httpx_fixer.fix import Edit, Fix, InsertStatements, UnwrapWith, WrapStatement
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.rules._kinds import CLIENT_PER_REQUEST
from httpx_fixer.rules._patches import find_patch
from httpx_fixer.rules._processes import is_library_code, is_part_of_a_command, is_reported
from httpx_fixer.rules._sharing import KNOWN, MOVABLE
from httpx_fixer.rules._takers import is_given_away
from httpx_fixer.rules._values import uses_network
from httpx_fixer.settings import Settings

_TO_BE_READ = re.compile(
    r"(?:^|/)(?:examples?|docs?|docs_src|benchmarks?|notebooks?|samples?|demos?|migrations|alembic)/"
)
"""Directories of programs that show something, or that nobody runs a second time."""
_STATEFUL = frozenset({"cookies", "mounts", "event_hooks"})
"""Arguments that carry something from round to round: the jar, or what closes with the client."""
_COMMENT = "# each round starts without cookies"


def plan_hoists(project: Project, lifecycles: Lifecycles, settings: Settings) -> dict[ClientSite, Fix]:
    """Return a fix for each client that a loop of a one-shot program builds per round, in source order.

    Such programs are right in all else, so that nothing is said where this cannot be shown to be safe.
    """
    if not settings.is_selected(*CLIENT_PER_REQUEST):
        return {}
    found: dict[ClientSite, Loop] = {}
    for site in project.client_sites:
        if _is_plain(site) and _runs_once(project, lifecycles, site, settings):
            loop = _find_loop(project, site)
            if loop is not None:
                found[site] = loop
    loops = list(found.values())
    return {site: _plan(project, site, loop) for site, loop in found.items() if loops.count(loop) == 1}


def _is_plain(site: ClientSite) -> bool:
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
        and uses_network(site)
    )


def _runs_once(project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings) -> bool:
    """Answer whether a site is run by a script or a command that ends by itself, and by nothing else."""
    if (site.is_test and not settings.include_tests) or _TO_BE_READ.search(site.path):
        return False
    if is_reported(project, lifecycles, site, settings) or is_library_code(
        project, lifecycles, site, settings
    ):
        return False
    return (
        project.search.is_run_as_script(site.path)
        or project.imports.runs_as_script(site.path)
        or is_part_of_a_command(project, site)
    )


def _find_loop(project: Project, site: ClientSite) -> Loop | None:
    function = project.function(Symbol(site.path, site.function))
    if function is None or function.is_generator or is_given_away(project, site):
        return None
    loop = project.rounds.around(site)
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
