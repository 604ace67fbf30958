"""Run httpx-fixer over pinned packages of the package index, or over checkouts, and check what must hold.

usage: python benchmarks/corpus.py [--cache DIR] [--only NAME ...] [--trees DIR] [--types] [--imports]
                                   [--keep FILE] [--with FILE] [--out FILE] [--totals]

The packages of `corpus.toml` are downloaded (by unearth, extra `bench`) as source distributions, checked
by their hashes and unpacked: nothing is built, installed or run. They stay in the cache and are never
committed. `--trees` takes a
directory of checkouts instead. `--types` lets basedpyright (extra `bench`) look for new faults.
`--imports` imports what changed, before and after, which runs code of the trees, in processes that may
not connect, start others or write elsewhere. `--keep` is a file that takes what each tree showed, and
trees that are in it are not run again; `--with` is one of another run, of which the totals are told as
well. `--totals` leaves the names of the trees out of the tables.
Exit code 1 where something did not hold.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from invariants import Asked, Found, check_tree
from packages import fetch, read_pins
from tables import render

HEAD = """\
# A corpus of real packages

<!-- Written by `python benchmarks/corpus.py --types --imports --out docs/corpus.md`; do not edit. -->

What httpx-fixer says about packages of the package index, pinned in `benchmarks/corpus.toml`, as
source distributions: nothing is built or installed. Packages are libraries for the most part, whose
clients only their callers can own; services are among the checkouts. Of each tree is checked, from
outside:

- exit code 0 or 1 and no traceback; the same bytes under two hash seeds and two orders of files
- `git apply` takes what `diff` prints, and the result is what `fix` writes, safe fixes alone and with
  `--unsafe-fixes`; a second run proposes nothing
- what changed compiles, keeps comments, encoding and line endings, and differs from the original only
  where an edit of a fix is
- no new fault of ruff's E9 and F; no two modules that import one another anew
- no new fault of basedpyright: undefined, possibly unbound, call, attribute, argument, return
- every changed module that could be imported still can; what is not installed is stood in for

## Packages

"""
CACHE = Path.home() / ".cache" / "httpx-fixer-corpus"


def main() -> int:
    """Check all trees and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--trees", type=Path)
    parser.add_argument("--types", action="store_true")
    parser.add_argument("--imports", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--with", type=Path, dest="other")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--totals", action="store_true")
    options = parser.parse_args()
    found = _read_kept(options.keep)
    for name, tree in _iter_trees(options.trees, options.cache):
        if name in found or (options.only and not any(word in name for word in options.only)):
            continue
        with tempfile.TemporaryDirectory() as work:
            found[name] = check_tree(tree, Path(work), Asked(options.types, options.imports))
        if options.keep:
            with options.keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps([name, asdict(found[name])]) + "\n")
        sys.stderr.write(f"{name}: {found[name].check_s:.2f} s, {len(found[name].faults)} faults\n")
        for fault in found[name].faults:
            sys.stderr.write(f"  {fault}\n")
    text = render(found, with_trees=not options.totals)
    if options.out:
        other = _read_kept(options.other)
        page = HEAD + text + (f"\n## Checkouts\n\n{render(other, with_trees=False)}" if other else "")
        options.out.write_text(page, "utf-8")
    else:
        sys.stdout.write(text)
    return int(any(one.faults for one in found.values()))


def _read_kept(file: Path | None) -> dict[str, Found]:
    if file is None or not file.exists():
        return {}
    rows: list[tuple[str, dict[str, Any]]] = [
        json.loads(line) for line in file.read_text("utf-8").splitlines()
    ]
    return {name: Found(**{**values, "faults": tuple(values["faults"])}) for name, values in rows}


def _iter_trees(trees: Path | None, cache: Path) -> Iterator[tuple[str, Path]]:
    if trees is not None:
        yield from ((tree.name, tree) for tree in sorted(trees.iterdir()) if tree.is_dir())
        return
    for package in read_pins():
        yield f"{package.name} {package.version}", fetch(package, cache)


if __name__ == "__main__":
    sys.exit(main())
