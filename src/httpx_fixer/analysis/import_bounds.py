"""What a module cannot import whatever its neighbours do, and how others name it."""

from __future__ import annotations

from httpx_fixer.analysis.imports import Target, dotted_name, imported_names, is_importable
from httpx_fixer.analysis.packaging import Packaging
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.store import is_test_path
from httpx_fixer.analysis.text_search import TextSearch
from httpx_fixer.patterns import compile_later

_RUNS = compile_later(rb"(?m)^(?:asyncio|anyio|trio)\.run\(")
"""What a module that is imported would not do."""
_SERVED = compile_later(rb"(?i)\b(?:uvicorn|hypercorn|granian|gunicorn|fastapi|starlette|flask|celery)\b")
"""What a module names that something else may load by a name of its own."""


class ImportBounds:
    """Questions about a module that is to import another one for the first time."""

    def __init__(self, resolver: Resolver, search: TextSearch, packaging: Packaging) -> None:
        self._resolver = resolver
        self._search = search
        self._packaging = packaging
        self._apart: dict[tuple[str, str], bool] = {}

    def is_beyond(self, importer: str, path: str) -> bool:
        """Answer whether a file is in another distribution, of which the importer's own uses nothing.

        `libs/retry/pyproject.toml` builds a package that anybody installs, the service around it or not.
        What is required as it was released has no such module, either.
        """
        root, other = self._packaging.root_of(importer), self._packaging.root_of(path)
        if root is None or root == other or not self._packaging.is_distributed(importer):
            return False
        if other is not None and self._packaging.takes_released(root, other):
            return True
        if not root or path.startswith(f"{root}/"):
            return False
        top = path[len(self._resolver.index.package_root(path)) :].lstrip("/").split("/")[0]
        key = root, path.partition(top)[0] + top
        if key not in self._apart:
            self._apart[key] = not any(
                found.startswith(f"{key[1]}/")
                for other in self._resolver.store.files
                if other.startswith(f"{root}/") and not is_test_path(other)
                for found in self._resolver.imported_files(other)
            )
        return self._apart[key]

    def is_script_alone(self, importer: str) -> bool:
        """Answer whether a file is run by hand, and nothing shows that more than its directory is found then.

        `python tools/icons.py` finds `tools/http.py` as `http`, and no `shop.tools` unless that is installed.
        """
        data = self._resolver.store.data(importer)
        is_run = self._search.is_run_as_script(importer) or _RUNS.search(data) is not None
        if not is_run or _SERVED.search(data) or self._packaging.is_part_of_a_command(importer):
            return False
        beside = importer.rpartition("/")[0] + "/__init__.py"
        known = self._resolver.imported_files(importer) - {importer, beside.lstrip("/")}
        return not known and not self._importing(importer)

    def find_name(self, importer: str, path: str) -> str | None:
        """Return the name of a file from where the names begin by which all others import the importer."""
        roots = {target.root for target in self._importing(importer)}
        root = roots.pop() if len(roots) == 1 else None
        if root is None or (root and not path.startswith(f"{root}/")):
            return None
        name = dotted_name(path, root)
        starts_there = self._resolver.index.package_root(path) == root or self._resolver.index.is_package(
            root
        )
        return name if starts_there and is_importable(name) else None

    def _importing(self, path: str) -> list[Target]:
        """Return where imports by the whole name of a file lead, those of the tests left out."""
        found: list[Target] = []
        for other in find_importers(self._resolver, self._search, path):
            names = (name for name in self._resolver.store.ask(other, imported_names) if name[:1] != ".")
            targets = (self._resolver.index.resolve(other, name) for name in names)
            found += [target for target in targets if target is not None and target.path == path]
        return found


def find_importers(resolver: Resolver, search: TextSearch, path: str) -> tuple[str, ...]:
    """Return the files outside of the tests whose import statements lead to a file, in order."""
    return tuple(
        other for other in search.naming(path) if other != path and path in resolver.imported_files(other)
    )
