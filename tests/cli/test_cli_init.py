"""`init` writes the table with what was found."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from harness import Tool, make_project

from httpx_fixer.config import load_settings
from httpx_fixer.settings import Settings

FOUND = """\
[tool.httpx-fixer]
# Found in 2 Python files when this table was made:
#   rule                    found  safe fix  unsafe fix  by hand  left alone
#   HXF301 unclosed-stream      1         1           0        0  0
"""


def test_file_is_made(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    done = tool.run("init")
    file = tmp_path / "pyproject.toml"
    assert (done.code, done.err) == (0, f"httpx-fixer: added this to {file}; next: httpx-fixer diff\n")
    assert file.read_text() == done.text
    assert done.text.startswith(FOUND)


def test_table_means_what_is_the_case_without_it(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    before = tool.run("diff").out
    tool.run("init")
    assert load_settings(tmp_path / "pyproject.toml", tmp_path, ()) == Settings()
    assert tool.run("diff").out == before


@pytest.mark.parametrize(
    "text",
    [b'[project]\nname = "caf\xc3\xa9"\n', b'[project]\r\nname = "x"\r\n', b'[project]\nname = "x"', b""],
)
def test_what_is_there_stays(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text)
    assert Tool(tmp_path).run("init").code == 0
    after = (tmp_path / "pyproject.toml").read_bytes()
    assert after.startswith(text)
    assert (b"\r\n" in after) is (b"\r\n" in text)
    assert after.count(b"\n") == after.count(b"\r\n") or b"\r\n" not in text
    tool = tomllib.loads(after.decode()).pop("tool")
    assert tool["httpx-fixer"]["policy"] == "recommended"


def test_numbers_of_httpx_may_be_asked_for(tmp_path: Path) -> None:
    assert 'policy = "preserve"\n' in make_project(tmp_path).run("init", "--policy", "preserve").text
    assert load_settings(tmp_path / "pyproject.toml", tmp_path, ()).policy.name == "preserve"


def test_table_that_is_there_is_not_touched(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    tool.run("init")
    before = (tmp_path / "pyproject.toml").read_bytes()
    done = tool.run("init", "app")
    assert (done.code, done.out) == (2, b"")
    assert "there is a table [tool.httpx-fixer] already" in done.err
    assert (tmp_path / "pyproject.toml").read_bytes() == before


@pytest.mark.parametrize("text", [b"tool = {}\n", b"[tool\n", b"\xff\n"])
def test_file_that_takes_no_table_is_not_touched(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text)
    done = Tool(tmp_path).run("init")
    assert (done.code, done.out) == (2, b"")
    assert "by hand" in done.err
    assert (tmp_path / "pyproject.toml").read_bytes() == text
