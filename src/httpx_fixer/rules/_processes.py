"""Which sites run in a process that lives long enough to matter."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import BindingForm, ClientSite
from httpx_fixer.frameworks._base import Lifecycle, Lifecycles, Start
from httpx_fixer.patterns import compile_later
from httpx_fixer.rules._commands import is_run_by_commands
from httpx_fixer.rules._hosts import DEMONSTRATION, is_aside, serves_others
from httpx_fixer.settings import Settings

_IMPORTED = compile_later(r"(?:^|/)(?:scripts?|tools)/")
"""Directories of scripts of which other code may import some."""
_SERVERS = frozenset(
    {"chainlit", "fastapi", "flask", "litestar", "mcp", "nicegui", "quart", "sanic", "starlette"}
)
_PROGRAMS = frozenset({"asyncio", "program", "trio"})
"""What runs what its own code calls: a worker may load modules that it does not name."""
_FINDING = compile_later(r"importlib|__import__|pkgutil|entry_points|import_string|find_modules")
"""How a module is found that no import statement tells of."""
_CHOOSES = compile_later(r"\badd_subparsers\(|\bargv\[1\]|\bmatch (?:sys\.)?argv")
"""How a program chooses between what goes on and what ends."""


def is_reported(project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings) -> bool:
    """Answer whether a site is to be spoken of: in a long-lived process, outside of tests.

    A project without any lifecycle is a library or a script: its clients live as long as its callers
    want, and nothing is said. Nor is it of a module that scripts alone import or that is one, unless a
    server is told to load it, or of a function that commands alone call.
    """
    if site.is_test and not settings.include_tests:
        return False
    if not lifecycles.all():
        return False
    function = project.function(Symbol(site.path, site.function)) if site.function else None
    if function is not None and lifecycles.entry_point(function) is not None:
        return True
    if is_run_by_commands(project, lifecycles, site):
        return False
    if _is_beside(project, site.path) and not project.served.is_part(site.path):
        return False
    owners = [one for one in lifecycles.all() if may_own(lifecycles, one, site)]
    if owners:
        is_script = project.search.is_one_shot(site.path) and not project.imports.is_imported(site.path)
        is_daemon = not _CHOOSES.search(project.search.text(site.path)) and any(
            one.path == site.path and _is_endless(project, one) for one in owners
        )
        return not is_script or is_daemon or project.served.is_loaded(site.path)
    is_run_once = project.imports.runs_as_script(site.path) or is_part_of_a_command(project, site)
    return not is_run_once or serves_others(project, site.path)


def _is_beside(project: Project, path: str) -> bool:
    """Answer whether a module is no part of what lasts: a script that other modules import is one."""
    if not is_aside(project, path):
        return False
    importers = project.imports.importers_of(path) if _IMPORTED.search(path) else ()
    return all(is_aside(project, one) for one in importers)


def _is_endless(project: Project, lifecycle: Lifecycle) -> bool:
    """Answer whether a process was seen to go on until it is stopped."""
    if lifecycle.start in {Start.ENTRY, Start.SYNC_ENTRY, Start.TRIO_ENTRY}:
        return True
    return any(loop.path == lifecycle.path for loop in project.programs.loops)


def is_part_of_a_command(project: Project, site: ClientSite) -> bool:
    """Answer whether a site is in what an installed command runs, once and to its end."""
    return project.packaging.is_part_of_a_command(site.path)


def is_library_code(project: Project, lifecycles: Lifecycles, site: ClientSite, settings: Settings) -> bool:
    """Answer whether a site is in a package that others install, and that no process of the project runs.

    What such code builds per call only its callers could own; what it keeps is theirs to close. Routes
    or handlers without any application are a plug-in of somebody's service.
    """
    if (site.is_test and not settings.include_tests) or _is_beside(project, site.path):
        return False
    if not lifecycles.all() and serves_others(project, site.path):
        return not is_run_by_commands(project, lifecycles, site)
    if not _outer_package(project, site.path) or not project.packaging.is_distributed(site.path):
        return False
    if project.imports.runs_as_script(site.path) or is_part_of_a_command(project, site):
        return False
    if is_run_by_commands(project, lifecycles, site):
        return False
    return not any(
        may_own(lifecycles, one, site) or is_neighbour(project, one, site) for one in lifecycles.all()
    )


def may_own(lifecycles: Lifecycles, lifecycle: Lifecycle, site: ClientSite) -> bool:
    """Answer whether an application runs a site, and is more than a demonstration of the site's library."""
    aside = DEMONSTRATION.search(lifecycle.path)
    if aside is not None and not site.path.startswith(lifecycle.path[: aside.end()]):
        return False
    return lifecycles.reaches(lifecycle, site.path)


def is_neighbour(project: Project, lifecycle: Lifecycle, site: ClientSite) -> bool:
    """Answer whether a site is built together with an application that nothing shows to import it."""
    if DEMONSTRATION.search(lifecycle.path) or is_aside(project, lifecycle.path):
        return False
    if _stands_alone(project, lifecycle):
        return False
    package = _outer_package(project, site.path)
    if package and lifecycle.path.startswith(f"{package}/"):
        return True
    root = project.packaging.root_of(site.path)
    return bool(package) and root is not None and root == project.packaging.root_of(lifecycle.path)


def _stands_alone(project: Project, lifecycle: Lifecycle) -> bool:
    """Answer whether the file of an application has nothing to do with any other of the project.

    What finds modules by their names, as workers do, may have.
    """
    path = lifecycle.path
    if lifecycle.framework not in _SERVERS | _PROGRAMS or project.imports.is_imported(path):
        return False
    others = project.imports.import_closure(path) - {path}
    return all(
        other.endswith("__init__.py") and path.startswith(other.removesuffix("__init__.py"))
        for other in others
    ) and not _FINDING.search(project.search.text(path))


def _outer_package(project: Project, path: str) -> str:
    """Return the outermost directory around a file that has an `__init__.py`, "" for none.

    Directories below may lack one: Python imports from them all the same.
    """
    parts = path.split("/")[:-1]
    outer = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((directory for directory in outer if project.imports.is_package(directory)), "")


_MANAGERS = frozenset({"contextlib.asynccontextmanager", "contextlib.contextmanager"})


def owns_for_duration(project: Project, site: ClientSite) -> bool:
    """Answer whether a block or a function is itself the owner: a lifespan, a daemon, a context manager.

    It holds the client until the process is stopped, or for as long as its caller's block lasts. One
    that yields the client itself is a factory: each of its callers builds a client. So is one of which
    all callers are known, and enter it for one call each.
    """
    if site.form not in {BindingForm.WITH, BindingForm.STACKED, BindingForm.LOCAL} or not site.function:
        return False
    if not site.in_loop and _is_held_for_ever(project, site):
        return True
    function = project.function(Symbol(site.path, site.function))
    if function is None or not function.is_generator:
        return False
    is_lifespan = project.is_given_as(function.symbol, "lifespan")
    if not is_manager(function) and not is_lifespan:
        return False
    if project.yields_name(function, site.name):
        return False
    key = f"entered per call {function.path} {function.qualname}"
    return is_lifespan or not project.remember(key, lambda: project.kept.is_entered_per_call(function))


def _is_held_for_ever(project: Project, site: ClientSite) -> bool:
    if site.block is not None:
        return project.programs.is_held_for_ever(site.block.anchor)
    return project.programs.is_endless(Symbol(site.path, site.function))


def is_manager(function: Function) -> bool:
    """Answer whether a generator is made a context manager."""
    return any(d.symbol is not None and d.symbol.name in _MANAGERS for d in function.decorators)
