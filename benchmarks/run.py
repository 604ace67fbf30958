"""Measure httpx-fixer against what nobody can go below, on generated trees; print a table.

usage: python benchmarks/run.py [--files 5000] [--runs 5]

CPU seconds are those of the whole process tree (user + system), the median of some runs; peak memory
is that of the largest process. Read them as ratios within one run: machines differ.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from generate_tree import generate

FLOOR = """
import ast, os, sys
for directory, names, files in os.walk(sys.argv[1]):
    for name in files:
        if name.endswith(".py"):
            with open(os.path.join(directory, name), "rb") as file:
                data = file.read()
            if b"httpx" in data:
                ast.parse(data)
"""
"""Walk, look for the bytes, parse what has them: detection in Python cannot do with less."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: CPU seconds (median) and peak memory in MiB."""

    name: str
    cpu_s: float
    peak_mib: float


def measure(name: str, command: list[str], runs: int) -> Figure:
    """Run a command some times after a warm-up, which leaves bytecode behind as an installer does."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    seconds: list[float] = []
    peak = 0.0
    for turn in range(runs + 1):
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, 1}:
            raise SystemExit(f"{name} ended with {process.returncode}")
        if turn:
            seconds.append(usage.ru_utime + usage.ru_stime)
            peak = max(peak, usage.ru_maxrss / 1024)
    return Figure(name, statistics.median(seconds), peak)


def main() -> None:
    """Generate the trees, run everything, print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    tool = [sys.executable, "-m", "httpx_fixer"]
    with tempfile.TemporaryDirectory() as directory:
        clean, faulty, empty = (Path(directory) / name for name in ("clean", "faulty", "empty"))
        empty.mkdir()
        (empty / "module.py").touch()
        one = Path(directory) / "one"
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(directory) / "bytecode")
        generate(one, 1, 1, faulty=False)
        generate(clean, options.files, options.files // 100, faulty=False)
        generate(faulty, 1000, 50, faulty=True)
        rows = [
            measure("start: --version", [*tool, "--version"], options.runs),
            measure("start: --help", [*tool, "--help"], options.runs),
            measure("start: check, nothing to do", [*tool, "check", str(empty)], options.runs),
            measure("start: check, one clean file with httpx", [*tool, "check", str(one)], options.runs),
            measure("grep -rl httpx", ["grep", "-rl", "httpx", str(clean)], options.runs),
            measure("floor: walk + bytes + ast", [sys.executable, "-c", FLOOR, str(clean)], options.runs),
            measure("check, nothing to fix", [*tool, "check", str(clean)], options.runs),
            measure("check, 100 sites in 1,000 files", [*tool, "check", str(faulty)], options.runs),
            measure("diff, 100 sites in 1,000 files", [*tool, "diff", str(faulty)], options.runs),
        ]
    sys.stdout.write(f"{options.files:,} files, Python {sys.version.split()[0]}, {options.runs} runs\n\n")
    sys.stdout.write("| what | CPU s | peak MiB |\n|---|---|---|\n")
    for row in rows:
        sys.stdout.write(f"| {row.name} | {row.cpu_s:.3f} | {row.peak_mib:.0f} |\n")
    by_name = {row.name: row.cpu_s for row in rows}
    start = by_name["start: check, one clean file with httpx"]
    check, floor = by_name["check, nothing to fix"], by_name["floor: walk + bytes + ast"]
    ratio = by_name["diff, 100 sites in 1,000 files"] / by_name["check, 100 sites in 1,000 files"]
    sys.stdout.write(f"\n(check - start-up) / floor: {(check - start) / floor:.2f} (budget 1.5)\n")
    sys.stdout.write(f"diff / check of the same tree: {ratio:.2f} (budget 4)\n")
    sys.stdout.write(
        f"peak of this script: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB\n"
    )


if __name__ == "__main__":
    main()
