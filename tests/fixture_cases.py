"""The cases of `tests/fixtures`: what stands in them, and what a run makes of them."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from httpx_fixer import pipeline
from httpx_fixer.config import PRESERVE
from httpx_fixer.report import FileChange, Report
from httpx_fixer.settings import LimitsPolicy, Policy, Settings, TimeoutPolicy, Upstream

FIXTURES = Path(__file__).parent / "fixtures"
SINGLE = "main.py"
"""What the only file of a case with a `before.py` is called in the project that the tool sees."""

Tree = dict[str, bytes]
"""`{path with "/": content}` of the files of a project."""

_MARKS = re.compile(rb"(?:[ \t]*# HXF\d{3}(?: refused: [A-Z_]+)?)+$")
_MARK = re.compile(rb"# (HXF\d{3})(?: refused: ([A-Z_]+))?")


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A diagnostic as a case expects it; `reason` is "" where there is a fix."""

    path: str
    line: int
    code: str
    reason: str


class Case:
    """One directory below `tests/fixtures/<rule>`; its files are read when asked for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.rule = directory.parent.name
        self.name = directory.name

    def __repr__(self) -> str:
        return f"{self.rule}/{self.name}"

    @cached_property
    def _options(self) -> Mapping[str, object]:
        options = tomllib.loads((self.directory / "case.toml").read_text("utf-8"))
        unknown = options.keys() - {"why", "fault", "not_run", "settings"}
        if unknown:
            raise ValueError(f"{self}: case.toml has unknown keys {sorted(unknown)}")
        return options

    @property
    def why(self) -> str:
        """What the case is there for, in one sentence."""
        return str(self._options["why"])

    @property
    def fault(self) -> str:
        """What the tool does wrong in this case as yet, "" where it does right."""
        return str(self._options.get("fault", ""))

    @property
    def not_run(self) -> str:
        """Why its program cannot be run with what is installed here, "" where it can."""
        return str(self._options.get("not_run", ""))

    @cached_property
    def settings(self) -> Settings:
        """The settings of its run: the defaults, but for what `[settings]` says."""
        table = self._options.get("settings", {})
        assert isinstance(table, dict)
        return _read_settings(table)

    @cached_property
    def _marked(self) -> Tree:
        tree = _read_half(self.directory, "before")
        assert tree is not None, f"{self}: there is no before half"
        return tree

    @cached_property
    def before(self) -> Tree:
        """The project as the tool sees it, without marks."""
        return {path: _strip_marks(data) for path, data in self._marked.items()}

    @cached_property
    def marks(self) -> Counter[Mark]:
        """What is to be reported."""
        return Counter(mark for path, data in self._marked.items() for mark in _iter_marks(path, data))

    @property
    def after(self) -> Tree:
        """The project as it is to be: as it was, where there is no after half."""
        expected = _read_half(self.directory, "after")
        return self.before if expected is None else expected

    @property
    def check(self) -> Path | None:
        """The program that must print the same on both sides, if there is one."""
        path = self.directory / "check.py"
        return path if path.exists() else None

    def accept(self, tree: Tree) -> None:
        """Write `tree` as the after half; none where nothing changes."""
        shutil.rmtree(self.directory / "after", ignore_errors=True)
        (self.directory / "after.py").unlink(missing_ok=True)
        if tree == self.before:
            return
        if (self.directory / "before.py").exists() and tree.keys() == {SINGLE}:
            (self.directory / "after.py").write_bytes(tree[SINGLE])
        else:
            write_tree(tree, self.directory / "after")


def iter_cases() -> Iterator[Case]:
    """Yield every case, by rule and name."""
    for path in sorted(FIXTURES.glob("*/*/case.toml")):
        yield Case(path.parent)


def iter_stray_directories() -> Iterator[Path]:
    """Yield the directories that stand where a case should and have no `case.toml`."""
    for path in sorted(FIXTURES.glob("*/*")):
        if path.is_dir() and not (path / "case.toml").exists():
            yield path


CASES = tuple(iter_cases())
SOUND_CASES = tuple(case for case in CASES if not case.fault)
"""Those whose outcome is as it should be; what holds for all outcomes is looked at in these."""


def read_tree(directory: Path) -> Tree:
    """Read every file below a directory; bytecode and caches of tools do not count."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not _is_cache(path.relative_to(directory))
    }


def write_tree(tree: Tree, directory: Path, *, backwards: bool = False) -> None:
    """Write the files of a tree; `backwards` makes them in the opposite order."""
    for path in sorted(tree, reverse=backwards):
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(tree[path])


def apply_changes(tree: Tree, changes: Iterable[FileChange]) -> Tree:
    """Return the tree with the changes of a report made."""
    return {**tree, **{change.path: change.after for change in changes}}


def run_tree(tree: Tree, settings: Settings, *, backwards: bool = False) -> Report:
    """Run the tool over a tree in a directory of its own; nothing is left behind."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve()
        write_tree(tree, root, backwards=backwards)
        return pipeline.run(root, (root,), settings, with_changes=True)


@cache
def run_case(case: Case) -> Report:
    """Run the tool over the before half of a case, once a session."""
    return run_tree(case.before, case.settings)


def result_of(case: Case) -> Tree:
    """Return the project as the tool leaves it."""
    return apply_changes(case.before, run_case(case).changes)


def marks_of(report: Report) -> Counter[Mark]:
    """Return what a report says, as marks."""
    return Counter(
        Mark(d.anchor.path, d.anchor.start.line, d.code, "" if d.refusal is None else d.refusal.reason.name)
        for d in report.diagnostics
    )


def _read_settings(table: Mapping[str, object]) -> Settings:
    values: dict[str, Any] = {}
    for key, value in table.items():
        match key, value:
            case "policy", "preserve":
                values[key] = PRESERVE
            case "upstreams", dict():
                values["policy"] = Policy(
                    upstreams=tuple(_read_upstream(name, value[name]) for name in value)
                )
            case "per_file_ignores", dict():
                values[key] = tuple((glob, tuple(words)) for glob, words in value.items())
            case _, list():
                values[key] = tuple(value)
            case _:
                values[key] = value
    return replace(Settings(), **values)


def _read_upstream(name: str, table: Mapping[str, Any]) -> Upstream:
    timeout = TimeoutPolicy(**table["timeout"]) if "timeout" in table else None
    limits = LimitsPolicy(**table["limits"]) if "limits" in table else None
    return Upstream(name, tuple(table["urls"]), timeout, limits)


def _read_half(directory: Path, half: str) -> Tree | None:
    single = directory / f"{half}.py"
    if single.exists():
        return {SINGLE: single.read_bytes()}
    return read_tree(directory / half) if (directory / half).is_dir() else None


def _is_cache(path: Path) -> bool:
    return any(part in {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"} for part in path.parts)


def _strip_marks(data: bytes) -> bytes:
    lines = data.split(b"\n")
    return b"\n".join(_without_marks(line) for line in lines)


def _without_marks(line: bytes) -> bytes:
    bare = line.removesuffix(b"\r")
    return _MARKS.sub(b"", bare) + line[len(bare) :]


def _iter_marks(path: str, data: bytes) -> Iterator[Mark]:
    for number, line in enumerate(data.split(b"\n"), start=1):
        marks = _MARKS.search(line.removesuffix(b"\r"))
        for code, reason in _MARK.findall(marks[0] if marks is not None else b""):
            yield Mark(path, number, code.decode(), reason.decode())
