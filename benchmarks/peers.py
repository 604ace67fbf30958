"""Measure httpx-fixer side by side with other tools, by size of the tree and over the corpus; write tables.

usage: python benchmarks/peers.py [--sizes 500 5000 50000] [--corpus CACHE] [--cap 120] [--runs 3]
                                  [--corpus-without WORD ...] [--tree-cap 60] [--home DIR]
                                  [--out FILE] [--plot FILE]

The other tools are installed into environments of their own below `--home`. CPU seconds are those of
the whole process tree (user + system), the median of `--runs` runs of what takes less than 10 s, after a
warm-up; peak memory is that of the largest process. A tool that runs longer than `--cap` seconds of wall
time on a tree is stopped, and not tried on larger ones. Over the corpus (the cache of `corpus.py`, or a
directory of checkouts) each tool runs over each tree, and is stopped where one takes it longer than
`--tree-cap` seconds; the ratio is to `check` over the trees that a tool got through, and those that it did
not are named; `--corpus-without` leaves out what would take hours there. Read figures as ratios within
one run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from generate_tree import generate
from peer import CHECK, DIFF, Cost, Peer, describe, run_once, tell
from peers_corpus import iter_corpus_lines, measure_corpus
from plot import draw
from run import FLOOR

HEAD = """\
# Side by side

<!-- Written by `benchmarks/peers.py --corpus DIR --out docs/peers.md --plot docs/peers.svg`; do not edit. -->

CPU seconds of the whole process tree (user + system) and peak memory of the largest process, start-up
included, on generated trees with nothing to fix, where one file in a hundred uses httpx. Caches are off.
Read the figures as ratios within one run. What is *stopped* ran longer than it was given. bump-pydantic
reads only files that name pydantic, of which there are none here.

![CPU seconds by number of files](peers.svg)

"""
HOME = Path.home() / ".cache" / "httpx-fixer-peers"
NEEDED = {
    "ruff": "ruff==0.17.6",
    "libcst": "libcst==1.9.0",
    "fixit": "fixit==2.2.1",
    "bump-pydantic": "bump-pydantic==0.8.0",
    "codemodder": "codemodder==6.5.5",
}
NOOP = """
from libcst.codemod import VisitorBasedCodemodCommand


class Noop(VisitorBasedCodemodCommand):
    DESCRIPTION = "changes nothing"
"""
QUICK_S = 10.0
"""What takes longer is run once: its figure is not worth the minutes of a median."""


def install(home: Path) -> tuple[Peer, ...]:
    """Install the other tools where they are not, and return all that is measured."""
    work = home / "work"
    work.mkdir(parents=True, exist_ok=True)
    (work / "noop.py").write_text(NOOP)
    bins = {}
    for tool, requirement in NEEDED.items():
        bins[tool] = home / tool / "bin"
        if not (bins[tool] / "python").exists():
            subprocess.run([sys.executable, "-m", "venv", home / tool], check=True)
            subprocess.run([bins[tool] / "python", "-m", "pip", "install", "-q", requirement], check=True)
    own = (sys.executable, "-m", "httpx_fixer")
    rows = [
        ("grep -rl httpx", ("grep", "-rl", "httpx")),
        ("walk + bytes + ast.parse of those", (sys.executable, "-c", FLOOR)),
        ("ruff --select ASYNC,S113", (bins["ruff"] / "ruff", "check", "-q", *_RUFF_OPTIONS)),
        (CHECK, (*own, "check")),
        (DIFF, (*own, "diff")),
        (
            "libcst's CLI, no-op",
            (bins["libcst"] / "python", "-m", "libcst.tool", "codemod", "-x", "noop.Noop"),
        ),
        ("Fixit, one rule", (bins["fixit"] / "fixit", "--quiet", "--rules", _FIXIT_RULE, "lint")),
        ("bump-pydantic --diff", (bins["bump-pydantic"] / "bump-pydantic", "--diff")),
        ("codemodder, one codemod", (bins["codemodder"] / "codemodder", *_CODEMODDER_OPTIONS)),
    ]
    return tuple(Peer(name, tuple(map(str, command)), work) for name, command in rows)


_RUFF_OPTIONS = ("--isolated", "--no-cache", "--exit-zero", "--select", "ASYNC,S113")
_FIXIT_RULE = "fixit.rules.avoid_or_in_except:AvoidOrInExcept"
_CODEMODDER_OPTIONS = (
    "--dry-run",
    "--codemod-include",
    "pixee:python/fix-mutable-params",
    "--output",
    os.devnull,
)


def measure(peer: Peer, tree: Path, cap_s: float, runs: int) -> Cost:
    """Run a tool once, and again some times where that was quick; return the median of those."""
    first = run_once(peer, tree, cap_s)
    if not first.is_whole or first.cpu_s > QUICK_S:
        return first
    costs = [run_once(peer, tree, cap_s) for _ in range(runs)]
    peak = max(cost.peak_mib for cost in costs)
    return Cost(statistics.median(cost.cpu_s for cost in costs), peak, is_whole=True)


Sizes = dict[str, dict[int, Cost]]
"""`{tool: {files: cost}}`."""


def measure_sizes(peers: Sequence[Peer], sizes: Iterable[int], work: Path, cap_s: float, runs: int) -> Sizes:
    """Measure on generated trees with nothing to fix, of which one file in a hundred uses httpx."""
    found: Sizes = {peer.name: {} for peer in peers}
    for size in sorted(sizes):
        tree = work / f"clean_{size}"
        generate(tree, size, max(1, size // 100), faulty=False)
        for peer in peers:
            if all(cost.is_whole for cost in found[peer.name].values()):
                found[peer.name][size] = cost = measure(peer, tree, cap_s, runs)
                tell(f"{size:,} files", peer.name, cost)
        shutil.rmtree(tree)
    return found


def measure_faulty(peers: Sequence[Peer], work: Path, cap_s: float, runs: int) -> dict[str, Cost]:
    """Measure our own commands on 1,000 files with 100 sites to fix."""
    tree = work / "faulty"
    generate(tree, 1000, 50, faulty=True)
    return {peer.name: measure(peer, tree, cap_s, runs) for peer in peers if peer.name in {CHECK, DIFF}}


def iter_size_lines(found: Sizes) -> Iterator[str]:
    """Yield the table of the generated trees, and what is to be read from it."""
    sizes = sorted({size for costs in found.values() for size in costs})
    yield "| CPU s, peak memory | " + " | ".join(f"{size:,} files" for size in sizes) + " |"
    yield "|---" * (len(sizes) + 1) + "|"
    for name, costs in found.items():
        yield f"| {name} | " + " | ".join(describe(costs.get(size)) for size in sizes) + " |"
    yield ""
    grep, floor, check = (
        found[name] for name in ("grep -rl httpx", "walk + bytes + ast.parse of those", CHECK)
    )
    ratios = [f"{check[size].cpu_s / (grep[size].cpu_s + floor[size].cpu_s):.2f}" for size in sizes]
    yield f"`check` to grep and parse together: {', '.join(ratios)} (goal: at most 2)."
    each = [
        f"{(check[size].cpu_s - check[sizes[0]].cpu_s) / (size - sizes[0]) * 1e6:.0f}" for size in sizes[1:]
    ]
    yield f"CPU microseconds for each file beyond the first {sizes[0]:,}: {', '.join(each)} (goal: the same)."


def _measure_memory(peers: Sequence[Peer], work: Path, options: argparse.Namespace) -> str:
    tree = work / "ten_thousand"
    generate(tree, 10_000, 100, faulty=False)
    check = next(peer for peer in peers if peer.name == CHECK)
    peak = run_once(check, tree, options.cap * 10).peak_mib
    shutil.rmtree(tree)
    return f"{peak:.0f} MiB (goal: less than 200)"


def main() -> None:
    """Measure everything and write the tables and the plot."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="*", default=[500, 5000, 50000])
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--cap", type=float, default=120.0)
    parser.add_argument("--corpus-without", nargs="*", default=[], metavar="WORD")
    parser.add_argument("--tree-cap", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--home", type=Path, default=HOME)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    peers = install(options.home)
    stopped = f"stopped after {options.cap:.0f} s of wall time"
    lines = [f"Python {sys.version.split()[0]}, {options.runs} runs of what is quick, {stopped}.", ""]
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        sizes = measure_sizes(peers, options.sizes, work, options.cap, options.runs)
        lines += iter_size_lines(sizes)
        faulty = measure_faulty(peers, work, options.cap, options.runs)
        ratio = faulty[DIFF].cpu_s / faulty[CHECK].cpu_s
        costs = f"`check` {describe(faulty[CHECK])}; `diff` {describe(faulty[DIFF])}"
        lines += ["", f"1,000 files with 100 sites: {costs}."]
        lines += [f"`diff` to `check`: {ratio:.2f} (goal: at most 4).", ""]
        empty = work / "empty"
        empty.mkdir()
        (empty / "module.py").touch()
        lines += ["Peak memory on 10,000 files: " + _measure_memory(peers, work, options) + ".", ""]
        start = measure(next(peer for peer in peers if peer.name == CHECK), empty, options.cap, options.runs)
        lines += [f"Start, nothing to read: {describe(start)} (goal: less than 0.25 s).", ""]
    if options.corpus:
        tools = [peer for peer in peers if not any(word in peer.name for word in options.corpus_without)]
        lines += iter_corpus_lines(measure_corpus(tools, options.corpus, options.tree_cap))
    text = "\n".join(lines) + "\n"
    if options.out:
        options.out.write_text(HEAD + text, "utf-8")
    sys.stdout.write(text)
    if options.plot:
        points = {
            name: [(size, cost.cpu_s) for size, cost in costs.items() if cost.is_whole]
            for name, costs in sizes.items()
        }
        options.plot.write_text(draw({name: each for name, each in points.items() if each}), "utf-8")


if __name__ == "__main__":
    main()
