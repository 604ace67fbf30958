"""Where the owning modules stand: one for all applications that share sites."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import replace

from httpx_fixer.analysis.project import Project
from httpx_fixer.frameworks._base import Lifecycle, Lifecycles, Ownership
from httpx_fixer.rules._borrowers import Borrower
from httpx_fixer.rules._candidates import Candidate
from httpx_fixer.settings import Policy
from httpx_fixer.values import dataclass

Member = Candidate | Borrower

_FILE_NAMES = ("http_client.py", "shared_http_client.py", "httpx_clients.py")


@dataclass(frozen=True, slots=True)
class Home:
    """An owning module: the (new) file, or the application's own file where `is_inline`.

    `present` is what an earlier run made of it, None for a new one.
    """

    path: str
    is_inline: bool
    lifecycles: tuple[Lifecycle, ...]
    members: tuple[Member, ...]
    present: Ownership | None = None

    @property
    def importers(self) -> frozenset[str]:
        """The files that will import the module, as far as nothing speaks against it."""
        files = {path for member in self.members for path in member.files}
        return frozenset(files | {lifecycle.path for lifecycle in self.lifecycles})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What homes are looked for in."""

    project: Project
    lifecycles: Lifecycles
    policy: Policy


def find_homes(around: Surroundings, members: Iterable[Member]) -> tuple[Home, ...]:
    """Group sites that share an application or a package; each group gets one module, in order of path."""
    groups: list[tuple[set[Lifecycle | str], list[Member]]] = []
    for member in (_keep_apart(around, member) for member in members):
        ties: set[Lifecycle | str] = {*member.lifecycles, *_packages_of(around.project, member)}
        mine = [member]
        for group in [group for group in groups if group[0] & ties]:
            groups.remove(group)
            ties |= group[0]
            mine = [*group[1], *mine]
        groups.append((ties, mine))
    homes: dict[tuple[str, bool], Home] = {}
    for _, mine in groups:
        home = _build_home(around, mine)
        known = homes.get((home.path, home.is_inline))
        homes[home.path, home.is_inline] = _build_home(around, [*known.members, *mine]) if known else home
    return tuple(homes[key] for key in sorted(homes))


def _keep_apart(around: Surroundings, member: Member) -> Member:
    """Leave a package that is a program of its own, and imports none of the others, to that program.

    It may be installed alone, without what the other applications of the project are made of.
    """
    project = around.project
    package = project.imports.top_package(member.site.path)
    if not package or not isinstance(member, Borrower):
        return member
    own = [
        one
        for one in member.lifecycles
        if project.imports.top_package(one.path) == package
        and around.lifecycles.framework(one.framework).starts(project, one)
    ]
    others = {project.imports.top_package(one.path) for one in member.lifecycles} - {package}
    if not own or not others or project.imports.reaches_package(package, others):
        return member
    return replace(member, lifecycles=tuple(own))


def _packages_of(project: Project, member: Member) -> set[str]:
    return {top for path in member.files if (top := project.imports.top_package(path))}


def _build_home(around: Surroundings, members: list[Member]) -> Home:
    project = around.project
    apps = {lifecycle for member in members for lifecycle in member.lifecycles}
    owners = tuple(sorted(apps, key=lambda lifecycle: lifecycle.call.anchor))
    ordered = tuple(sorted(members, key=lambda member: member.site.anchor))
    directory = _find_directory(project, owners, ordered)
    if not any(posixpath.dirname(owner.path) == directory for owner in owners):
        directory = leave_loaded(project, directory)
    paths = [posixpath.join(directory, name) for name in _FILE_NAMES]
    present = _find_present(around, owners, frozenset(paths))
    if present is not None:
        is_inline = any(owner.path == present.path for owner in owners)
        return Home(present.path, is_inline, owners, ordered, replace(present, is_inline=is_inline))
    path = next((path for path in paths if not project.has_file(path)), paths[-1])
    files = {path for member in ordered for path in member.files} | {owner.path for owner in owners}
    only = owners[0].path
    if (
        files == {only}
        and project.last_import(only) is not None
        and project.imports.import_path(only, path) is None
    ):
        return Home(only, True, owners, ordered)
    return Home(path, False, owners, ordered)


def _find_present(
    around: Surroundings, lifecycles: tuple[Lifecycle, ...], paths: frozenset[str]
) -> Ownership | None:
    """Return the module that an earlier run wrote for these applications: the one nearest to them."""
    ranked: list[tuple[int, str, Ownership]] = []
    for owner in around.lifecycles.owners(around.policy):
        if any(one.path == owner.path for one in lifecycles):
            ranked.append((0, owner.path, owner))
        elif any(around.lifecycles.reaches(one, owner.path) for one in lifecycles):
            ranked.append((1, owner.path, owner))
        elif owner.path in paths:
            ranked.append((2, owner.path, owner))
    return min(ranked, key=lambda one: one[:2])[2] if ranked else None


def _find_directory(project: Project, owners: tuple[Lifecycle, ...], members: tuple[Member, ...]) -> str:
    """Return the innermost directory above all that will import the module.

    Importing from there loads no package that is not loaded anyway, so that no circle can close. A
    directory without `__init__` will do where all of them import from it by its name. Where the files
    have no package in common, the package whose own `__init__` imports least and that most of the
    others import already. One of which a build or an image takes some files by their names is none.
    """
    files = {path for member in members for path in member.files}
    shared = common_directory({*files, *(owner.path for owner in owners)})
    inner = common_directory(files)
    directory = _find_home(project, files, shared, inner, {*files, *(owner.path for owner in owners)})
    if not _is_left_out(project, directory):
        return directory
    depth = directory.count("/") + 2 if directory else 1
    below = {"/".join(posixpath.dirname(path).split("/")[:depth]) for path in files}
    below = {one for one in below if len(one) > len(directory) and not _is_left_out(project, one)}
    return _choose_package(project, sorted(below), files) if below else directory


def _find_home(project: Project, files: set[str], shared: str, inner: str, every: set[str]) -> str:
    for directory in (shared, inner):
        if project.imports.is_package(directory):
            return directory
    if shared and is_named_by_all(project, shared, every):
        return shared
    tops = sorted({top for path in files if (top := project.imports.top_package(path))})
    return _choose_package(project, tops, files) if tops else shared


def _choose_package(project: Project, tops: list[str], files: set[str]) -> str:
    return min(tops, key=lambda top: _rank_package(project, top, files))


def _is_left_out(project: Project, directory: str) -> bool:
    """Answer whether a module there would not reach the place where the project runs."""
    return project.packaging.is_left_out(posixpath.join(directory, _FILE_NAMES[0]))


def leave_loaded(project: Project, directory: str) -> str:
    """Return the directory around one whose modules are all loaded as plug-ins: ours is none."""
    while directory and project.search.is_loaded_whole(directory):
        directory = posixpath.dirname(directory)
    return directory


def is_named_by_all(project: Project, directory: str, files: set[str]) -> bool:
    """Answer whether files import from a directory without `__init__` as from a package: `app.x`."""
    name = directory.rpartition("/")[2]
    new = posixpath.join(directory, _FILE_NAMES[0])
    dotted = {project.imports.import_path(path, new) for path in files}
    return len(dotted) == 1 and all(one is not None and f".{one}".count(f".{name}.") for one in dotted)


def _rank_package(project: Project, top: str, files: set[str]) -> tuple[int, int, str]:
    beginning = project.imports.import_closure(posixpath.join(top, "__init__.py"))
    importers = sum(project.imports.imports_from(path, top) for path in files)
    return len(beginning), -importers, top


def common_directory(files: set[str]) -> str:
    """Return the innermost directory above all of some files, "" for the root."""
    directories = {posixpath.dirname(path) for path in files}
    return "" if "" in directories else posixpath.commonpath(directories)
