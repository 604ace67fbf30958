"""The files of the project, read and parsed when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from httpx_fixer.analysis.module import Module
from httpx_fixer.analysis.parsing import parse
from httpx_fixer.analysis.word_index import WordIndex
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import Skip, SkipReason, SourceFile

T = TypeVar("T")

_WORDS_WITHOUT_INDEX = 24
"""So many words are looked for file by file: gathering all words takes as long as that."""

_TEST_PATH = compile_later(r"(?:^|/)(?:tests?|testing|conftest\.py|test_[^/]*\.py|[^/]*_tests?\.py)(?:/|$)")


def is_test_path(path: str) -> bool:
    """Answer from a path alone whether a file belongs to the tests."""
    return _TEST_PATH.search(path) is not None


class FileStore:
    """Bytes and modules of the project's Python files.

    `files` are all of them, sorted; `read` returns the bytes of one, or a `Skip`.
    """

    def __init__(self, files: tuple[str, ...], read: Callable[[str], bytes | Skip]) -> None:
        self.files = files
        self._known = frozenset(files)
        self._read = read
        self._bytes: dict[str, bytes] = {}
        self._modules: dict[str, Module | None] = {}
        self._words: dict[bytes, list[str]] = {}
        self._index: WordIndex | None = None
        self._not_indexed: frozenset[str] = frozenset()
        self._answers: dict[tuple[str, Callable[[bytes], object]], object] = {}
        self._skips: dict[str, Skip] = {}

    def take_over(self, earlier: FileStore, changed: frozenset[str]) -> None:
        """Use what an earlier store read, save for the files that changed since."""
        self._bytes.update((path, data) for path, data in earlier._bytes.items() if path not in changed)
        self._modules.update(
            (path, module) for path, module in earlier._modules.items() if path not in changed
        )
        self._answers.update((key, said) for key, said in earlier._answers.items() if key[0] not in changed)
        self._index = earlier._index
        self._not_indexed = earlier._not_indexed | changed
        for word, paths in earlier._words.items():
            found = {path for path in paths if path not in changed}
            found.update(path for path in changed if word in self.data(path))
            self._words[word] = [path for path in self.files if path in found]

    def data(self, path: str) -> bytes:
        """Return the bytes of a file, empty where it cannot be read."""
        data = self._bytes.get(path)
        if data is None:
            found = self._read(path)
            if isinstance(found, Skip):
                self._skips[path] = found
                found = b""
            data = self._bytes[path] = found
        return data

    def ask(self, path: str, question: Callable[[bytes], T]) -> T:
        """Return what a function of a file's bytes says of it; it is asked once a file."""
        key = (path, question)
        if key not in self._answers:
            self._answers[key] = question(self.data(path))
        return cast("T", self._answers[key])

    def paths_with(self, *words: bytes) -> list[str]:
        """Return the files that hold any of the byte strings, in order."""
        found: set[str] = set()
        for word in words:
            if word not in self._words:
                known = self._bytes  # looked into here: a call for each file costs as much as the search
                self._words[word] = [
                    path
                    for path in self._may_hold(word)
                    if word in (known[path] if path in known else self.data(path))
                ]
            found.update(self._words[word])
        return sorted(found)

    def _may_hold(self, word: bytes) -> Iterable[str]:
        """Return files among which are all that hold a byte string."""
        if self._index is None and len(self._words) >= _WORDS_WITHOUT_INDEX:
            self._index = WordIndex(self.files, self.data)
        found = None if self._index is None else self._index.may_hold(word)
        return self.files if found is None else sorted((found | self._not_indexed) & self._known)

    def module(self, path: str) -> Module | None:
        """Return the parsed module, None for a file that is not of the project or has a `Skip`."""
        if path in self._modules:
            return self._modules[path]
        source = SourceFile(path, self.data(path))
        parsed = parse(source)
        if isinstance(parsed, Skip):
            self._skips.setdefault(path, parsed)
            self._modules[path] = None
        else:
            self._modules[path] = Module(
                source, parsed.tree, is_test=is_test_path(path), is_newer=parsed.is_newer
            )
        return self._modules[path]

    def modules(self) -> list[Module]:
        """Return the modules that were parsed so far, by path."""
        found = [module for module in self._modules.values() if module is not None]
        return sorted(found, key=lambda module: module.path)

    def skips(self) -> tuple[Skip, ...]:
        """The files that were wanted and could not be read, parsed or walked, in order."""
        deep = [
            Skip(path, SkipReason.TOO_DEEP, "an expression is nested deeper than Python can walk")
            for path, module in self._modules.items()
            if module is not None and module.is_too_deep
        ]
        return tuple(sorted([*self._skips.values(), *deep], key=lambda skip: skip.path))

    def parsed(self) -> int:
        """How many files were parsed so far."""
        return sum(module is not None for module in self._modules.values())
