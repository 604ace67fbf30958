"""What of a project reaches the place where it runs: files that an image or a build takes by their names."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator

from httpx_fixer.analysis.store import FileStore
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Skip

_IMAGES = ("Dockerfile", "Containerfile", "docker/Dockerfile", "deploy/Dockerfile")
_NAMED_IMAGES = ("@.dockerfile", "@.Dockerfile", "Dockerfile.@", "docker/@.dockerfile", "docker/Dockerfile.@")
"""@ stands for the name of the project."""
_NAME = compile_later(r"(?m)^name\s*=\s*[\"']([\w.-]+)[\"']")
_JOINED = compile_later(r"\\\s*\n")
_COPY = compile_later(r"(?im)^\s*(?:COPY|ADD)\s+((?:--(?!from)\S+\s+)*)([^\n-][^\n]*)$")
_MODULES = compile_later(r"(?ms)^\s*py[-_]modules\s*=\s*\[(.*?)\]")


class Shipping:
    """Reads what images and builds take by name."""

    def __init__(self, store: FileStore, read: Callable[[str], bytes | Skip]) -> None:
        self._store = store
        self._read = read
        self._texts: dict[str, str] = {}

    def is_left_out(self, path: str) -> bool:
        """Answer whether a new file would stay behind, since others are taken by their names."""
        directories = [posixpath.dirname(path)]
        while directories[-1]:
            directories.append(posixpath.dirname(directories[-1]))
        return any(
            self._is_left_by_build(path, directory) or self._is_left_by_image(path, directory)
            for directory in directories
        )

    def _is_left_by_build(self, path: str, directory: str) -> bool:
        """A build that lists its top-level modules has no other ones: `py-modules = ["main"]`."""
        text = self._text(posixpath.join(directory, "pyproject.toml"))
        text += self._text(posixpath.join(directory, "setup.py"))
        listed = _MODULES.search(text)
        if listed is None:
            return False
        names = re.findall(r"[\"'](\w+)[\"']", listed[1])
        beside = posixpath.dirname(path)
        return any(posixpath.join(beside, f"{name}.py") in self._store.files for name in names)

    def _is_left_by_image(self, path: str, directory: str) -> bool:
        """An image that copies some directories and files of code has no other ones."""
        named = _NAME.search(self._text(posixpath.join(directory, "pyproject.toml")))
        images = (
            _IMAGES if named is None else (*_IMAGES, *(one.replace("@", named[1]) for one in _NAMED_IMAGES))
        )
        return any(
            self._is_left_by_copies(path, context, self._text(posixpath.join(directory, name)))
            for name in images
            for context in {directory, posixpath.dirname(posixpath.join(directory, name))}
        )

    def _is_left_by_copies(self, path: str, context: str, text: str) -> bool:
        """Answer whether some code of a context is copied, and a path is not."""
        sources = {posixpath.normpath(posixpath.join(context, one)) for one in _iter_sources(text)}
        sources = {"" if one == "." else one for one in sources}
        if not any(one in self._store.files for one in sources if one.endswith(".py")):
            return False
        return not any(not one or path == one or path.startswith(f"{one}/") or "*" in one for one in sources)

    def _text(self, path: str) -> str:
        if path not in self._texts:
            data = self._read(path)
            self._texts[path] = "" if isinstance(data, Skip) else data.decode(errors="replace")
        return self._texts[path]


def _iter_sources(text: str) -> Iterator[str]:
    for _, operands in _COPY.findall(_JOINED.sub(" ", text)):
        words = operands.strip().strip("[]").replace(",", " ")
        try:
            yield from shlex.split(words)[:-1]
        except ValueError:
            yield from words.split()[:-1]
