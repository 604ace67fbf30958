"""What other tools say of changed files: ruff of names and circles, basedpyright of types."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_PLACES = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
RUFF = shutil.which("ruff", path=_PLACES) or "ruff"
PYRIGHT = shutil.which("basedpyright", path=_PLACES)
_TYPE_FAULTS = (
    "reportUndefinedVariable",
    "reportPossiblyUnbound",
    "reportCallIssue",
    "reportAttributeAccessIssue",
    "reportArgumentType",
    "reportReturnType",
)
_LINE = re.compile(r"line \d+")
"""A fault that was there before may now name another line."""


def find_ruff_faults(tree: Path, names: list[str]) -> list[str]:
    """Return what ruff's E9 and F say of some files."""
    if not names:
        return []
    options = ["--isolated", "--no-cache", "--select", "E9,F", "--output-format", "json"]
    ran = subprocess.run([RUFF, "check", *options, *names], cwd=tree, capture_output=True, check=False)
    return [
        f"{Path(one['filename']).relative_to(tree.resolve())}: {one['code']} "
        + _LINE.sub("line", one["message"])
        for one in json.loads(ran.stdout or b"[]")
    ]


def find_type_faults(work: Path, wanted: Mapping[str, list[str]]) -> dict[str, dict[str, list[str]]]:
    """Return what basedpyright says of some files of each tree below `work`, as {tree: {file: faults}}.

    It reads all trees in one run: most of its time goes into what they share.
    """
    if PYRIGHT is None:
        raise SystemExit("basedpyright is not installed: pip install 'httpx-fixer[bench]'")
    settings = {
        "include": [f"{tree}/{name}" for tree, names in wanted.items() for name in names],
        "executionEnvironments": [{"root": tree, "extraPaths": [f"{tree}/src"]} for tree in wanted],
        "typeCheckingMode": "off",
        "pythonVersion": "3.14",
        **dict.fromkeys(_TYPE_FAULTS, "error"),
    }
    (work / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [PYRIGHT, "--outputjson", "--pythonpath", sys.executable, "--project", str(work)]
    ran = subprocess.run(command, cwd=work, capture_output=True, check=False)
    found: dict[str, dict[str, list[str]]] = {tree: {} for tree in wanted}
    said = json.loads(ran.stdout)
    if said["summary"]["filesAnalyzed"] < len({name for names in wanted.values() for name in names}):
        raise SystemExit(f"basedpyright read {said['summary']['filesAnalyzed']} files only")
    for one in said["generalDiagnostics"]:
        if one.get("rule") in _TYPE_FAULTS:
            path = Path(one["file"]).relative_to(work.resolve())
            name = Path(*path.parts[1:]).as_posix()
            text = f"{name}: {one['rule']} {one['message'].splitlines()[0]}"
            found[path.parts[0]].setdefault(name, []).append(text)
    return found


def find_circles(tree: Path) -> set[frozenset[str]]:
    """Return the pairs of files that import one another at their module's level, directly or not."""
    ran = subprocess.run([RUFF, "analyze", "graph", "--isolated"], cwd=tree, capture_output=True, check=False)
    known: dict[str, list[str]] = json.loads(ran.stdout or b"{}")
    edges: dict[str, set[str]] = {}
    for one, below in known.items():
        names = _read_top_imports(tree / one) if below else ()
        edges[one] = {two for two in below if _is_named(two, names)}
    reached = {one: _reach(edges, one) for one in edges}
    return {frozenset({one, two}) for one in edges for two in reached[one] if one in reached.get(two, set())}


def _read_top_imports(importer: Path) -> tuple[str, ...]:
    """Return the words of the imports that run when a module is loaded, but for the standard library's.

    ruff may take `logging` for a directory of that name, or not, as the file system lists them.
    """
    try:
        tree = ast.parse(importer.read_bytes())
    except (SyntaxError, ValueError):
        return ()
    return tuple(_iter_top_imports(tree.body))


def _is_named(imported: str, names: tuple[str, ...]) -> bool:
    stem = Path(imported).parent.name if imported.endswith("__init__.py") else Path(imported).stem
    word = re.compile(rf"\b{re.escape(stem)}\b")
    return any(word.search(name) for name in names)


def _iter_top_imports(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            module = getattr(statement, "module", None) or ""
            is_relative = getattr(statement, "level", 0) > 0
            for alias in statement.names:
                name = f"{module} {alias.name}".strip()
                if is_relative or re.split(r"[. ]", name)[0] not in sys.stdlib_module_names:
                    yield name
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
