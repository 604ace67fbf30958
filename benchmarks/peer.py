"""One run of one tool over one tree, and what it cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

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


def tell(what: str, name: str, cost: Cost) -> None:
    sys.stderr.write(f"{what}: {name}: {describe(cost)}\n")


def describe(cost: Cost | None) -> str:
    if cost is None:
        return ""
    return f"{cost.cpu_s:.2f} s, {cost.peak_mib:.0f} MiB" if cost.is_whole else "stopped"
