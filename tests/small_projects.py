"""Modules and projects made of small strings."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.parsing import parse
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.analysis.store import FileStore
from httpx_fixer.source import Skip, SkipReason, SourceFile


def build_module(text: str, path: str = "main.py") -> Module:
    """Parse the text of one module; its indentation may be that of the test."""
    source = SourceFile(path, dedent(text).encode())
    parsed = parse(source)
    assert not isinstance(parsed, Skip), parsed
    return Module(source, parsed.tree, is_test=False)


def build_project(files: Mapping[str, str]) -> Project:
    """Build a project of `{path: text}`; other files than Python's can be read, too."""
    read = _Reader(files)
    paths = tuple(sorted(path for path in files if path.endswith(".py")))
    return Project(paths, frozenset(paths), read)


def build_resolver(files: Mapping[str, str]) -> Resolver:
    """Build what follows names across the modules of `{path: text}`."""
    return Resolver(FileStore(tuple(sorted(files)), _Reader(files)))


def find_sites(text: str) -> tuple[ClientSite, ...]:
    """Return the client sites of a module that imports httpx."""
    return build_project({"main.py": text}).client_sites


def find_site(text: str) -> ClientSite:
    """Return the only client site of a module."""
    (site,) = find_sites(text)
    return site


class _Reader:
    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def __call__(self, path: str) -> bytes | Skip:
        if path not in self._files:
            return Skip(path, SkipReason.UNREADABLE, "no such file")
        return dedent(self._files[path]).encode()
