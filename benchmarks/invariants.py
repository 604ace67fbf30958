"""What must hold of a run over any tree of Python files, checked from outside with the commands."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOOL = (sys.executable, "-m", "httpx_fixer")
RUFF = shutil.which("ruff", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}") or "ruff"
PYRIGHT = shutil.which("basedpyright", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
_TYPE_FAULTS = frozenset(
    {
        "reportUndefinedVariable",
        "reportPossiblyUnbound",
        "reportPossiblyUnboundVariable",
        "reportCallIssue",
        "reportAttributeAccessIssue",
        "reportArgumentType",
        "reportReturnType",
    }
)
_LINE = re.compile(r"line \d+")
"""A fault that was there before may now name another line."""
_SECONDS = re.compile(rb'"seconds": [0-9.e-]+')


@dataclass(frozen=True, slots=True)
class Found:
    """What one tree showed: the JSON of `check`, CPU seconds, changed files, and what did not hold."""

    said: Mapping[str, object]
    check_s: float
    diff_s: float
    changed: int
    faults: tuple[str, ...]


@dataclass(slots=True)
class _Run:
    """One tree under check; `faults` grows."""

    tree: Path
    faults: list[str] = field(default_factory=list)

    def tool(self, *arguments: str, seed: str = "1", cwd: Path | None = None) -> tuple[bytes, float]:
        """Run the tool; anything but exit 0 or 1 is a fault. Return its product and CPU seconds."""
        environment = {**os.environ, "PYTHONHASHSEED": seed}
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


def check_tree(tree: Path, work: Path) -> Found:
    """Check a tree, which is only read; `work` is a directory for copies of it, emptied after."""
    run = _Run(tree)
    said, check_s = run.tool("check", ".", "--output-format", "json")
    _check_order(run)
    diff_s, changed = 0.0, 0
    for mode in ((), ("--unsafe-fixes",)):
        patch, seconds = run.tool("diff", ".", *mode)
        diff_s = diff_s or seconds
        if patch:
            changed = max(changed, _check_patch(run, patch, mode, work))
    try:
        report: dict[str, object] = json.loads(said)
    except ValueError:
        report = {}
    return Found(report, check_s, diff_s, changed, tuple(run.faults))


def _check_order(run: _Run) -> None:
    """Name the same files forwards and backwards, under other hash seeds: the bytes are the same."""
    entries = sorted(
        entry.name
        for entry in run.tree.iterdir()
        if not entry.name.startswith(".") and (entry.is_dir() or entry.suffix == ".py")
    )
    products = []
    for seed, names in (("1", entries), ("4711", entries[::-1])):
        product, _ = run.tool("check", "--output-format", "json", *names, seed=seed)
        products.append(_SECONDS.sub(b"", product))
    run.expect(products[0] == products[1], "order: another order of files and hashes says other things")


def _check_patch(run: _Run, patch: bytes, mode: tuple[str, ...], work: Path) -> int:
    """Apply a patch and fix a copy: both are to be the same, and sound. Return how many files change."""
    patched, fixed = work / "patched", work / "fixed"
    for copy in (patched, fixed):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(run.tree, copy, symlinks=True)
    (work / "it.patch").write_bytes(patch)
    applied = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(work / "it.patch")],
        cwd=patched,
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(work)},
        check=False,
    )
    run.expect(applied.returncode == 0, f"patch: {applied.stderr.strip()[:200]}")
    run.tool("fix", ".", *mode, cwd=fixed)
    changed = list(_iter_changed(run.tree, fixed))
    run.expect(_read(patched) == _read(fixed), "patch: `diff` and `fix` differ")
    left, _ = run.tool("diff", ".", *mode, cwd=fixed)
    run.expect(not left, f"second run: proposes {left.count(b'@@ ')} more hunks")
    for name in changed:
        _check_text(run, run.tree / name, fixed / name)
    _check_linters(run, fixed, changed)
    shutil.rmtree(patched)
    shutil.rmtree(fixed)
    return len(changed)


def _read(tree: Path) -> dict[str, bytes]:
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in sorted(tree.rglob("*.py"))
        if path.is_file() and ".git" not in path.parts
    }


def _iter_changed(before: Path, after: Path) -> Iterator[str]:
    old, new = _read(before), _read(after)
    yield from (name for name in new if new[name] != old.get(name))


def _check_text(run: _Run, before: Path, after: Path) -> None:
    """Compare one file: it compiles, and keeps its encoding, newlines and comments."""
    new = after.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(new, str(after), "exec", dont_inherit=True)
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


def _check_linters(run: _Run, fixed: Path, changed: list[str]) -> None:
    old = [name for name in changed if (run.tree / name).exists()]
    for kind, find in (("ruff", _iter_ruff_faults), ("types", _iter_type_faults)):
        new = Counter(find(fixed, changed)) - Counter(find(run.tree, old))
        run.faults += [f"{kind}: {fault}" for fault in sorted(new)]
    new_circles = _find_circles(fixed) - _find_circles(run.tree)
    run.faults += [f"circle: {' and '.join(sorted(pair))}" for pair in sorted(new_circles, key=sorted)]


def _iter_ruff_faults(tree: Path, names: list[str]) -> Iterator[str]:
    if not names:
        return
    command = [
        RUFF,
        "check",
        "--isolated",
        "--no-cache",
        "--select",
        "E9,F",
        "--output-format",
        "json",
        *names,
    ]
    ran = subprocess.run(command, cwd=tree, capture_output=True, check=False)
    for one in json.loads(ran.stdout or b"[]"):
        message = _LINE.sub("line", one["message"])
        yield f"{Path(one['filename']).relative_to(tree.resolve())}: {one['code']} {message}"


def _iter_type_faults(tree: Path, names: list[str]) -> Iterator[str]:
    if PYRIGHT is None or not names:
        return
    command = [PYRIGHT, "--outputjson", "--pythonpath", sys.executable, *names]
    ran = subprocess.run(command, cwd=tree, capture_output=True, check=False)
    for one in json.loads(ran.stdout or b"{}").get("generalDiagnostics", ()):
        if one["severity"] == "error" and one.get("rule") in _TYPE_FAULTS:
            message = one["message"].splitlines()[0]
            yield f"{Path(one['file']).relative_to(tree.resolve())}: {one['rule']} {message}"


def _find_circles(tree: Path) -> set[frozenset[str]]:
    """Return the pairs of files that import one another at their module's level, directly or not."""
    ran = subprocess.run([RUFF, "analyze", "graph", "--isolated"], cwd=tree, capture_output=True, check=False)
    known: dict[str, list[str]] = json.loads(ran.stdout or b"{}")
    edges = {one: {two for two in below if _imports_at_top(tree / one, two)} for one, below in known.items()}
    reached = {one: _reach(edges, one) for one in edges}
    return {frozenset({one, two}) for one in edges for two in reached[one] if one in reached.get(two, set())}


def _imports_at_top(importer: Path, imported: str) -> bool:
    """Say whether the name of a module stands in an import that runs when the importer is loaded."""
    stem = Path(imported).parent.name if imported.endswith("__init__.py") else Path(imported).stem
    try:
        tree = ast.parse(importer.read_bytes())
    except (SyntaxError, ValueError):
        return False
    return any(re.search(rf"\b{re.escape(stem)}\b", name) for name in _iter_top_imports(tree.body))


def _iter_top_imports(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            module = getattr(statement, "module", None) or ""
            yield " ".join([module, *(alias.name for alias in statement.names)])
        elif isinstance(statement, ast.Try):
            yield from _iter_top_imports(statement.body)


def _reach(edges: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    todo = list(edges.get(start, ()))
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            todo.extend(edges.get(current, ()))
    return found - {start}
