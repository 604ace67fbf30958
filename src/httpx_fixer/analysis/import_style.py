"""How a module of the project should import another one: as its neighbours do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from httpx_fixer.analysis.files import has_main
from httpx_fixer.analysis.imports import Target, dotted_name, imported_names, is_importable, relative_name
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.patterns import compile_later

_DOTS = 2
_PROGRAM = compile_later(rb"(?m)^(?:while\b|nonebot\.init\()")
"""What a module that is imported would not do."""
_WITNESSES = 60
"""How many modules are asked before the question is given up."""


def find_import_path(
    resolver: Resolver, importer: str, path: str, find_name: Callable[[str, str], str | None]
) -> str | None:
    """Return the dotted name under which `importer` can import the (new) file `path`.

    The importer's own imports decide first, then those of its neighbours, then those of modules
    elsewhere that import from the directory of `path`, then how others name the importer, which
    `find_name` tells. None: nothing shows how it is done, or it cannot be (`chapters/02-clients/http.py`).
    More dots than a neighbour writes, and than two, are written where nobody shows an absolute name.
    """
    distant = None
    name = relative_name(importer, path)
    dots = len(name) - len(name.lstrip("."))
    for witness in _iter_witnesses(resolver, importer, path):
        habits = tuple(_iter_habits(resolver, witness, path, own=witness == importer))
        levels = {level for level, _ in habits}
        for level, root in habits:
            if level and not _is_neighbour(resolver, witness, importer):
                continue
            if not level and witness != importer and _is_elsewhere(resolver, importer, root):
                continue
            if not level and is_importable(dotted_name(path, root)):
                return dotted_name(path, root)
            if not level or not is_importable(name):
                continue
            if 0 in levels and dots > max(levels):
                continue  # what is farther away has its whole name there
            if not _can_be_relative(resolver, importer, path, level):
                continue
            if dots <= max(level, _DOTS):
                return name
            distant = distant or name
    if distant is not None:
        return distant
    if _is_program_beside(resolver, importer, path):
        beside = dotted_name(path, importer.rpartition("/")[0])
        return beside if is_importable(beside) else None
    return find_name(importer, path) or _find_name_in_strings(resolver, importer, path)


def _find_name_in_strings(resolver: Resolver, importer: str, path: str) -> str | None:
    root = _find_named_root(resolver, path)
    if root is None or _is_elsewhere(resolver, importer, root):
        return None
    return dotted_name(path, root) if is_importable(dotted_name(path, root)) else None


def _find_named_root(resolver: Resolver, path: str) -> str | None:
    """Return the directory above a file at which names in strings begin, None for none.

    `load_extension("cogs.memes")`, `load_extension(f"cogs.{name}")`: that of `cogs` is one, for what
    stands in it or in `cogs`. NoneBot makes such names of the paths that it is given:
    `load_plugins("src/plugins")`. Of a directory beside that says nothing.
    """
    parts = path.split("/")[:-1]
    for count in range(len(parts) + 1):
        root = "/".join(parts[:count])
        inside = [file[len(root) :].lstrip("/") for file in resolver.store.files if file.startswith(root)]
        first = parts[count : count + 1] or sorted({file.split("/")[0] for file in inside if "/" in file})
        if any(_is_named(resolver, root, one) for one in first):
            return root
    return None


def _is_named(resolver: Resolver, root: str, directory: str) -> bool:
    """Answer whether a string names a module of a directory by a dotted name that begins with it."""
    name = re.escape(directory).encode()
    given = re.compile(rb"\bload_plugins\([\"'](?:\./)?" + name + rb"[\"'/]")
    if any(given.search(resolver.store.data(other)) for other in resolver.store.paths_with(b"load_plugins(")):
        return True
    pattern = re.compile(rb"[\"']" + name + rb"\.(?:(\w+)[\"'.:]|(\{))")
    for other in resolver.store.paths_with(f"{directory}.".encode()):
        for module, loop in pattern.findall(resolver.store.data(other)):
            below = f"{root}/{directory}/{module.decode()}".lstrip("/")
            if loop or resolver.index.has_file(f"{below}.py") or resolver.index.has_directory(below):
                return True
    return False


def _is_program_beside(resolver: Resolver, importer: str, path: str) -> bool:
    """Answer whether a file is started by hand: Python looks for modules in its directory then."""
    directory = importer.rpartition("/")[0]
    is_plain = path.rpartition("/")[0] == directory and not resolver.index.is_package(directory)
    data = resolver.store.data(importer)
    return is_plain and (has_main(data) or _PROGRAM.search(data) is not None)


def import_closure(resolver: Resolver, path: str) -> frozenset[str]:
    """Return the project files that importing a file imports, itself included."""
    found: set[str] = set()
    todo = [path]
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            todo.extend(resolver.imported_files(current))
    return frozenset(found)


def find_first_party(resolver: Resolver) -> frozenset[str]:
    """Return the first parts of the names under which modules of the project are imported."""
    found: set[str] = set()
    for path in resolver.store.files:
        root = resolver.index.package_root(path)
        found.add(path[len(root) :].lstrip("/").split("/")[0].removesuffix(".py"))
    for module in resolver.store.modules():
        said = resolver.store.ask(module.path, imported_names)
        names = (name for name in said if not name.startswith("."))
        found.update(name.split(".")[0] for name in names if resolver.index.resolve(module.path, name))
    return frozenset(found)


def _is_elsewhere(resolver: Resolver, importer: str, root: str) -> bool:
    """Answer whether names begin in a directory of which an importer is no part, and uses nothing.

    Two services in one repository have a `core` each: neither finds that of the other.
    """
    if not root or importer.startswith(f"{root}/"):
        return False
    return not any(path.startswith(f"{root}/") for path in import_closure(resolver, importer))


def _is_neighbour(resolver: Resolver, witness: str, importer: str) -> bool:
    """Answer whether two files stand in one directory or package, and so import in one way."""
    if witness.rpartition("/")[0] == importer.rpartition("/")[0]:
        return True
    root = resolver.index.package_root(witness)
    first = witness[len(root) :].lstrip("/").split("/")[0]
    top = f"{root}/{first}" if root else first
    return resolver.index.is_package(top) and importer.startswith(f"{top}/")


def _iter_witnesses(resolver: Resolver, importer: str, path: str) -> Iterator[str]:
    yield importer
    count = 0
    directory = path.rpartition("/")[0]
    for near in (importer.rpartition("/")[0], directory):
        for other in resolver.store.files:
            if other.rpartition("/")[0] == near and other != importer and count < _WITNESSES:
                count += 1
                yield other
    stem = directory.rpartition("/")[2].encode()
    for other in resolver.store.files:
        if count >= 3 * _WITNESSES:
            return
        if stem and stem in resolver.store.data(other):
            count += 1
            yield other


def _names_imported(resolver: Resolver, path: str, *, own: bool) -> Iterable[str]:
    """Return what a file imports; its `own` statements are read, those of others may stand in a docstring."""
    module = resolver.store.module(path) if own else None
    return resolver.store.ask(path, imported_names) if module is None else module.imported


def _iter_habits(resolver: Resolver, witness: str, path: str, *, own: bool) -> Iterator[tuple[int, str]]:
    """Yield (level, root) of the imports that lead into the package of `path`, most frequent first.

    Level 0 is an absolute import whose names start at the directory `root`.
    """
    counted: dict[tuple[int, str], int] = {}
    for name in _names_imported(resolver, witness, own=own):
        target = resolver.index.resolve(witness, name)
        if target is None or target.path == witness:
            continue
        level = len(name) - len(name.lstrip("."))
        if level or _shows_root(resolver, target, path, own=own):
            key = (level, "" if level else target.root)
            counted[key] = counted.get(key, 0) + 1
    yield from sorted(counted, key=lambda key: (-counted[key], -key[0]))


def _shows_root(resolver: Resolver, target: Target, path: str, *, own: bool) -> bool:
    """Answer whether an import shows that `path` can be named from the directory where its names start.

    A package that is imported may be installed, which says nothing of directories beside it that are
    none. Within a package, `from config import Config` may mean another `config`: one's own import
    shows it where that module binds the name.
    """
    if target.root and not path.startswith(f"{target.root}/"):
        return False
    if _top(target.path, target.root) == _top(path, target.root):
        return True
    if resolver.index.is_package(target.root):
        return own and _is_bound(resolver, target)
    return resolver.index.package_root(path) == target.root


def _is_bound(resolver: Resolver, target: Target) -> bool:
    module = resolver.store.module(target.path) if target.rest else None
    return module is not None and target.rest[0] in module.table.module.bindings


def _top(path: str, root: str) -> str:
    inside = path[len(root) + 1 :] if root else path
    return inside.split("/")[0]


def _can_be_relative(resolver: Resolver, importer: str, path: str, level: int) -> bool:
    """Answer whether the dots that are needed stay within what is a package at run time."""
    name = relative_name(importer, path)
    needed = len(name) - len(name.lstrip("."))
    directory = importer
    for _ in range(needed):
        directory = directory.rpartition("/")[0]
    if not directory:
        return False
    return needed <= level or resolver.index.is_package(directory)
