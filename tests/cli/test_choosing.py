"""`--interactive`: fix by fix, in a real terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import LEAK, Tool, make_project
from small_shop import make_shop

QUESTION = "Make this fix [y,n,a,d,f,q,e,?]? "
PATIENCE_S = 60
"""A loaded machine starts Python slowly; nothing here waits that long unless something is wrong."""


@dataclass
class Session:
    """The tool at work on a terminal, and the one who sits there."""

    process: subprocess.Popen[bytes]
    terminal: int

    def read_question(self) -> str:
        """Return what is shown up to and including the next question, or to the end."""
        shown, until = b"", time.monotonic() + PATIENCE_S
        while not shown.endswith(QUESTION.encode()):
            assert time.monotonic() < until, shown
            if not select.select([self.terminal], [], [], 0.1)[0]:
                continue
            try:
                chunk = os.read(self.terminal, 65536)
            except OSError:  # what Linux says when the other side is closed
                break
            if not chunk:
                break
            shown += chunk
        return shown.decode().replace("\r\n", "\n")

    def answer(self, letter: str) -> str:
        """Type a line, and return what is shown after it."""
        os.write(self.terminal, f"{letter}\n".encode())
        return self.read_question()


@contextmanager
def session(tool: Tool, *arguments: str) -> Iterator[Session]:
    """Start the tool with a terminal for input and standard error; its product goes to `product`."""
    ours, theirs = pty.openpty()
    environment = {**tool.environment(), "TERM": "dumb"}
    with (tool.directory.parent / "product").open("wb") as product:
        process = subprocess.Popen(
            (*tool.command(), *arguments),
            cwd=tool.directory,
            env=environment,
            stdin=theirs,
            stdout=product,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        try:
            yield Session(process, ours)
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()
            os.close(ours)


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """A shop whose first two fixes share an owner, and three leaks in two files."""
    directory = tmp_path / "project"
    (directory / "app").mkdir(parents=True)
    (directory / "app/x.py").write_text(LEAK + LEAK.replace("import httpx\n", "").replace("count", "again"))
    (directory / "app/y.py").write_text(LEAK)
    return make_shop(directory)


def _changed(tool: Tool) -> list[str]:
    return [line[3:] for line in tool.git("status", "--porcelain").decode().splitlines()]


def test_yes_and_no_are_obeyed(tool: Tool) -> None:
    with session(tool, "fix", "-i") as person:
        first = person.read_question()
        assert "app/x.py:6:22 HXF301 " in first
        assert "\n+        await response.aclose()\n" in first
        assert first.endswith(f"(1/5) {QUESTION}")
        assert "app/x.py:12:22 HXF301 " in person.answer("n")
        assert "app/y.py:6:22 HXF301 " in person.answer("y")
        assert "shop/orders.py:11:" in person.answer("n")
        end = person.answer("q")
        assert "Changed 1 file, 1 fix:\n" in end
        assert end.count("left alone: DECLINED: you said no") == 4
    assert person.process.returncode == 1
    assert _changed(tool) == ["app/x.py"]
    assert (tool.directory / "app/x.py").read_text().count("aclose") == 1
    assert "aclose" in (tool.directory / "app/x.py").read_text().partition("def again")[2]


def test_fix_over_several_files_is_one_question_and_the_owner_is_shown_once(tool: Tool) -> None:
    with session(tool, "fix", "shop", "-i") as person:
        first = person.read_question()
        assert [line for line in first.splitlines() if line.startswith("+++ ")] == [
            "+++ b/shop/http_client.py",
            "+++ b/shop/main.py",
            "+++ b/shop/orders.py",
        ]
        second = person.answer("y")
        assert [line for line in second.splitlines() if line.startswith("+++ ")] == ["+++ b/shop/prices.py"]
        person.answer("n")
    assert sorted(_changed(tool)) == ["shop/http_client.py", "shop/main.py", "shop/orders.py"]


def test_all_and_none_of_a_rule(tool: Tool) -> None:
    with session(tool, "fix", "-i") as person:
        person.read_question()
        assert "shop/orders.py:11:" in person.answer("d")
        assert "Changed 4 files, 2 fixes:\n" in person.answer("a")
    assert not [path for path in _changed(tool) if path.startswith("app/")]


def test_file_answers_for_the_rest_of_it(tool: Tool) -> None:
    with session(tool, "fix", "app", "-i") as person:
        person.read_question()
        assert "app/y.py:6:22" in person.answer("f")
        person.answer("n")
    assert (tool.directory / "app/x.py").read_text().count("aclose") == 2
    assert _changed(tool) == ["app/x.py"]


def test_explanation_and_help_ask_again(tool: Tool) -> None:
    with session(tool, "fix", "app/y.py", "-i") as person:
        person.read_question()
        assert "## Why is this bad?" in person.answer("e")
        for word in ("?", "", "yes"):
            assert "y  make this fix\n" in person.answer(word)
        person.answer("n")
    assert (person.process.returncode, _changed(tool)) == (1, [])


def test_end_of_input_leaves_the_rest_alone(tool: Tool) -> None:
    with session(tool, "fix", "app", "-i") as person:
        person.read_question()
        os.write(person.terminal, b"\x04")
        assert "Nothing to fix" in person.read_question()
    assert _changed(tool) == []


def test_diff_prints_the_patch_of_what_was_chosen(tool: Tool) -> None:
    with session(tool, "diff", "app", "--interactive") as person:
        person.read_question()
        person.answer("n")
        person.answer("n")
        assert "Would change 1 file, 1 fix:\n" in person.answer("y")
    patch = (tool.directory.parent / "product").read_bytes()
    tool.git("apply", "-", given=patch)
    assert _changed(tool) == ["app/y.py"]


def test_interrupt_at_a_question_writes_nothing(tool: Tool) -> None:
    with session(tool, "fix", "app", "-i") as person:
        person.read_question()
        person.answer("y")
        person.process.send_signal(2)
        assert "interrupted; nothing was written" in person.read_question()
    assert (person.process.returncode, _changed(tool)) == (2, [])


@pytest.mark.parametrize("command", ["diff", "fix"])
def test_nobody_to_ask_is_refused(tmp_path: Path, command: str) -> None:
    tool = make_project(tmp_path)
    done = tool.run(command, "--interactive")
    assert (done.code, done.out) == (2, b"")
    assert done.err == (
        "httpx-fixer: error: --interactive needs a terminal to ask on: standard input and standard error\n"
    )
    assert tool.git("status", "--porcelain") == b""
