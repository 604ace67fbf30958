"""What a person at a terminal sees besides the product: progress and completion."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from harness import Tool, make_project

_IMPORTS = "from httpx_fixer.cli import main; from httpx_fixer.reporters import progress; "
PATIENT = _IMPORTS + "progress.PATIENCE_S = 3600; "  # a loaded machine takes more than the usual second
IMPATIENT = _IMPORTS + "progress.PATIENCE_S = 0; "


def _show_errors(tool: Tool, program: str, *arguments: str) -> bytes:
    """Run a program with a terminal for its standard error, and return what that shows."""
    ours, theirs = pty.openpty()
    command = (sys.executable, "-W", "error", "-c", f"{program}main()", *arguments)
    environment = {**tool.environment(), "TERM": "xterm"}
    with os.fdopen(ours, "rb", buffering=0) as screen:
        with os.fdopen(theirs, "wb") as terminal:
            process = subprocess.Popen(
                command, cwd=tool.directory, env=environment, stdout=subprocess.DEVNULL, stderr=terminal
            )
        shown = b""
        with suppress(OSError):  # what Linux says when the other side is closed
            while chunk := screen.read(65536):
                shown += chunk
    assert process.wait(60) == 1
    return shown


@pytest.mark.parametrize("command", ["check", "diff"])
def test_long_run_shows_a_bar(tmp_path: Path, command: str) -> None:
    shown = _show_errors(make_project(tmp_path), IMPATIENT, command)
    assert b"reading: " in shown
    assert (b"checking the result" in shown) is (command == "diff")


def test_short_or_quiet_run_shows_none(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert _show_errors(tool, PATIENT, "check") == b""
    assert _show_errors(tool, IMPATIENT, "check", "--quiet") == b""


def test_run_without_a_bar_does_not_load_its_library(tmp_path: Path) -> None:
    told = "print('rich.progress' in sys.modules)"
    code = f"import sys\n{PATIENT}\ntry:\n    main()\nexcept SystemExit:\n    {told}"
    done = make_project(tmp_path).python("-c", code, "check")
    assert done.text.endswith("\nFalse\n")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("httpx-fixer ch", ["check"]),
        ("httpx-fixer baseline ", ["write"]),
        ("httpx-fixer check --output-format s", ["sarif"]),
        ("httpx-fixer check --diff-b", ["--diff-base"]),
        ("httpx-fixer explain unclosed-s", ["unclosed-stream"]),
        ("httpx-fixer explain HXF301", ["HXF301"]),
    ],
)
def test_completion_offers_what_fits(tmp_path: Path, words: str, offered: list[str]) -> None:
    env = {
        "_HTTPX_FIXER_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = Tool(tmp_path).run(env=env)
    assert (done.code, done.text.split(), done.err) == (0, offered, "")


def test_completion_works_in_bash(tmp_path: Path) -> None:
    """The script that `--show-completion` prints defines what bash calls on a tab."""
    script = tmp_path / "httpx-fixer"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m httpx_fixer "$@"\n')
    script.chmod(0o755)
    source = Tool(tmp_path).run(env={"_HTTPX_FIXER_COMPLETE": "source_bash"})
    (tmp_path / "completion.sh").write_bytes(source.out)
    tab = "COMP_WORDS=(httpx-fixer che); COMP_CWORD=1; _httpx_fixer_completion ./httpx-fixer"
    done = Tool(tmp_path).shell(f"bash -c '. ./completion.sh; {tab}; echo \"${{COMPREPLY[@]}}\"'")
    assert (done.text, done.err) == ("check\n", "")
