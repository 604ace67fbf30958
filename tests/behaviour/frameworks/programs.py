"""Programs of fixture cases, run in processes of their own that tell which pools they open and close."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fixture_cases import FIXTURES, Case, Tree, write_tree

_WATCH = """\
import os, sys
from importlib.util import find_spec

def _tell(sign):
    with open(os.environ["POOLS"], "a") as told:
        told.write(f"{sign} {os.getpid()}\\n")

def _watch(kind, close):
    begin, end = kind.__init__, getattr(kind, close)

    def __init__(self, *args, **options):
        begin(self, *args, **options)
        self.is_told = False
        _tell("open")

    def done(self):
        if not self.is_told:
            self.is_told = True
            _tell("close")

    if close == "close":
        def closing(self):
            end(self)
            done(self)
    else:
        async def closing(self):
            await end(self)
            done(self)

    kind.__init__ = __init__
    setattr(kind, close, closing)

waited_for = {"httpcore", "httpcore2"}

class Waiting:
    def find_spec(self, name, path=None, target=None):
        if name not in waited_for:
            return None
        waited_for.discard(name)
        spec = find_spec(name)
        if spec is not None:
            load = spec.loader.exec_module

            def exec_module(library):
                load(library)
                _watch(library.ConnectionPool, "close")
                _watch(library.AsyncConnectionPool, "aclose")

            spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Waiting())
"""
"""A `sitecustomize` that writes a line for each pool that is built and each that is closed.

It waits until the program itself imports a library: gevent wants to be there before `ssl`.
"""


@dataclass(frozen=True)
class Program:
    """One half of a case in a directory of its own."""

    directory: Path

    def command(self, *arguments: str) -> list[str]:
        """Return the command that runs Python in the half, `arguments` after it."""
        return [sys.executable, *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of its processes."""
        path = os.pathsep.join([str(self.directory), str(self.directory.parent / "watch")])
        return {
            **os.environ,
            "PYTHONPATH": path,
            "PYTHONWARNINGS": "always::ResourceWarning",
            "PYTHONDONTWRITEBYTECODE": "1",
            "POOLS": str(self.directory.parent / f"{self.directory.name}.pools"),
            **more,
        }

    def pools(self) -> tuple[int, int]:
        """Return how many pools its processes have opened, and how many of these they have closed."""
        told = self.directory.parent / f"{self.directory.name}.pools"
        counted = Counter(line.split()[0] for line in told.read_text().splitlines()) if told.exists() else {}
        return counted.get("open", 0), counted.get("close", 0)


def build_halves(name: str, place: Path) -> tuple[Program, Program]:
    """Write both halves of a case (`client-per-request/celery-worker`) into directories."""
    case = Case(FIXTURES / name)
    write_tree({"sitecustomize.py": _WATCH.encode()}, place / "watch")
    return _build(case.before, place / "before"), _build(case.after, place / "after")


def _build(tree: Tree, directory: Path) -> Program:
    write_tree(tree, directory)
    return Program(directory)


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int
    said: str


@contextmanager
def start(program: Program, arguments: Sequence[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a program, its output in the file `said`, and leave no process behind."""
    said = program.directory / "said"
    with (
        said.open("w") as output,
        subprocess.Popen(
            program.command(*arguments),
            cwd=program.directory,
            env=program.environment(**environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def run(program: Program, arguments: Sequence[str], **environment: str) -> Ended:
    """Run a program until it ends by itself, and return how it did."""
    with start(program, arguments, **environment) as process:
        process.wait(20)
    return Ended(process.returncode, (program.directory / "said").read_text())


def lasts(holds: Callable[[], bool]) -> bool:
    """Answer whether something holds and still does after a moment: between rounds, not within one."""
    if not holds():
        return False
    time.sleep(0.05)
    return holds()


def work(
    program: Program,
    arguments: Sequence[str],
    is_done: Callable[[], bool],
    stop: signal.Signals = signal.SIGTERM,
    **environment: str,
) -> Ended:
    """Run a program until its work is done, ask it to end, and return how it did."""
    with start(program, arguments, **environment) as process:
        done = is_done()
        if done:
            process.send_signal(stop)
            process.wait(15)
    said = (program.directory / "said").read_text()
    assert done, said
    return Ended(process.returncode, said)
