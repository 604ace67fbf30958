"""The tool as a process, and a project for it to work on."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

LEAK = """\
import httpx


async def count(client: httpx.AsyncClient, url: str) -> int:
    request = httpx.Request("GET", url)
    response = await client.send(request, stream=True)  # the status is all we want
    return response.status_code
"""
"""One site with a safe fix (HXF301) that changes no other file."""

ESCAPE = """\
import httpx, archive


async def open_stream(client: httpx.AsyncClient, url: str) -> None:
    request = httpx.Request("GET", url)
    response = await client.send(request, stream=True)
    if response.is_success:
        archive.keep(response)
"""
"""One site that is left alone: the response is given to code of which nothing is known."""


@dataclass(frozen=True)
class Done:
    """A finished run; `out` in bytes, since a patch need not be text."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


@dataclass(frozen=True)
class Tool:
    """Runs the tool in a directory."""

    directory: Path

    def run(
        self,
        *arguments: str | Path,
        directory: Path | None = None,
        env: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
        given: bytes = b"",
    ) -> Done:
        """Run the tool to its end; `before` is a command to run it under, `given` its standard input."""
        return self._finish((*before, *self.command(), *map(str, arguments)), directory, env, given)

    def python(self, *arguments: str) -> Done:
        """Run the interpreter of the tool."""
        return self._finish((sys.executable, *arguments), None, None)

    def shell(self, command: str) -> Done:
        """Run a line of the shell."""
        return self._finish(("sh", "-c", command), None, None)

    def run_on_terminal(self, *arguments: str, env: Mapping[str, str]) -> bytes:
        """Run the tool with a terminal for its standard output, and return what that shows."""
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "rb", buffering=0) as screen:
            with os.fdopen(theirs, "wb") as terminal:
                command = (*self.command(), *arguments)
                environment = {**self.environment(), **env}
                process = subprocess.Popen(
                    command, cwd=self.directory, env=environment, stdout=terminal, stderr=subprocess.DEVNULL
                )
            shown = b""
            with suppress(OSError):  # what Linux says when the other side is closed
                while chunk := screen.read(65536):
                    shown += chunk
        process.wait(60)
        return shown

    def _finish(
        self,
        command: Sequence[str],
        directory: Path | None,
        env: Mapping[str, str] | None,
        given: bytes = b"",
    ) -> Done:
        done = subprocess.run(
            command,
            cwd=directory or self.directory,
            env={**self.environment(), **(env or {})},
            input=given,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Done(done.returncode, done.stdout, done.stderr.decode())

    def command(self) -> tuple[str, ...]:
        return (sys.executable, "-W", "error", "-m", "httpx_fixer")

    def environment(self) -> dict[str, str]:
        """The environment without what would colour, configure git, or say where a repository is."""
        unwanted = ("GIT_", "NO_COLOR", "FORCE_COLOR", "HTTPX_FIXER", "PYTHONWARNINGS")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
        return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(self, *arguments: str, given: bytes | None = None, directory: Path | None = None) -> bytes:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        command = ("git", *identity, *arguments)
        where, env = directory or self.directory, self.environment()
        return subprocess.run(
            command, cwd=where, env=env, input=given, check=True, capture_output=True
        ).stdout

    def commit(self) -> None:
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "all")


def make_project(directory: Path) -> Tool:
    """Make a committed project with one site that can be fixed, in `app/x.py`."""
    (directory / "app").mkdir()
    (directory / "app/x.py").write_text(LEAK)
    (directory / "clean.py").write_text("print(1)\n")
    tool = Tool(directory)
    tool.commit()
    return tool


def obeying_permissions() -> Sequence[str]:
    """What to put before a command so that permission bits hold, also for root."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("runs as root, and there is no setpriv to give its powers up")
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
