"""Comments and settings that silence: `--add-ignore`, `per-file-ignores`, HXF001."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import ESCAPE, LEAK, Tool, make_project

PLACES = {
    "simple": (
        "client.send(request, stream=True)",
        "client.send(request, stream=True)  # httpx-fixer: ignore[HXF301]",
    ),
    "over several lines": (
        "client.send(\n        request,\n        stream=True,\n    )",
        "client.send(  # httpx-fixer: ignore[HXF301]\n        request,\n        stream=True,\n    )",
    ),
    "other comment": (
        "client.send(request, stream=True)  # type: ignore",
        "client.send(request, stream=True)  # type: ignore  # httpx-fixer: ignore[HXF301]",
    ),
    "other code": (
        "client.send(request, stream=True)  # httpx-fixer: ignore[HXF999] a probe",
        "client.send(request, stream=True)  # httpx-fixer: ignore[HXF999, HXF301] a probe",
    ),
    "after a backslash": (
        "client.send(request, \\\n        stream=True)",
        "client.send(request, \\\n        stream=True)  # httpx-fixer: ignore[HXF301]",
    ),
    "after a string": (
        'client.send(build("""\n    """), stream=True)',
        'client.send(build("""\n    """), stream=True)  # httpx-fixer: ignore[HXF301]',
    ),
}


def _with_call(call: str) -> str:
    text = LEAK.replace("client.send(request, stream=True)  # the status is all we want", call)
    assert call in text
    return text


@pytest.mark.parametrize(("call", "silenced"), PLACES.values(), ids=PLACES)
def test_comment_is_put_where_it_counts(tmp_path: Path, call: str, silenced: str) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "app/x.py").write_text(_with_call(call))
    arguments = ("check", "--ignore", "HXF001")
    assert tool.run(*arguments).code == 1
    done = tool.run(*arguments, "--add-ignore")
    assert (done.code, done.out, done.err) == (0, b"", "httpx-fixer: silenced 1 diagnostic in 1 file\n")
    assert (tmp_path / "app/x.py").read_text() == _with_call(silenced)
    assert tool.run(*arguments).code == 0


def test_reason_follows(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert tool.run("check", "--add-ignore=looked at,\n all fine").code == 0
    assert "want  # httpx-fixer: ignore[HXF301] looked at, all fine\n" in (tmp_path / "app/x.py").read_text()
    assert tool.run("check").code == 0


def test_bytes_of_the_file_are_kept(tmp_path: Path) -> None:
    data = b"# coding: latin-1\r\nname = 'caf\xe9'\r\n" + LEAK.replace("\n", "\r\n").encode()
    (tmp_path / "x.py").write_bytes(data)
    assert Tool(tmp_path).run("check", "--add-ignore").code == 0
    want = data.replace(b"all we want", b"all we want  # httpx-fixer: ignore[HXF301]")
    assert (tmp_path / "x.py").read_bytes() == want


def test_only_what_is_reported_is_silenced(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "app/y.py").write_text(ESCAPE)
    done = tool.run("check", "--add-ignore", "--diff-base", "HEAD")
    assert done.err == "httpx-fixer: silenced 1 diagnostic in 1 file\n"
    assert (tmp_path / "app/x.py").read_text() == LEAK


def test_site_with_no_line_for_a_comment_is_told(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    call = 'client.send(request, stream=True), """\n    """'
    (tmp_path / "app/x.py").write_text(_with_call(call))
    done = tool.run("check", "--add-ignore")
    assert (done.code, done.err) == (1, "httpx-fixer: silenced 0 diagnostics in 0 files\n")
    assert done.text.startswith("app/x.py:6:")
    assert (tmp_path / "app/x.py").read_text() == _with_call(call)


def test_comment_that_silences_nothing_is_reported_and_taken_out(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "clean.py").write_text("print(1)  # httpx-fixer: ignore[HXF301] long ago\n")
    tool.git("commit", "-qam", "more")
    done = tool.run("check", "-q", "clean.py")
    assert done.text.startswith("clean.py:1:11 HXF001 `HXF301` is silenced, with nothing to say here\n")
    assert tool.run("check", "--select", "HXF3", "clean.py").code == 0
    assert tool.run("fix", "clean.py").code == 1
    assert (tmp_path / "clean.py").read_text() == "print(1)\n"


def test_settings_silence_files(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    table = "[tool.httpx-fixer.per-file-ignores]\n"
    for glob, words, code in (
        ("app/*.py", '["HXF301"]', 0),
        ("x.py", '["unclosed-stream"]', 0),
        ("app/", '["HXF3"]', 0),
        ("clean.py", '["HXF301"]', 1),
        ("app/*.py", '["HXF1"]', 1),
    ):
        (tmp_path / "pyproject.toml").write_text(f'{table}"{glob}" = {words}\n')
        assert tool.run("check").code == code, (glob, words)
        assert bool(tool.run("diff").out) == bool(code), (glob, words)
