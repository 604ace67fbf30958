"""What must hold of a run over any tree of Python files, checked from outside with the commands."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from importing import find_import_faults
from linting import find_circles, find_ruff_faults, find_type_faults
from spans import find_stray_change

from httpx_fixer import pipeline
from httpx_fixer.rewrite.parsing import compile_module
from httpx_fixer.settings import Settings

TOOL = (sys.executable, "-m", "httpx_fixer")
MODES: Mapping[str, tuple[str, ...]] = {"safe": (), "unsafe": ("--unsafe-fixes",)}
_SECONDS = re.compile(rb'"seconds": [0-9.e-]+')


@dataclass(frozen=True, slots=True)
class Asked:
    """What is checked besides; `imports` runs code of the trees."""

    types: bool = False
    imports: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What one tree showed: the JSON of `check`, CPU seconds, changed files, and what did not hold.

    `typed` and `imported` count the changed files that a type checker read and that could be imported.
    """

    said: Mapping[str, object]
    check_s: float
    diff_s: float
    changed: int
    faults: tuple[str, ...]
    typed: int = 0
    imported: int = 0


@dataclass(slots=True)
class _Run:
    """One tree under check; `faults` grows."""

    tree: Path
    work: Path
    faults: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)

    def tool(self, *arguments: str, seed: str = "1", cwd: Path | None = None) -> tuple[bytes, float]:
        """Run the tool; anything but exit 0 or 1 is a fault. Return its product and CPU seconds."""
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        before = os.times()
        ran = subprocess.run(
            [*TOOL, *arguments], cwd=cwd or self.tree, capture_output=True, env=environment, check=False
        )
        after = os.times()
        if ran.returncode not in {0, 1} or b"Traceback" in ran.stderr:
            said = ran.stderr.decode(errors="replace").strip().splitlines()[-1:]
            self.faults.append(f"crash: {' '.join(arguments[:3])}: exit {ran.returncode}: {said}")
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return ran.stdout, cpu

    def expect(self, holds: object, fault: str) -> None:
        if not holds:
            self.faults.append(fault)


def check_tree(tree: Path, work: Path, asked: Asked) -> Found:
    """Check a tree, which is only read; `work` is a directory for copies of it, which the caller removes."""
    run = _Run(tree, work)
    said, check_s = run.tool("check", ".", "--output-format", "json")
    _check_order(run)
    diff_s, known = 0.0, b""
    for mode in MODES:
        patch, seconds = run.tool("diff", ".", *MODES[mode])
        diff_s = diff_s or seconds
        if patch and patch != known:
            _check_patch(run, patch, mode)
        known = patch
    typed = imported = 0
    if run.changed:
        _copy(tree, work / "before")
        _check_names(run)
        if asked.types:
            typed = _check_types(run)
        if asked.imports:
            imported = _check_imports(run)
    try:
        report: dict[str, object] = json.loads(said)
    except ValueError:
        report = {}
    changed = max(map(len, run.changed.values()), default=0)
    return Found(report, check_s, diff_s, changed, tuple(run.faults), typed, imported)


def _check_order(run: _Run) -> None:
    """Name the same files forwards and backwards, under other hash seeds: the bytes are the same."""
    entries = (entry for entry in run.tree.iterdir() if entry.is_dir() or entry.suffix == ".py")
    names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    products = []
    for seed, order in (("1", names), ("4711", names[::-1])):
        product, _ = run.tool("check", "--output-format", "json", *order, seed=seed)
        products.append(_SECONDS.sub(b"", product))
    run.expect(products[0] == products[1], "order: another order of files and hashes says other things")


def _copy(tree: Path, place: Path) -> None:
    shutil.copytree(tree, place, symlinks=True, ignore=shutil.ignore_patterns(".git"))


def _check_patch(run: _Run, patch: bytes, mode: str) -> None:
    """Apply a patch and fix a copy: both are to be the same, and sound."""
    options = MODES[mode]
    again, _ = run.tool("diff", ".", *options, seed="4711")
    run.expect(again == patch, f"order: another order of hashes makes another {mode} patch")
    patched, fixed = run.work / "patched", run.work / mode
    for copy in (patched, fixed):
        _copy(run.tree, copy)
    (run.work / "it.patch").write_bytes(patch)
    applied = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(run.work / "it.patch")],
        cwd=patched,
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(run.work)},
        check=False,
    )
    run.expect(applied.returncode == 0, f"patch: {applied.stderr.strip()[:200]}")
    run.tool("fix", ".", *options, cwd=fixed)
    written = _read(fixed)
    run.expect(_read(patched) == written, "patch: `diff` and `fix` differ")
    shutil.rmtree(patched)
    old = _read(run.tree)
    run.changed[mode] = [name for name, data in written.items() if data != old.get(name)]
    run.expect(old.keys() <= written.keys(), "patch: a file is gone")
    left, _ = run.tool("diff", ".", *options, cwd=fixed)
    run.expect(not left, f"second run: proposes {left.count(b'@@ ')} more hunks")
    for name in run.changed[mode]:
        _check_text(run, run.tree / name, fixed / name)
    unsafe_fixes = mode == "unsafe"
    settings = Settings(unsafe_fixes=unsafe_fixes)
    report = pipeline.run(run.tree.resolve(), (run.tree.resolve(),), settings, with_changes=True)
    stray = find_stray_change(report, unsafe_fixes=unsafe_fixes)
    run.expect(stray is None, f"spans: {stray}")


def _read(tree: Path) -> dict[str, bytes]:
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in sorted(tree.rglob("*.py"))
        if path.is_file() and ".git" not in path.relative_to(tree).parts
    }


def _check_text(run: _Run, before: Path, after: Path) -> None:
    """Compare one file: it compiles, and keeps its encoding, newlines and comments."""
    new = after.read_bytes()
    try:
        compile_module(new, str(after))
    except (SyntaxError, ValueError) as error:
        run.faults.append(f"compile: {after.name}: {error}")
        return
    if not before.exists():
        return
    old = before.read_bytes()
    encodings = [tokenize.detect_encoding(io.BytesIO(data).readline)[0] for data in (old, new)]
    run.expect(encodings[0] == encodings[1], f"encoding: {after.name}")
    kinds = [set(re.findall(rb"\r\n|\r|\n", data)) for data in (old, new)]
    run.expect(kinds[1] <= kinds[0], f"newlines: {after.name}")
    lost = _count_comments(old.decode(encodings[0])) - _count_comments(new.decode(encodings[1]))
    run.expect(not lost, f"comments: {after.name}: {list(lost)[:3]}")


def _count_comments(text: str) -> Counter[str]:
    readline = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")).readline
    tokens = tokenize.generate_tokens(readline)
    return Counter(token.string.rstrip() for token in tokens if token.type == tokenize.COMMENT)


def _check_names(run: _Run) -> None:
    """No new fault of ruff's E9 and F, and no two modules that import one another anew."""
    known = find_circles(run.work / "before")
    for mode, names in run.changed.items():
        old = Counter(find_ruff_faults(run.work / "before", _existing(run, names)))
        new = Counter(find_ruff_faults(run.work / mode, names)) - old
        run.faults += [f"ruff, {mode}: {fault}" for fault in sorted(new)]
        circles = find_circles(run.work / mode) - known
        run.faults += [
            f"circle, {mode}: {' and '.join(sorted(pair))}" for pair in sorted(circles, key=sorted)
        ]


def _check_types(run: _Run) -> int:
    """No new fault of the type checker; return how many changed files it read."""
    wanted = dict(run.changed)
    wanted["before"] = sorted({name for names in wanted.values() for name in _existing(run, names)})
    found = find_type_faults(run.work, wanted)
    for mode, names in run.changed.items():
        known = Counter(fault for name in names for fault in found["before"].get(name, ()))
        new = Counter(fault for name in names for fault in found[mode].get(name, ())) - known
        run.faults += [f"types, {mode}: {fault}" for fault in sorted(new)]
    return len({name for names in run.changed.values() for name in names})


def _check_imports(run: _Run) -> int:
    """What could be imported still can; return how many changed modules that was said of."""
    sound: set[str] = set()
    for mode, names in run.changed.items():
        homes = {name: _find_package(run, name) for name in names}
        old = {*names, *homes.values()}
        before = find_import_faults(run.work / "before", _existing(run, sorted(old)))
        after = find_import_faults(run.work / mode, names)
        sound.update(name for name in names if before.get(name, ("", "?"))[1] == "")
        # A new module counts where the package that it is in could be imported. What the name in the
        # package raised before may be raised under another name now: the package is imported there, too.
        known = {name: before.get(name, before.get(homes[name], ("", ""))) for name in names}
        broken = {
            name: fault
            for name, (_, fault) in after.items()
            if fault and not known[name][1] and fault != known[name][0]
        }
        run.faults += [f"import, {mode}: {name}: {fault}" for name, fault in sorted(broken.items())]
    return len(sound)


def _find_package(run: _Run, name: str) -> str:
    """Return the innermost package around a module; one of the directories on the way may have no file."""
    around = [f"{directory}/__init__.py" for directory in Path(name).parents]
    return next((one for one in around if (run.tree / one).exists()), around[0])


def _existing(run: _Run, names: list[str]) -> list[str]:
    return [name for name in names if (run.tree / name).exists()]
