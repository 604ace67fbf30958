"""The reading half of the pipeline: from files to diagnostics, as often as it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from httpx_fixer.analysis.discovery import Discovery
from httpx_fixer.analysis.files import build_reader
from httpx_fixer.analysis.fingerprints import add_fingerprints
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.suppressions import compile_file_ignores
from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.frameworks._base import Lifecycles
from httpx_fixer.frameworks._owner_reading import find_owners
from httpx_fixer.frameworks._registry import build_frameworks
from httpx_fixer.git import find_top_level
from httpx_fixer.newer_python import is_compiled_by_newer
from httpx_fixer.owners import Process
from httpx_fixer.rewrite.plan import refuse_excluded, refuse_newer, refuse_spreading
from httpx_fixer.rules._judgement import judge
from httpx_fixer.settings import Settings


class Reading:
    """Reads the project as it is, or as it is going to be."""

    def __init__(
        self,
        root: Path,
        discovery: Discovery,
        settings: Settings,
        known: Mapping[str, bytes],
        tell: Callable[[str, int, int], None],
    ) -> None:
        self._root = str(root)
        top = find_top_level(root) or root
        self._place = root.relative_to(top).as_posix()
        self._known = known
        self._discovery = discovery
        self._settings = settings
        self._ignores = compile_file_ignores(settings)
        self._first: Project | None = None
        self._lifecycles: Lifecycles | None = None
        self._tell = tell
        self._readings = 0

    def read(self, overlay: Mapping[str, bytes]) -> tuple[Project, tuple[Diagnostic, ...]]:
        """Read the project with the files of `overlay` in place of those on disk."""
        files = tuple(sorted({*self._discovery.files, *(path for path in overlay if path.endswith(".py"))}))
        targets = self._discovery.targets | overlay.keys()
        read = build_reader(self._root, self._settings.max_file_size, {**self._known, **overlay})
        project = Project(files, frozenset(targets), read, self._first, frozenset(overlay))
        if self._first is None:
            self._first = project
        lifecycles = Lifecycles(project, build_frameworks(), find_owners)
        if self._lifecycles is None:
            self._lifecycles = lifecycles
        stage = f"checking the result, {self._readings}" if self._readings else "reading"
        self._readings += 1

        def tell(what: str, done: int, total: int) -> None:
            self._tell(f"{stage}: {what}", done, total)

        diagnostics = judge(project, lifecycles, self._settings, self._ignores, tell)
        allowed = refuse_excluded(diagnostics, self._discovery.excluded)
        allowed = refuse_newer(allowed, _find_stuck(project, allowed))
        if self._discovery.lone is not None:
            allowed = refuse_spreading(allowed, self._discovery.lone)
        return project, add_fingerprints(project, allowed, self._place)

    def read_again(self, overlay: Mapping[str, bytes]) -> tuple[Diagnostic, ...]:
        """Return what is said about the project as it is going to be."""
        return self.read(overlay)[1]

    def processes(self) -> tuple[Process, ...]:
        """Return what starts and ends once in the project as it was read first, in order of path."""
        found = () if self._lifecycles is None else self._lifecycles.all()
        return tuple(sorted({lifecycle.describe() for lifecycle in found}))


def _find_stuck(project: Project, diagnostics: Iterable[Diagnostic]) -> frozenset[str]:
    """Return the files that fixes would change and that no Python at hand compiles."""
    changed = {path for one in diagnostics if one.fix is not None for path in one.fix.paths}
    newer = project.newer()
    return frozenset(path for path in sorted(changed & newer.keys()) if not is_compiled_by_newer(newer[path]))
