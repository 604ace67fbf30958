"""How a module of the project should import another one: as its neighbours do."""

from __future__ import annotations

from collections.abc import Iterator

from httpx_fixer.analysis.imports import dotted_name, iter_imported_names, relative_name
from httpx_fixer.analysis.resolution import Resolver

_WITNESSES = 60
"""How many modules are asked before the question is given up."""


def find_import_path(resolver: Resolver, importer: str, path: str) -> str | None:
    """Return the dotted name under which `importer` can import the (new) file `path`.

    The importer's own imports decide first, then those of its neighbours, then those of modules
    elsewhere that import from the directory of `path`. None: nothing shows how it is done.
    """
    for witness in _iter_witnesses(resolver, importer, path):
        for level, root in _iter_habits(resolver, witness, path):
            if level and witness != importer and witness.rpartition("/")[0] != importer.rpartition("/")[0]:
                continue
            if not level:
                return dotted_name(path, root)
            name = relative_name(importer, path)
            if _can_be_relative(resolver, importer, path, level):
                return name
    return None


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


def _iter_habits(resolver: Resolver, witness: str, path: str) -> Iterator[tuple[int, str]]:
    """Yield (level, root) of the imports that lead into the package of `path`, most frequent first.

    Level 0 is an absolute import whose names start at the directory `root`.
    """
    counted: dict[tuple[int, str], int] = {}
    for name in iter_imported_names(resolver.store.data(witness)):
        target = resolver.index.resolve(witness, name)
        if target is None or target.path == witness:
            continue
        level = len(name) - len(name.lstrip("."))
        inside = not target.root or path.startswith(f"{target.root}/")
        same = _top(target.path, target.root) == _top(path, target.root)
        if level or (inside and (same or not resolver.index.is_package(target.root))):
            key = (level, "" if level else target.root)
            counted[key] = counted.get(key, 0) + 1
    yield from sorted(counted, key=lambda key: (-counted[key], -key[0]))


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
