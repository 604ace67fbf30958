"""Print a sample of what is said about a directory of projects, with the code around, for reading.

usage: python scripts/sample_corpus.py DIR [--count 100] [--seed 1] [--fixed]

Of each diagnostic: rule, message, outcome, and the lines around its site; with `--fixed` only sites
with a safe fix, each with the hunks of the patch for its file. One seed gives one sample.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOOL = (sys.executable, "-m", "httpx_fixer")
AROUND = 8
"""Lines above and below a site: enough to see the function that it stands in."""


@dataclass(frozen=True, slots=True)
class Site:
    """One diagnostic, as the JSON has it, and the project that it is of."""

    tree: Path
    said: dict[str, Any]

    @property
    def line(self) -> int:
        """The line that the site begins on."""
        return int(self.said["start"]["line"])


def iter_sites(trees: Path) -> Iterator[Site]:
    """Yield what is said about each project below a directory, in order."""
    for tree in sorted(path for path in trees.iterdir() if path.is_dir()):
        command = [*TOOL, "check", ".", "--output-format", "json", "--exit-zero"]
        ran = subprocess.run(command, cwd=tree, capture_output=True, check=False)
        if ran.returncode:
            sys.stderr.write(f"{tree.name}: {ran.stderr.decode(errors='replace')[:200]}\n")
            continue
        for said in json.loads(ran.stdout)["diagnostics"]:
            yield Site(tree, said)


def show(site: Site) -> str:
    """Return a diagnostic with the lines around its site."""
    said = site.said
    refusal = said["refusal"]
    outcome = (
        f"left alone: {refusal['reason']}: {refusal['detail']}"
        if refusal
        else f"fix: {said['applicability']}"
    )
    head = f"{site.tree.name} {said['path']}:{site.line} {said['code']} {said['message']}\n  {outcome}"
    lines = (site.tree / said["path"]).read_text("utf-8", errors="replace").splitlines()
    first = max(1, site.line - AROUND)
    shown = lines[first - 1 : site.line + AROUND]
    body = [f"{'>' if at == site.line else ' '} {at:5} {line}" for at, line in enumerate(shown, first)]
    return "\n".join([head, *body])


def show_patch(site: Site) -> str:
    """Return the part of the project's patch that changes the file of a site."""
    ran = subprocess.run([*TOOL, "diff", "."], cwd=site.tree, capture_output=True, check=False)
    parts = re.split(r"(?m)^(?=diff --git )", ran.stdout.decode(errors="replace"))
    return "\n".join(part for part in parts if f"b/{site.said['path']}\n" in part)


def main() -> None:
    """Print the sample."""
    parser = argparse.ArgumentParser()
    parser.add_argument("trees", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fixed", action="store_true")
    options = parser.parse_args()
    sites = [
        site
        for site in iter_sites(options.trees)
        if not options.fixed or site.said["applicability"] == "safe"
    ]
    chosen = random.Random(options.seed).sample(sites, min(options.count, len(sites)))
    for number, site in enumerate(chosen, start=1):
        sys.stdout.write(f"--- {number} of {len(chosen)} (from {len(sites)})\n{show(site)}\n")
        if options.fixed:
            sys.stdout.write(f"{show_patch(site)}\n")


if __name__ == "__main__":
    main()
