"""The applications that a server is told to load by name: `uvicorn shop.main:app`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.import_graph import ImportGraph
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.store import is_test_path
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Skip

_SERVERS = (b"uvicorn", b"gunicorn", b"hypercorn", b"granian", b"daphne", b"waitress", b"fastapi")
_TOLD = (
    "Dockerfile",
    "docker-compose.yml",
    "entrypoint.sh",
    "gunicorn.conf.py",
    "gunicorn_conf.py",
    "start.sh",
)
_FILES = (
    *(*_TOLD, "Containerfile", "Procfile", "Makefile", "justfile", "pyproject.toml", "supervisord.conf"),
    *("docker-compose.yaml", "compose.yml", "compose.yaml", "fly.toml", "render.yaml", "app.yaml", "app.yml"),
    *("docker-entrypoint.sh", "run.sh", "serve.sh", "prestart.sh", "start-reload.sh"),
)
"""What tells a server which application to load, beside code; `_TOLD` in directories of `_PLACES`, too."""
_PLACES = frozenset({"bin", "deploy", "deployment", "docker", "infra", "ops", "scripts"})
_NAMED = compile_later(r"(?<![\w./:@-])([A-Za-z_][\w.]*):([A-Za-z_]\w*)(?:\(\))?(?![\w/:.@-])")
"""`shop.main:app`, `shop.main:create_app()`"""
_SERVER = compile_later("|".join(word.decode() for word in _SERVERS))
_CALLED = compile_later(
    rf"(?:[\"'](?:{_SERVER.pattern})\b|\b(?:run|serve|Config|Granian)\()[^)]{{0,60}}$|\b(?:wsgi_)?app\w*\W*=\W*$"
)
"""What stands before the name in code: `uvicorn.run(`, `Config(app=`, `["gunicorn",`, `wsgi_app = `."""
_OF_ONE_COMMAND = frozenset(
    {
        "Containerfile",
        "Dockerfile",
        "app.yaml",
        "app.yml",
        "compose.yaml",
        "compose.yml",
        "docker-compose.yaml",
    }
    | {"docker-compose.yml", "fly.toml", "render.yaml", "supervisord.conf"}
)
_FILE = compile_later(
    r"\bfastapi[\"',\s]+(?:run|dev)[\"',\s]+([\w./-]+\.py)\b(?:[^\n]*--app[\"',=\s]+(\w+))?"
)
"""`fastapi run shop/main.py`, also as a list of words"""


class Served:
    """Reads which modules and objects of the project servers are told to load."""

    def __init__(self, resolver: Resolver, imports: ImportGraph, read: Callable[[str], bytes | Skip]) -> None:
        self._resolver = resolver
        self._imports = imports
        self._read = read

    def is_loaded(self, path: str) -> bool:
        """Answer whether a server is told to load something of a file."""
        return path in self._paths

    def is_part(self, path: str) -> bool:
        """Answer whether what a server is told to load is in a file or imports it."""
        return any(self._imports.reaches(one, path) for one in sorted(self._paths))

    def is_named(self, symbol: Symbol) -> bool:
        """Answer whether a server is told to load an application, or the function that makes it."""
        return symbol in self._origins

    def modules_of(self, application: Symbol) -> frozenset[str]:
        """Return the files from which a server is told to load an application."""
        return frozenset(one.path for one in self._names if application in self._meanings(one))

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(one.path for one in self._names)

    @cached_property
    def _origins(self) -> frozenset[Symbol]:
        return frozenset(meaning for one in self._names for meaning in self._meanings(one))

    def _meanings(self, named: Symbol) -> Iterator[Symbol]:
        """Yield the object of a name, where it is made and by which function, and what a function returns."""
        origin = self._resolver.origin_of(named) or named
        yield from (named, origin)
        call = self._resolver.value_call(origin) if origin.path and origin.name else None
        if call is not None and call.symbol is not None and call.symbol.path:
            yield call.symbol
        made = self._resolver.returned(origin) if origin.path else None
        if made is not None:
            yield made

    @cached_property
    def _names(self) -> tuple[Symbol, ...]:
        found: dict[Symbol, None] = {}
        for path in self._resolver.store.paths_with(*_SERVERS):
            if not is_test_path(path):
                text = self._resolver.store.data(path).decode(errors="replace")
                found |= dict.fromkeys(self._iter_names(path.rpartition("/")[0], path, text))
        for path in self._texts():
            data = self._read(path)
            if not isinstance(data, Skip) and any(word in data for word in _SERVERS):
                place = _outside(path.rpartition("/")[0])
                found |= dict.fromkeys(self._iter_names(place, path, data.decode(errors="replace")))
        return tuple(sorted(found))

    def _texts(self) -> list[str]:
        """Return the files that may tell, whether they are there or not."""
        files = (path for path in self._resolver.store.files if not is_test_path(path))
        inside = {path.rpartition("/")[0] for path in files}
        near = {"", *(directory.split("/")[0] for directory in inside)}
        tops = near | {"/".join(directory.split("/")[:2]) for directory in inside}
        found = {f"{top}/{name}".lstrip("/") for top in tops for name in _FILES}
        found |= {f"{top}/{place}/{name}".lstrip("/") for top in near for place in _PLACES for name in _TOLD}
        return sorted(found)

    def _iter_names(self, place: str, path: str, text: str) -> Iterator[Symbol]:
        for dotted, name in _iter_told(path, text):
            target = self._resolver.index.resolve(f"{place}/_".lstrip("/"), dotted)
            module = None if target is None or target.rest else self._resolver.store.module(target.path)
            if target is not None and module is not None and name in module.table.module.bindings:
                yield Symbol(target.path, name)
        for file, name in _FILE.findall(text):
            full = f"{place}/{file.removeprefix('./')}".lstrip("/")
            if self._resolver.index.has_file(full):
                yield Symbol(full, name or "app")


def _iter_told(path: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield what may name an application, where a server is named shortly before it: (module, name).

    That is on the same line in files of many commands, in the same call in code, and else some words
    before: commands may be lists of one word a line.
    """
    is_code, is_wide = path.endswith(".py"), path.rpartition("/")[2] in _OF_ONE_COMMAND
    joined = text.replace("\\\n", "  ")
    for match in _NAMED.finditer(joined):
        lead = joined[max(0, match.start() - 200) : match.start()]
        if is_code:
            is_told = lead[-1:] in {'"', "'"} and _CALLED.search(lead) is not None
        else:
            is_told = _SERVER.search(lead if is_wide else lead.rpartition("\n")[2]) is not None
        if is_told:
            yield match[1], match[2]


def _outside(directory: str) -> str:
    """Return from where the files of a directory for deployment name modules: the one around it."""
    head, _, last = directory.rpartition("/")
    return head if last in _PLACES else directory
