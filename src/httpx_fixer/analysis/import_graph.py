"""Which file imports which, and how a module is to import another one."""

from __future__ import annotations

from collections.abc import Set
from functools import cached_property

from httpx_fixer.analysis.import_bounds import ImportBounds, find_importers
from httpx_fixer.analysis.import_style import (
    find_first_party,
    find_import_path,
    import_closure,
)
from httpx_fixer.analysis.imports import dotted_name
from httpx_fixer.analysis.module_imports import iter_module_level_imports
from httpx_fixer.analysis.packaging import Packaging
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.store import is_test_path
from httpx_fixer.analysis.text_search import TextSearch


class ImportGraph:
    """Questions about the imports of the project's files."""

    def __init__(self, resolver: Resolver, search: TextSearch, packaging: Packaging) -> None:
        self._resolver = resolver
        self._bounds = ImportBounds(resolver, search, packaging)
        self._search = search
        self._closures: dict[str, frozenset[str]] = {}

    def import_path(self, importer: str, path: str) -> str | None:
        """Return the dotted name under which a module can import a (new) file, None where unclear."""
        if self._bounds.is_beyond(importer, path):
            return None
        found = find_import_path(self._resolver, importer, path, self._bounds.find_name)
        beside = dotted_name(path, importer.rpartition("/")[0])
        return found if found == beside or not self._bounds.is_script_alone(importer) else None

    def module_of_import(self, path: str, module: str, name: str) -> str | None:
        """Return the project file that `from module import name` leads to from a file, None if foreign."""
        target = self._resolver.index.resolve(path, module) if module.strip(".") or name else None
        if name:
            joint = "" if module.endswith(".") else "."
            target = self._resolver.index.resolve(path, f"{module}{joint}{name}") or target
        return None if target is None else target.path

    def is_module(self, path: str, module: str, name: str) -> bool:
        """Answer whether `from module import name` imports a module of the project itself."""
        joint = "" if module.endswith(".") else "."
        target = self._resolver.index.resolve(path, f"{module}{joint}{name}") if name else None
        return target is not None and not target.rest

    def import_closure(self, path: str) -> frozenset[str]:
        """Return the project files that importing a file imports, itself included."""
        if path not in self._closures:
            self._closures[path] = import_closure(self._resolver, path)
        return self._closures[path]

    def top_package(self, path: str) -> str:
        """Return the outermost package that a file stands in, "" for a module outside of packages."""
        root = self._resolver.index.package_root(path)
        directory = path.rpartition("/")[0]
        if directory == root:
            return ""
        first = directory[len(root) :].lstrip("/").split("/")[0]
        return f"{root}/{first}" if root else first

    def first_party(self) -> frozenset[str]:
        """Return the names of the packages and modules that the project itself holds."""
        return find_first_party(self._resolver)

    def imports_from(self, path: str, package: str) -> bool:
        """Answer whether a file imports something of a package."""
        return any(other.startswith(f"{package}/") for other in self._resolver.imported_files(path))

    def reaches_package(self, package: str, others: Set[str]) -> bool:
        """Answer whether a file of a package imports something of others, directly or not."""
        inside = (path for path in self._resolver.store.files if path.startswith(f"{package}/"))
        return any(
            self.top_package(path) in others
            for start in inside
            if not is_test_path(start)
            for path in self.import_closure(start)
        )

    def is_package(self, directory: str) -> bool:
        """Answer whether a directory has an `__init__.py`."""
        return self._resolver.index.is_package(directory)

    def reaches(self, start: str, path: str) -> bool:
        """Answer whether importing a file imports another one, directly or not."""
        return path in self.import_closure(start)

    def loads(self, start: str, path: str) -> bool:
        """Answer the same, what functions of the first file import when they are called left out."""
        module = self._resolver.store.module(start)
        names = () if module is None else iter_module_level_imports(module)
        targets = (self._resolver.index.resolve(start, name) for name in names)
        return any(path in self.import_closure(target.path) for target in targets if target is not None)

    def importers_of(self, path: str) -> tuple[str, ...]:
        """Return the files outside of the tests whose import statements lead to a file, in order."""
        return find_importers(self._resolver, self._search, path)

    def is_imported(self, path: str) -> bool:
        """Answer whether another module outside of the tests imports this one."""
        return bool(self.importers_of(path))

    def runs_as_script(self, path: str) -> bool:
        """Answer whether a module that is started by hand and ends by itself imports a file, or is it."""
        return any(path in self.import_closure(script) for script in self._scripts)

    @cached_property
    def _scripts(self) -> list[str]:
        started = {*self._search.mentions(b"__main__"), *self._search.mentions(b"class Command(")}
        return [other for other in sorted(started) if self._search.is_one_shot(other)]
