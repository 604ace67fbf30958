"""What comments silence in the project, and which of them have nothing to silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from httpx_fixer.analysis.store import FileStore
from httpx_fixer.analysis.suppression_facts import Request
from httpx_fixer.analysis.suppressions import Suppressions, may_suppress, read_suppressions
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.source import SourceFile


class Silences:
    """The requests of all files, read when first asked for; it notes which of them were needed."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._read: dict[str, Suppressions] = {}
        self._used: set[tuple[str, Request, str]] = set()

    def silence(self, diagnostic: Diagnostic, *, by_name: bool) -> bool:
        """Answer whether a comment silences a diagnostic; that comment is needed then.

        With `by_name` a comment that is for every rule does not count.
        """
        path = diagnostic.anchor.path
        lines = range(diagnostic.anchor.start.line, diagnostic.anchor.end.line + 1)
        suppressions = self._suppressions(path)
        covering = suppressions.iter_covering(diagnostic.code, diagnostic.name, lines, by_name=by_name)
        used = {(path, request, word) for request, word in covering}
        self._used |= used
        return bool(used)

    def iter_unused(self, paths: Iterable[str]) -> Iterator[tuple[str, Request, tuple[str, ...]]]:
        """Yield each request of some files that has words that silenced nothing so far, with those."""
        for path in paths:
            if may_suppress(self._store.data(path)):
                for request in self._suppressions(path).requests:
                    unused = tuple(word for word in request.words if (path, request, word) not in self._used)
                    if unused or not request.words:
                        yield path, request, unused

    def _suppressions(self, path: str) -> Suppressions:
        if path not in self._read:
            source = SourceFile(path, self._store.data(path))
            try:
                self._read[path] = read_suppressions(source)
            except (SyntaxError, UnicodeError):  # bytes that are no text: the file is skipped anyhow
                self._read[path] = Suppressions(())
        return self._read[path]
