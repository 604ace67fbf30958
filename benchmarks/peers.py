"""Measure httpx-fixer side by side with other tools, by size of the tree and over the corpus; write tables.

usage: python benchmarks/peers.py [--sizes 500 5000 50000] [--corpus CACHE] [--cap 120] [--runs 3]
                                  [--home DIR] [--out FILE] [--plot FILE]

The other tools are installed into environments of their own below `--home`. CPU seconds are those of
the whole process tree (user + system), the median of `--runs` runs of what takes less than 10 s, after a
warm-up; peak memory is that of the largest process. A tool that runs longer than `--cap` seconds of wall
time on a tree is stopped, and not tried on larger ones. Over the corpus (the cache of `corpus.py`, or a
directory of checkouts) each tool runs over one tree after the other, always in the same shuffled order,
until the cap; the ratio is to `check` over the same trees. Read figures as ratios within one run.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generate_tree import generate
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
CHECK, DIFF = "httpx-fixer check", "httpx-fixer diff"


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool as it is measured; the tree is the last argument. `cwd` is where it may leave files."""

    name: str
    command: tuple[str, ...]
    cwd: Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took; `is_whole` is false where it was stopped."""

    cpu_s: float
    peak_mib: float
    is_whole: bool


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


def run_once(peer: Peer, tree: Path, cap_s: float) -> Cost:
    """Run a tool over a tree, and stop it when its time is over."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    environment = {key: value for key, value in os.environ.items() if key not in unwanted}
    environment["PYTHONPATH"] = str(peer.cwd) if "noop.Noop" in peer.command else ""
    process = subprocess.Popen(
        [*peer.command, str(tree)],
        cwd=peer.cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end, is_whole = time.monotonic() + cap_s, True
    while True:
        found, status, usage = os.wait4(process.pid, os.WNOHANG if is_whole else 0)
        if found:
            break
        if time.monotonic() > end:
            is_whole = False
            os.killpg(process.pid, signal.SIGKILL)
        else:
            time.sleep(0.002)
    process.returncode = os.waitstatus_to_exitcode(status)
    if is_whole and process.returncode not in {0, 1}:
        raise SystemExit(f"{peer.name} ended with {process.returncode} on {tree}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, is_whole)


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
                _tell(f"{size:,} files", peer.name, cost)
        shutil.rmtree(tree)
    return found


def measure_faulty(peers: Sequence[Peer], work: Path, cap_s: float, runs: int) -> dict[str, Cost]:
    """Measure our own commands on 1,000 files with 100 sites to fix."""
    tree = work / "faulty"
    generate(tree, 1000, 50, faulty=True)
    return {peer.name: measure(peer, tree, cap_s, runs) for peer in peers if peer.name in {CHECK, DIFF}}


@dataclass(slots=True)
class Share:
    """What a tool made of the corpus before its time was over."""

    packages: list[str]
    files: int = 0
    cpu_s: float = 0.0
    peak_mib: float = 0.0


def measure_corpus(
    peers: Sequence[Peer], cache: Path, cap_s: float
) -> tuple[dict[str, Share], dict[str, float]]:
    """Run each tool over packages until its time is over; return that, and the cost of `check` on each."""
    home = cache / "trees" if (cache / "trees").is_dir() else cache
    trees = sorted(path for path in home.iterdir() if path.is_dir())
    random.Random(7).shuffle(trees)
    checked: dict[str, float] = {}
    shares: dict[str, Share] = {}
    for peer in sorted(peers, key=lambda peer: peer.name != CHECK):
        share = shares[peer.name] = Share([])
        end = time.monotonic() + (3600 if peer.name == CHECK else cap_s)
        for tree in trees:
            cost = run_once(peer, tree, end - time.monotonic())
            if not cost.is_whole:
                break
            if peer.name == CHECK:
                checked[tree.name] = cost.cpu_s
            share.packages.append(tree.name)
            share.files += sum(1 for _ in tree.rglob("*.py"))
            share.cpu_s += cost.cpu_s
            share.peak_mib = max(share.peak_mib, cost.peak_mib)
        _tell(f"{len(share.packages)} packages", peer.name, Cost(share.cpu_s, share.peak_mib, is_whole=True))
    return shares, checked


def _tell(what: str, name: str, cost: Cost) -> None:
    sys.stderr.write(f"{what}: {name}: {_cell(cost)}\n")


def _cell(cost: Cost | None) -> str:
    if cost is None:
        return ""
    return f"{cost.cpu_s:.2f} s, {cost.peak_mib:.0f} MiB" if cost.is_whole else "stopped"


def iter_size_lines(found: Sizes) -> Iterator[str]:
    """Yield the table of the generated trees, and what is to be read from it."""
    sizes = sorted({size for costs in found.values() for size in costs})
    yield "| CPU s, peak memory | " + " | ".join(f"{size:,} files" for size in sizes) + " |"
    yield "|---" * (len(sizes) + 1) + "|"
    for name, costs in found.items():
        yield f"| {name} | " + " | ".join(_cell(costs.get(size)) for size in sizes) + " |"
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


def iter_corpus_lines(shares: dict[str, Share], checked: dict[str, float]) -> Iterator[str]:
    """Yield the table of the corpus."""
    yield "| tool | packages | files | CPU s | CPU s a 1,000 files | peak MiB | times `check` of the same |"
    yield "|---" * 7 + "|"
    for name, share in shares.items():
        if not share.packages:
            yield f"| {name} | 0 | | stopped in the first | | | |"
            continue
        ratio = share.cpu_s / sum(checked[package] for package in share.packages)
        yield (
            f"| {name} | {len(share.packages)} | {share.files:,} | {share.cpu_s:.1f} | "
            f"{share.cpu_s / share.files * 1000:.2f} | {share.peak_mib:.0f} | {ratio:.2f} |"
        )


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
        lines += [
            "",
            f"1,000 files with 100 sites: `check` {_cell(faulty[CHECK])}; `diff` {_cell(faulty[DIFF])}.",
        ]
        lines += [f"`diff` to `check`: {ratio:.2f} (goal: at most 4).", ""]
        empty = work / "empty"
        empty.mkdir()
        (empty / "module.py").touch()
        lines += ["Peak memory on 10,000 files: " + _measure_memory(peers, work, options) + ".", ""]
        start = measure(next(peer for peer in peers if peer.name == CHECK), empty, options.cap, options.runs)
        lines += [f"Start, nothing to read: {_cell(start)} (goal: less than 0.25 s).", ""]
    if options.corpus:
        lines += iter_corpus_lines(*measure_corpus(peers, options.corpus, options.cap))
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
