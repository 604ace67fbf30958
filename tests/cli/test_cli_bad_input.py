"""Everything that may be wrong with what the tool is given: a message, an exit code, nothing half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import LEAK, Done, Tool, make_project, obeying_permissions

USES_HTTPX = b"import httpx\n"


def _has_skip(done: Done, path: str, reason: str) -> bool:
    return f"{path} not read: {reason}: " in done.text


def _check(directory: Path, name: str, data: bytes) -> Done:
    """Check a directory with one file."""
    (directory / name).write_bytes(data)
    done = Tool(directory).run("check")
    assert done.err == ""
    return done


@pytest.mark.parametrize("command", ["check", "diff", "fix"])
def test_path_that_does_not_exist(tmp_path: Path, command: str) -> None:
    tool = make_project(tmp_path)
    done = tool.run(command, "app", "nowhere/x.py")
    assert (done.code, done.out) == (2, b"")
    assert done.err == "httpx-fixer: error: nowhere/x.py: No such file or directory\n"
    assert tool.git("status", "--porcelain") == b""


@pytest.mark.parametrize("command", ["check", "diff", "fix"])
def test_no_python_files(tmp_path: Path, command: str) -> None:
    (tmp_path / "notes.txt").touch()
    done = Tool(tmp_path).run(command)
    assert done.code == 0
    assert done.err.startswith("httpx-fixer: no Python files at or below the given paths\n")


def test_unreadable_file(tmp_path: Path) -> None:
    before = obeying_permissions()
    (tmp_path / "x.py").write_text(LEAK)
    (tmp_path / "secret.py").write_text(LEAK)
    (tmp_path / "secret.py").chmod(0)
    done = Tool(tmp_path).run("check", before=before)
    assert done.code == 1
    assert _has_skip(done, "secret.py", "UNREADABLE")
    assert "x.py:6:" in done.text


def test_unreadable_directory(tmp_path: Path) -> None:
    before = obeying_permissions()
    (tmp_path / "secret").mkdir(mode=0)
    done = Tool(tmp_path).run("check", before=before)
    (tmp_path / "secret").chmod(0o700)
    assert done.code == 1
    assert _has_skip(done, "secret", "UNREADABLE")


def test_broken_link(tmp_path: Path) -> None:
    (tmp_path / "x.py").symlink_to("nowhere.py")
    done = Tool(tmp_path).run("check")
    assert done.code == 1
    assert _has_skip(done, "x.py", "UNREADABLE")


@pytest.mark.parametrize("named", [".", "x.py"])
def test_pipe_is_not_waited_for(tmp_path: Path, named: str) -> None:
    os.mkfifo(tmp_path / "x.py")
    done = Tool(tmp_path).run("check", named)
    assert done.code == 0
    assert _has_skip(done, "x.py", "NOT_A_FILE")


@pytest.mark.parametrize("named", [".", "x.py"])
def test_directory_named_like_a_file(tmp_path: Path, named: str) -> None:
    (tmp_path / "x.py").mkdir()
    (tmp_path / "x.py/y.py").write_text(LEAK)
    done = Tool(tmp_path).run("check", named)
    assert done.code == 1
    assert _has_skip(done, "x.py", "NOT_A_FILE")
    assert "x.py/y.py:6:" in done.text


def test_syntax_error_does_not_stop_the_run(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(LEAK)
    done = _check(tmp_path, "old.py", USES_HTTPX + b"print 'hello'\n")
    assert done.code == 1
    assert _has_skip(done, "old.py", "SYNTAX_ERROR")
    assert "good.py:6:" in done.text


@pytest.mark.parametrize(
    "code",
    [
        "type Url = str\n",
        'url = f"{"a"}"\n',
        'url = t"{httpx}"\n',
        "try:\n    pass\nexcept ValueError, httpx.HTTPError:\n    pass\n",
        "try:\n    pass\nexcept* ValueError, httpx.HTTPError:\n    pass\n",
    ],
)
def test_syntax_of_a_newer_python_is_read(tmp_path: Path, code: str) -> None:
    done = _check(tmp_path, "new.py", USES_HTTPX + code.encode())
    assert done.code == 0
    assert "new.py" not in done.text


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ((3, 12), 'url = f"{\n1}"\n'),
        ((3, 15), "lazy import json\n"),
    ],
)
def test_syntax_of_a_newer_python_that_cannot_be_respelt(
    tmp_path: Path, version: tuple[int, int], code: str
) -> None:
    done = _check(tmp_path, "new.py", USES_HTTPX + code.encode())
    if sys.version_info >= version:
        assert done.code == 0
    else:
        assert done.code == 1
        assert _has_skip(done, "new.py", "NEWER_SYNTAX")
        assert f"run under Python {version[0]}.{version[1]} or newer" in done.text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (USES_HTTPX + b"x = 1\0\n", "NUL_BYTE"),
        (USES_HTTPX + b"name = 'caf\xe9'\n", "BAD_ENCODING"),
        (b"# coding: utf-8\n" + USES_HTTPX + b"name = 'caf\xe9'\n", "BAD_ENCODING"),
        (b"# coding: klingon\n" + USES_HTTPX, "BAD_ENCODING"),
        (b"\xef\xbb\xbf# coding: latin-1\n" + USES_HTTPX, "BAD_ENCODING"),
    ],
    ids=["nul", "latin-1 without a cookie", "wrong cookie", "unknown cookie", "contradiction"],
)
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes, reason: str) -> None:
    done = _check(tmp_path, "x.py", data)
    assert done.code == 1
    assert _has_skip(done, "x.py", reason)


def test_latin_1_with_its_cookie_is_read_and_kept(tmp_path: Path) -> None:
    data = b"# coding: latin-1\nname = 'caf\xe9'\n" + LEAK.encode()
    (tmp_path / "x.py").write_bytes(data)
    assert Tool(tmp_path).run("fix").code == 1
    assert (tmp_path / "x.py").read_bytes().startswith(b"# coding: latin-1\nname = 'caf\xe9'\nimport httpx\n")


@pytest.mark.parametrize("command", ["check", "diff"])
@pytest.mark.parametrize(
    "expression",
    [
        "+".join(["1"] * 3000),
        "a" + ".b" * 3000,
        "(" * 3000 + ")" * 3000,
        "-" * 3000 + "1",
        "a" + "(b)" * 3000,
    ],
    ids=["sum", "attributes", "parentheses", "signs", "calls"],
)
def test_deep_expression(tmp_path: Path, command: str, expression: str) -> None:
    (tmp_path / "x.py").write_text(f"{LEAK}\nx = {expression}\n")
    (tmp_path / "good.py").write_text(LEAK)
    done = Tool(tmp_path).run(command)
    assert done.code == 1
    assert "internal error" not in done.err
    assert b"good.py" in done.out
    told = done.text + done.err
    assert "x.py:6:" in told or "x.py not read: " in told or "b/x.py" in told


def test_huge_file_is_not_parsed(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(LEAK)
    done = _check(tmp_path, "data.py", USES_HTTPX + b"x = 1\n" * 900_000)
    assert done.code == 1
    assert _has_skip(done, "data.py", "TOO_LARGE")
    assert "good.py:6:" in done.text


def test_huge_file_may_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.httpx-fixer]\nmax-file-size = 10\n")
    (tmp_path / "x.py").write_text(LEAK)
    done = Tool(tmp_path).run("check")
    assert _has_skip(done, "x.py", "TOO_LARGE")


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf", b"# httpx\n", b"import httpx"])
def test_file_with_nothing_in_it(tmp_path: Path, data: bytes) -> None:
    done = _check(tmp_path, "x.py", data)
    assert (done.code, done.text) == (0, "Nothing to report in 1 Python file.\n")


@pytest.mark.parametrize("command", ["check", "diff", "fix"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("selct = []", '[tool.httpx-fixer] has no key "selct"; did you mean "select"?'),
        ("select = 1", '"select" is to be a list of strings, not 1'),
        ('select = ["HXF999"]', 'no rule is called "HXF999"; did you mean "'),
        ("select = [", "not TOML: "),
    ],
)
def test_configuration_that_cannot_be_meant(tmp_path: Path, command: str, text: str, told: str) -> None:
    tool = make_project(tmp_path)
    file = tmp_path / "pyproject.toml"
    file.write_text(f"[tool.httpx-fixer]\n{text}\n")
    done = tool.run(command)
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith(f"httpx-fixer: error: {file}: ")
    assert told in done.err
    assert done.err.count("\n") == 1
    assert (tmp_path / "app/x.py").read_text() == LEAK


def test_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    before = obeying_permissions()
    (tmp_path / "pyproject.toml").write_text("[tool.httpx-fixer]\n")
    (tmp_path / "pyproject.toml").chmod(0)
    done = Tool(tmp_path).run("check", before=before)
    assert done.code == 2
    assert "pyproject.toml: Permission denied" in done.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--select", "HXF999"), '--select: no rule is called "HXF999"; did you mean "'),
        (("--ignore", "unclosed-steam"), 'did you mean "unclosed-stream"?'),
        (("--exclude", "!"), '--exclude: "!" is not a glob'),
        (("--isolated", "--config", "x.toml"), "--isolated and --config exclude one another"),
        (("--config", "nowhere.toml"), "nowhere.toml: No such file or directory"),
        (("--policy", "keep"), "preserve"),
        (("--output-format", "xml"), "json"),
        (("--unknown",), "--unknown"),
    ],
)
def test_arguments_that_cannot_be_meant(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = Tool(tmp_path).run("check", *arguments)
    assert (done.code, done.out) == (2, b"")
    assert told in done.err


def test_no_arguments_and_unknown_commands(tmp_path: Path) -> None:
    assert Tool(tmp_path).run("chekc").code == 2
    done = Tool(tmp_path).run()
    assert "Usage: httpx-fixer" in done.text + done.err


def test_not_a_git_repository(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(LEAK)
    (tmp_path / "ignored.py").write_text(LEAK)
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    done = Tool(tmp_path).run("check")
    assert (done.code, done.err) == (1, "")
    assert "\n1 diagnostic in 1 file: 1 with a safe fix.\n" in done.text


def test_repository_that_git_does_not_trust(tmp_path: Path) -> None:
    """In a container the files often belong to somebody else than the one who runs git."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    tool = make_project(tmp_path)
    os.chown(tmp_path, 12345, 12345)
    os.chown(tmp_path / ".git", 12345, 12345)
    assert tool.run("check").code == 1
    done = tool.run("fix")
    assert done.code == 2
    assert "cannot ask git what is committed" in done.err
    assert "dubious ownership" in done.err
    assert (tmp_path / "app/x.py").read_text() == LEAK


def test_read_only_directory(tmp_path: Path) -> None:
    before = obeying_permissions()
    tool = make_project(tmp_path)
    (tmp_path / "app").chmod(0o555)
    (tmp_path / "second.py").write_text(LEAK)
    tool.git("add", "-A")
    tool.git("commit", "-qm", "second")
    done = tool.run("fix", before=before)
    (tmp_path / "app").chmod(0o755)
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("httpx-fixer: error: writing failed: app/x.py: ")
    assert "Permission denied" in done.err
    assert tool.git("status", "--porcelain") == b""


def test_read_only_file(tmp_path: Path) -> None:
    before = obeying_permissions()
    tool = make_project(tmp_path)
    (tmp_path / "app/x.py").chmod(0o444)
    done = tool.run("fix", before=before)
    assert done.code == 2
    assert tool.git("status", "--porcelain") == b""


def _interrupt(tool: Tool, command: str, env: dict[str, str], ready: Path) -> tuple[int, bytes, str]:
    """Start a command, press Ctrl-C as soon as the file `ready` is there, and wait."""
    process = subprocess.Popen(
        (sys.executable, "-m", "httpx_fixer", command),  # with -W, `subprocess` tells of the git it killed
        cwd=tool.directory,
        env={**tool.environment(), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not ready.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err.decode()


@pytest.mark.parametrize("command", ["check", "diff", "fix"])
def test_ctrl_c_while_git_is_slow(tmp_path: Path, command: str) -> None:
    tool = make_project(tmp_path)
    bin_directory = tmp_path.parent / f"{tmp_path.name}-bin"
    bin_directory.mkdir()
    ready = bin_directory / "ready"
    (bin_directory / "git").write_text(f"#!/bin/sh\n: > '{ready}'\nexec sleep 60\n")
    (bin_directory / "git").chmod(0o755)
    path = f"{bin_directory}{os.pathsep}{os.environ['PATH']}"
    done = _interrupt(tool, command, {"PATH": path}, ready)
    assert done == (2, b"", "httpx-fixer: interrupted; nothing was written\n")
    assert tool.git("status", "--porcelain") == b""


@pytest.mark.parametrize("command", ["check", "fix"])
def test_ctrl_c_in_a_large_tree(tmp_path: Path, command: str) -> None:
    """Wherever it strikes: exit code 2 and nothing written, or all that was to be written."""
    tool = Tool(tmp_path)
    body = "\n".join(LEAK.replace("count", f"count_{number}") for number in range(40))
    for number in range(400):
        (tmp_path / f"x{number}.py").write_text(body)
    tool.commit()
    process = subprocess.Popen(
        (*tool.command(), command), cwd=tmp_path, env=tool.environment(), stdout=-3, stderr=subprocess.PIPE
    )
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=300)[1].decode()
    changed = tool.git("status", "--porcelain").count(b"\n")
    if process.returncode == 2:
        assert err == "httpx-fixer: interrupted; nothing was written\n"
        assert changed == 0
    else:
        assert changed in {0, 400}
    assert not list(tmp_path.glob(".*.tmp"))


def test_internal_error_is_one_line_and_can_be_seen_in_full(tmp_path: Path) -> None:
    code = "from httpx_fixer import cli\ncli._leave(lambda: 1 / 0)\n"
    done = Tool(tmp_path).python("-c", code)
    assert (done.code, done.out) == (2, b"")
    assert done.err == (
        "httpx-fixer: internal error, please report it (HTTPX_FIXER_DEBUG=1 shows where): "
        "ZeroDivisionError: division by zero\n"
    )
    shown = Tool(tmp_path).python("-c", f"import os\nos.environ['HTTPX_FIXER_DEBUG'] = '1'\n{code}")
    assert "Traceback" in shown.err


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python compiles it")
@pytest.mark.parametrize(("answer", "outcome"), [("0", "with a safe fix"), ("1", "NEWER_SYNTAX: `new.py`")])
def test_file_for_a_newer_python_is_changed_where_one_compiles_it(
    tmp_path: Path, answer: str, outcome: str
) -> None:
    """What compiles it stands in for a Python of the path; no other is found there."""
    newer = tmp_path / "bin" / f"python3.{sys.version_info.minor + 1}"
    newer.parent.mkdir()
    newer.write_text(f"#!/bin/sh\nexit {answer}\n")
    newer.chmod(0o755)
    code = "@app.get('/')\nasync def f():\n    try:\n        async with httpx.AsyncClient() as c:\n"
    code += "            return (await c.get('https://shop.example')).json()\n"
    code += "    except ValueError, httpx.HTTPError:\n        return {}\n"
    text = b"from fastapi import FastAPI\n" + USES_HTTPX + b"app = FastAPI()\n" + code.encode()
    (tmp_path / "new.py").write_bytes(text)
    tool = Tool(tmp_path)
    assert outcome in tool.run("check", env={"PATH": str(newer.parent)}).text
    tool.run("fix", "--select", "HXF101", env={"PATH": str(newer.parent)})
    after = (tmp_path / "new.py").read_bytes()
    assert b"    except ValueError, httpx.HTTPError:\n" in after
    assert (after == text) == (answer == "1")
