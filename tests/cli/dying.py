"""Run `httpx-fixer fix` again and again, and stop it or fail it at one step of its writing after the other.

usage: python dying.py WAY DIRECTORY

WAY is `kill` (SIGKILL before the step), `die-twice` (SIGKILL half-way through the writing, and another
one before each step of the run that puts things right) or `fail` (the step raises an error of the
operating system: a full disk, a permission, a broken disk, in turn). It works in DIRECTORY, and for each
step prints a line of JSON that tells what came of it. Everything is loaded once and each run is a fork,
since a start takes long.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from small_shop import make_shop

from httpx_fixer import commands, pipeline
from httpx_fixer.cli import main as run_tool
from httpx_fixer.rewrite import apply, journal, settle, write

LOADED = (commands, pipeline, apply, journal, settle, write)
STEPS = ("open", "fsync", "replace", "unlink", "mkdir", "rmdir", "chmod")
"""The functions of the operating system that change something, or write down that it has."""
HALF_WAY = 20
"""A step at which some files of the project are new and some are old."""

ERRORS = (errno.ENOSPC, errno.EACCES, errno.EIO)

Fault = Callable[[str], None]


def inject(nth: int, fault: Fault) -> None:
    """Let the nth of all steps of this process do something else."""
    count = 0

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def step(*arguments: object, **options: object) -> object:
            nonlocal count
            is_reading = name == "open" and not int(str(arguments[1])) & os.O_CREAT
            count += not is_reading
            if count == nth and not is_reading:
                (Path(os.environ["HOME"]) / "step").write_text(name)
                fault(name)
            return real(*arguments, **options)

        setattr(os, name, step)

    for name in STEPS:
        wrap(name)


def kill(_name: str) -> None:
    """End this process as nothing can prevent."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail(code: int) -> Fault:
    """Return what raises an error of the operating system."""

    def raise_it(_name: str) -> None:
        raise OSError(code, os.strerror(code))

    return raise_it


def run(place: Path, arguments: list[str], nth: int = 0, fault: Fault = kill) -> tuple[int, str]:
    """Run the tool in a fork, with a fault at its nth step; return its exit code and what it told."""
    told = place.parent / "told"
    told.write_text("")
    child = os.fork()
    if not child:
        code = 70
        try:
            os.chdir(place)
            for stream, file in ((1, os.devnull), (2, str(told))):
                os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
            sys.argv = ["httpx-fixer", *arguments]
            if nth:
                inject(nth, fault)
            run_tool()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), told.read_text()


def read(place: Path) -> dict[str, str]:
    """Return the text of the Python files of a project, and what else an unfinished write left."""
    paths = (path for path in place.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(place).as_posix(): path.read_text() for path in sorted(paths)}


def compare(place: Path, old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    """Return for each file that changes whether it is old, new or neither; and for all others `stray`."""
    now = read(place)
    state = {
        path: _name(now.get(path), old.get(path), new[path]) for path in new if new[path] != old.get(path)
    }
    state.update((path, "stray") for path in now.keys() - new.keys())
    return state


def _name(now: str | None, old: str | None, new: str) -> str:
    return "new" if now == new else "old" if now == old else "neither"


def main(way: str, directory: Path) -> None:
    """Try every step, and print what came of it."""
    tempfile.tempdir = str(directory)
    place, model = directory / "shop", directory / "model"
    os.environ["HOME"] = str(directory)
    place.mkdir(parents=True)
    make_shop(place)
    old = read(place)
    shutil.copytree(place, model)
    run(place, ["fix"])
    new = read(place)
    if way == "die-twice":
        restore(place, model)
        run(place, ["fix"], HALF_WAY)
        shutil.rmtree(model)
        shutil.copytree(place, model)
    nth, ended = 0, False
    while not ended:
        nth += 1
        restore(place, model)
        (directory / "step").unlink(missing_ok=True)
        fault = fail(ERRORS[nth % len(ERRORS)]) if way == "fail" else kill
        code, told = run(place, ["undo" if way == "die-twice" else "fix"], nth, fault)
        ended = not (directory / "step").exists()
        row = {"step": "" if ended else (directory / "step").read_text(), "code": code, "told": told}
        row["files"] = compare(place, old, new)
        if way != "fail":
            row["check"] = run(place, ["check"])[1] if nth % 2 else None
            command = ["undo"] if nth % 3 else ["fix", "--allow-dirty"]
            row["next"] = command[0]
            row["next told"] = run(place, command)[1]
            row["next files"] = compare(place, old, new)
        sys.stdout.write(json.dumps(row) + "\n")


def restore(place: Path, model: Path) -> None:
    """Make a project what it was, its repository with the journal included."""
    shutil.rmtree(place)
    shutil.copytree(model, place)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
