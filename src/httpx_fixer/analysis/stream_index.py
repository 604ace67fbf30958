"""The streamed and the kept responses of the project."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from httpx_fixer.analysis.files import mentions_httpx
from httpx_fixer.analysis.linked_module import Links
from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.resolution import Resolver
from httpx_fixer.analysis.stream_abandonment import iter_abandoned
from httpx_fixer.analysis.stream_blocks import iter_stream_blocks
from httpx_fixer.analysis.stream_entries import iter_stream_entries
from httpx_fixer.analysis.stream_events import iter_event_blocks
from httpx_fixer.analysis.stream_facts import (
    AbandonedGenerator,
    KeptResponse,
    StreamBlock,
    StreamEntry,
    StreamSite,
)
from httpx_fixer.analysis.stream_generators import iter_generator_calls
from httpx_fixer.analysis.stream_retention import iter_retained_responses
from httpx_fixer.analysis.stream_wrappers import iter_project_streams


class StreamIndex:
    """What the target files do with responses, each in order of path and position."""

    def __init__(self, resolver: Resolver, links: Links, targets: frozenset[str]) -> None:
        self._resolver = resolver
        self._links = links
        self._targets = targets
        self._paths = [path for path in resolver.store.files if path in targets]

    @cached_property
    def sites(self) -> tuple[StreamSite, ...]:
        """Every call that opens a streamed response."""
        return tuple(iter_project_streams(self._resolver, self._links, iter(self._paths)))

    @cached_property
    def blocks(self) -> tuple[StreamBlock, ...]:
        """Every `with x.stream(...)`, and every one of httpx-sse, whose body leaves it."""
        found = [block for module in self._stream_modules for block in iter_stream_blocks(module)]
        modules = self._load(self._paths_with(b"connect_sse"))
        found += [block for module in modules for block in iter_event_blocks(module)]
        return tuple(sorted(found, key=lambda block: block.anchor))

    @cached_property
    def entries(self) -> tuple[StreamEntry, ...]:
        """Every `x.stream(...)` that no `with` statement enters."""
        return tuple(entry for module in self._stream_modules for entry in iter_stream_entries(module))

    @cached_property
    def retained(self) -> tuple[KeptResponse, ...]:
        """Every response that is kept for longer than a call."""
        return tuple(one for module in self._httpx_modules for one in iter_retained_responses(module))

    @cached_property
    def abandoned(self) -> tuple[AbandonedGenerator, ...]:
        """Every generator that holds a stream open and is left before its end."""
        calls = iter_generator_calls(self._resolver.store, self._links, self._paths)
        return tuple(iter_abandoned(calls))

    @cached_property
    def _stream_modules(self) -> list[Module]:
        """The modules that may call `stream`; a client that another module has needs no import of httpx."""
        store = self._resolver.store
        paths = self._paths_with(b"stream(")
        return self._load(path for path in paths if b"client" in store.data(path) or self._is_httpx(path))

    @cached_property
    def _httpx_modules(self) -> list[Module]:
        return self._load(path for path in self._paths_with(b"httpx") if self._is_httpx(path))

    def _paths_with(self, word: bytes) -> list[str]:
        return [path for path in self._resolver.store.paths_with(word) if path in self._targets]

    def _is_httpx(self, path: str) -> bool:
        return mentions_httpx(self._resolver.store.data(path))

    def _load(self, paths: Iterable[str]) -> list[Module]:
        return [module for path in paths if (module := self._links.module(path)) is not None]
