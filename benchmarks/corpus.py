"""Run httpx-fixer over pinned packages of the package index, or over checkouts, and check what must hold.

usage: python benchmarks/corpus.py [--cache DIR] [--only NAME ...] [--trees DIR] [--out FILE]

The packages of `corpus.toml` are downloaded by pip as wheels, checked by their hashes and unpacked:
nothing is built, installed or run. They stay in the cache and are never committed. `--trees` takes a
directory of checkouts instead. With the extra `bench` installed, basedpyright looks for new faults.
Exit code 1 where something did not hold.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from invariants import PYRIGHT, Found, check_tree

PINS = Path(__file__).with_name("corpus.toml")
CACHE = Path.home() / ".cache" / "httpx-fixer-corpus"


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned wheel."""

    name: str
    version: str
    sha256: str


def read_pins() -> list[Package]:
    """Read `corpus.toml`."""
    table = tomllib.loads(PINS.read_text("utf-8"))
    return [Package(one["name"], one["version"], one["sha256"]) for one in table["package"]]


def fetch(package: Package, cache: Path) -> Path:
    """Download a wheel unless it is there, and unpack its Python files; return where they are."""
    tree = cache / "trees" / f"{package.name}-{package.version}"
    if tree.is_dir():
        return tree
    wheels = cache / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    wheel = _find_wheel(wheels, package) or _download(wheels, package)
    with tempfile.TemporaryDirectory(dir=cache) as directory:
        unpacked = Path(directory) / "tree"
        unpacked.mkdir()
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                inside = PurePosixPath(member.filename)
                if inside.suffix == ".py" and not inside.is_absolute() and ".." not in inside.parts:
                    archive.extract(member, unpacked)
        tree.parent.mkdir(exist_ok=True)
        unpacked.rename(tree)
    return tree


def _download(wheels: Path, package: Package) -> Path:
    pin = f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(pin)
        requirements.flush()
        options = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--require-hashes"]
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            *options,
        ]
        subprocess.run([*command, "-d", str(wheels), "-r", requirements.name], check=True)
    found = _find_wheel(wheels, package)
    if found is None:
        raise SystemExit(f"pip downloaded no wheel of {package.name} {package.version}")
    return found


def _find_wheel(wheels: Path, package: Package) -> Path | None:
    stem = f"{package.name.replace('-', '_')}-{package.version}-".lower()
    for path in sorted(wheels.glob("*.whl")):
        is_named = path.name.lower().replace("-", "_").startswith(stem.replace("-", "_"))
        if is_named and hashlib.sha256(path.read_bytes()).hexdigest() == package.sha256:
            return path
    return None


def main() -> int:
    """Check all trees and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--trees", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found: dict[str, Found] = {}
    for name, tree in _iter_trees(options.trees, options.cache):
        if options.only and not any(word in name for word in options.only):
            continue
        with tempfile.TemporaryDirectory() as work:
            found[name] = check_tree(tree, Path(work))
        sys.stderr.write(f"{name}: {found[name].check_s:.2f} s, {len(found[name].faults)} faults\n")
        for fault in found[name].faults:
            sys.stderr.write(f"  {fault}\n")
    text = render(found)
    if options.out:
        options.out.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    return int(any(one.faults for one in found.values()))


def _iter_trees(trees: Path | None, cache: Path) -> Iterator[tuple[str, Path]]:
    if trees is not None:
        yield from ((tree.name, tree) for tree in sorted(trees.iterdir()) if tree.is_dir())
        return
    for package in read_pins():
        yield f"{package.name} {package.version}", fetch(package, cache)


def render(found: Mapping[str, Found]) -> str:
    """Return the tables as Markdown."""
    diagnostics = [one for each in found.values() for one in _diagnostics(each)]
    rules = Counter((str(one["code"]), str(one["name"])) for one in diagnostics)
    outcomes = Counter((str(one["code"]), _outcome(one)) for one in diagnostics)
    by_rule = [
        (code, name, count, *(outcomes[code, kind] for kind in ("safe", "unsafe", "refused")))
        for (code, name), count in sorted(rules.items())
    ]
    refusals = [cast("dict[str, object]", one["refusal"]) for one in diagnostics if one["refusal"]]
    reasons = Counter(str(refusal["reason"]) for refusal in refusals).most_common()
    faults = [(name, fault) for name, each in found.items() for fault in each.faults]
    total = [sum(_count(each, key) for each in found.values()) for key in ("files_seen", "files_read")]
    checks = "with" if PYRIGHT else "without"
    head = (
        f"{len(found)} trees, {total[0]:,} Python files, {total[1]:,} parsed; "
        f"{sum(each.check_s for each in found.values()):.1f} CPU s for `check`, "
        f"{sum(each.diff_s for each in found.values()):.1f} for `diff`, start-up of each included; "
        f"{sum(each.changed for each in found.values()):,} files changed; {checks} basedpyright.\n"
    )
    per_tree = [
        (
            name,
            _count(each, "files_seen"),
            *(_count(each, key) for key in ("diagnostics", "fixable_safe", "fixable_unsafe", "refused")),
            f"{each.check_s:.2f}",
            len(each.faults),
        )
        for name, each in sorted(found.items())
    ]
    columns = ("tree", "files", "diagnostics", "safe", "unsafe", "refused", "check, CPU s", "faults")
    return "\n".join(
        [
            head,
            _table(("rule", "name", "diagnostics", "safe", "unsafe", "refused"), by_rule),
            _table(("refused because", "diagnostics"), reasons),
            _table(("tree", "what did not hold"), faults) if faults else "All invariants held.\n",
            _table(columns, per_tree),
        ]
    )


def _diagnostics(found: Found) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", found.said.get("diagnostics", []))


def _count(found: Found, key: str) -> int:
    return cast("dict[str, int]", found.said.get("summary", {})).get(key, 0)


def _outcome(diagnostic: Mapping[str, object]) -> str:
    return "refused" if diagnostic["refusal"] else str(diagnostic["applicability"])


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
