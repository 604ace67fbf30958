"""A command of the user's that says by its exit code, or test by test, whether all is well."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from httpx_fixer.values import dataclass

_SLACK_S = 60.0
"""What a command may take beyond ten times of what it took on the untouched tree: caches were warm then."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What came of a command: `failed` are the tests that failed, None where it does not tell tests apart.

    `code` is negative for a signal; None says that the time was up. `last_line` is the end of its output.
    """

    code: int | None
    failed: frozenset[str] | None
    passed: int
    last_line: str
    elapsed_s: float

    def describe(self) -> str:
        """Say in a few words how it went."""
        if self.failed is not None:
            return f"{len(self.failed):,} failed, {self.passed:,} passed"
        return describe_code(self.code)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong that went well before: tests by name, or else a sentence about the command."""

    tests: tuple[str, ...]
    said: str


class Command:
    """A line of the shell, run in a directory again and again."""

    def __init__(self, line: str, directory: Path) -> None:
        self.line = line
        self.directory = directory
        self._limit_s: float | None = None

    def run(self) -> CommandResult:
        """Run the command to its end; its output is not shown.

        pytest is told by its environment to write down test by test what came out.
        """
        with tempfile.TemporaryDirectory(prefix="httpx-fixer-") as place:
            tests, log = Path(place, "tests.xml"), Path(place, "log")
            started = time.perf_counter()
            with log.open("wb") as output:
                code = _run(
                    self.line, self.directory, _build_environment(tests), (output.fileno(), self._limit_s)
                )
            elapsed_s = time.perf_counter() - started
            lines = log.read_bytes().decode(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "")
            failed, passed = _read_tests(tests)
        if self._limit_s is None:
            self._limit_s = _SLACK_S + 10 * elapsed_s
        return CommandResult(code, failed, passed, last, elapsed_s)


def find_trouble(before: CommandResult, after: CommandResult) -> Trouble | None:
    """Return what fails now and did not before; None where nothing does."""
    if before.failed is not None and after.failed is not None:
        new = after.failed - before.failed
        if new:
            return Trouble(tuple(sorted(new)), "")
    if after.code in {0, before.code}:
        return None
    said = f": {after.last_line}" if after.last_line else ""
    return Trouble((), f"{describe_code(after.code)}{said}")


def describe_code(code: int | None) -> str:
    """Say how a command ended."""
    if code is None:
        return "did not end in time"
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _build_environment(tests: Path) -> Mapping[str, str]:
    added = f"--junitxml={shlex.quote(str(tests))}"
    options = " ".join(filter(None, (os.environ.get("PYTEST_ADDOPTS", ""), added)))
    # A compiled file of one trial may pass for that of the next: Python compares seconds and sizes.
    return {**os.environ, "PYTEST_ADDOPTS": options, "PYTHONDONTWRITEBYTECODE": "1"}


def _run(
    line: str, directory: Path, environment: Mapping[str, str], bounds: tuple[int, float | None]
) -> int | None:
    """Run a line of the shell in a process group of its own, which is ended whole where we have to stop."""
    output, limit_s = bounds
    process = subprocess.Popen(
        line,
        shell=True,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.returncode is None:
            _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL) if os.name != "nt" else ():
        try:
            os.killpg(process.pid, number)
            process.wait(5)  # s: what a test run takes to tear its fixtures down
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            break
    if process.poll() is None:
        process.kill()
        process.wait()


def _read_tests(file: Path) -> tuple[frozenset[str] | None, int]:
    """Return the tests that failed, and how many passed; None where nothing was written down."""
    try:
        root = ElementTree.parse(file).getroot()
    except (OSError, ElementTree.ParseError):
        return None, 0
    failed, passed = set[str](), 0
    for case in root.iter("testcase"):
        name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(name)
        elif case.find("skipped") is None:
            passed += 1
    return frozenset(failed), passed


def locate_test(name: str, directory: Path) -> tuple[str, str, int]:
    """Return a test as people name it, its file relative to `directory` ("" if not found), and its line."""
    module, _, rest = name.partition("::")
    parts = module.split(".")
    for count in range(len(parts), 0, -1):
        path = "/".join(parts[:count]) + ".py"
        if (directory / path).is_file():
            shown = "::".join(filter(None, (path, *parts[count:], rest)))
            return shown, path, _find_line(directory / path, rest.partition("[")[0])
    return name, "", 1


def _find_line(file: Path, function: str) -> int:
    lines = file.read_bytes().decode(errors="replace").split("\n")
    return next((number for number, line in enumerate(lines, 1) if f"def {function}(" in line), 1)
