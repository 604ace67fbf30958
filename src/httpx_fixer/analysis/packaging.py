"""What the project's packaging says: which packages are distributed, and which modules are commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.import_style import import_closure
from httpx_fixer.analysis.linters import is_noqa_unwanted
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.shipping import Shipping
from httpx_fixer.analysis.versions import spell_package
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Skip

_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_BUILDS = compile_later(r"(?m)^\[build-system\]|^\s*setup\(|setuptools\.setup\(|^\[metadata\]")
_IS_APPLICATION = compile_later(r"(?m)^package-mode\s*=\s*false|^package\s*=\s*false")
_FROM_TREE = compile_later(r"\bworkspace\s*=\s*true|\bpath\s*=\s*[\"']\.{1,2}/|@ file:")
_IS_WORKSPACE = compile_later(r"(?m)^\[tool\.uv\.workspace\]")
_NAME = compile_later(r"(?m)^\s*name\s*=\s*[\"']([\w.-]+)[\"']")
_DEPLOYMENTS = ("Dockerfile", "Procfile", "docker/Dockerfile", "deploy/Dockerfile")
_STARTS = compile_later(rb"(?im)^\s*(?:CMD|ENTRYPOINT)\b|^(?:web|worker|release|\w+)\s*:\s*\S")
"""What a container or a platform is told to run."""
_TABLE = compile_later(
    r"(?ms)^\[(?:project\.scripts|project\.gui-scripts|tool\.poetry\.scripts)\]\s*?$(.*?)(?=^\[|\Z)"
    r"|console_scripts[\"']?\s*[=:]\s*(.*?)(?:\n\s*\n|\]|\Z)"
)
_TARGET = compile_later(r"=\s*[\"']?([A-Za-z_][\w.]*)\s*:\s*(\w+)")


class Packaging:
    """Reads the files beside packages that say how they are built."""

    def __init__(self, resolver: Resolver, read: Callable[[str], bytes | Skip]) -> None:
        self._resolver = resolver
        self._read = read
        self._texts: dict[str, str] = {}
        self._shipping = Shipping(resolver.store, read)

    def root_of(self, path: str) -> str | None:
        """Return the innermost directory around a file that says how it is built, None where none does."""
        directory = path
        while directory:
            directory = directory.rpartition("/")[0]
            if self._text(directory).strip():
                return directory
        return None

    def is_distributed(self, path: str) -> bool:
        """Answer whether a file is built into something that others install."""
        root = self.root_of(path)
        text = "" if root is None else self._text(root)
        return _BUILDS.search(text) is not None and _IS_APPLICATION.search(text) is None

    def takes_released(self, root: str, other: str) -> bool:
        """Answer whether what one directory builds requires what another one builds, as it was released."""
        found = _NAME.search(self._text(other))
        if found is None or _FROM_TREE.search(self._text(root)) or _IS_WORKSPACE.search(self._text("")):
            return False
        listed = self._bytes(f"{root}/requirements.txt".lstrip("/")).decode(errors="replace")
        name = spell_package(found[1])
        needed = rf"(?im)^\s*[\"']?{name}\s*(?:[\[=<>~!;,\"']|$)|[\"']{name}[\[=<>~!;\"' ]"
        return re.search(needed, self._text(root) + listed) is not None

    def is_left_out(self, path: str) -> bool:
        """Answer whether a new file would not reach the place where the project runs."""
        return self._shipping.is_left_out(path)

    def find_deployment(self, path: str) -> str | None:
        """Return the file that says how the project around a file is started somewhere, None for none."""
        root = self.root_of(path)
        places = [] if root is None else [root, ""]
        files = (f"{place}/{name}".lstrip("/") for place in places for name in _DEPLOYMENTS)
        return next((file for file in files if _STARTS.search(self._bytes(file))), None)

    def is_noqa_unwanted(self, path: str, code: str) -> bool:
        """Answer whether a linter of the project would say that `# noqa: CODE` in a file is not needed."""
        return is_noqa_unwanted(self._bytes, path, code)

    def _bytes(self, path: str) -> bytes:
        data = self._read(path)
        return b"" if isinstance(data, Skip) else data

    def names_function(self, path: str, name: str) -> bool:
        """Answer whether the packaging around a file names a function: as a command or a plugin."""
        root = self.root_of(path)
        return root is not None and re.search(rf":\s*{name}\b", self._text(root)) is not None

    def is_part_of_a_command(self, path: str) -> bool:
        """Answer whether a command that the packaging installs imports a file, or is it."""
        return path in self._command_files

    @cached_property
    def commands(self) -> tuple[Symbol, ...]:
        """The functions of the project that the packaging installs as commands, in order."""
        found = {Symbol(path, name) for path, name in self._iter_commands()}
        return tuple(sorted(found, key=lambda symbol: (symbol.path, symbol.name)))

    @cached_property
    def _command_files(self) -> frozenset[str]:
        found: set[str] = set()
        for path in {path for path, _ in self._iter_commands()}:
            found |= import_closure(self._resolver, path)
        return frozenset(found)

    def _iter_commands(self) -> Iterator[tuple[str, str]]:
        """Yield the file and the name of each function that a packaging file makes a command."""
        directories = {path.rpartition("/")[0] for path in self._resolver.store.files}
        places = {parent for directory in directories for parent in (directory, directory.rpartition("/")[0])}
        for place in sorted({"", *places}):
            text = self._text(place)
            for table in _TABLE.finditer(text):
                for target in _TARGET.finditer(table[1] or table[2] or ""):
                    module = self._resolver.index.resolve(f"{place}/_".lstrip("/"), target[1])
                    if module is not None:
                        yield module.path, target[2]

    def _text(self, directory: str) -> str:
        """Return what the packaging files of a directory say, all together."""
        if directory not in self._texts:
            paths = [f"{directory}/{name}".lstrip("/") for name in _FILES]
            read = [self._read(path) for path in paths]
            self._texts[directory] = "\n".join(
                data.decode(errors="replace") for data in read if not isinstance(data, Skip)
            )
        return self._texts[directory]
