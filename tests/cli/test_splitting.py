"""`diff --split-by`: patches that apply one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import LEAK, Done, Tool, make_project
from small_shop import make_shop


def make_repository(directory: Path) -> Tool:
    """Make a repository of two packages and two rules; two of the fixes share an owner."""
    (directory / "lib").mkdir(parents=True)
    (directory / "lib/x.py").write_text(LEAK)
    return make_shop(directory)


def _split(tool: Tool, by: str) -> tuple[Done, list[Path]]:
    done = tool.run("diff", "--split-by", by, "--output-dir", "../patches")
    return done, [tool.directory / line for line in done.text.splitlines()]


@pytest.mark.parametrize("by", ["rule", "package", "owner"])
def test_patches_apply_one_after_the_other_and_make_the_whole(tmp_path: Path, by: str) -> None:
    tool = make_repository(tmp_path / "repository")
    done, patches = _split(tool, by)
    assert done.code == 1
    assert [path.name for path in patches] == sorted(path.name for path in (tmp_path / "patches").iterdir())
    assert len(patches) > 1
    for patch in patches:
        tool.git("apply", str(patch))
        for file in tool.directory.rglob("*.py"):
            compile(file.read_bytes(), file, "exec")
    in_parts = tool.git("diff", "--no-renames") + (tool.directory / "shop/http_client.py").read_bytes()
    tool.git("checkout", "-q", ".")
    tool.git("clean", "-fdq")
    tool.run("fix")
    assert (
        in_parts == tool.git("diff", "--no-renames") + (tool.directory / "shop/http_client.py").read_bytes()
    )


def test_patches_are_named_after_what_they_hold(tmp_path: Path) -> None:
    tool = make_repository(tmp_path / "repository")
    _, patches = _split(tool, "owner")
    assert [path.name for path in patches] == ["0001-shop.http_client.patch", "0002-without-owner.patch"]
    head = "without-owner: 1 fix\nPatch 2 of 2; they apply in this order.\n\n  lib/x.py:6 HXF301 "
    assert patches[1].read_text().startswith(head)


def test_old_patches_are_not_mixed_with_new_ones(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    done = tool.run("diff", "--split-by", "rule", "--output-dir", "out")
    assert done.text == "out/0001-HXF301-unclosed-stream.patch\n"
    done = tool.run("diff", "--split-by", "rule", "--output-dir", "out")
    assert (done.code, done.out) == (2, b"")
    assert "out holds patches already" in done.err


def test_nothing_to_fix_makes_no_directory(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("diff", "clean.py", "--split-by", "rule", "--output-dir", "out")
    assert (done.code, done.out) == (0, b"")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [("--split-by", "rule"), ("--output-dir", "out")])
def test_the_two_options_need_one_another(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = make_project(tmp_path).run("diff", *arguments)
    assert (done.code, "need one another" in done.err) == (2, True)


def test_directory_that_is_a_file_is_told(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("diff", "--split-by", "rule", "--output-dir", "clean.py")
    assert done.code == 2
    assert done.err.startswith("httpx-fixer: error: writing failed: clean.py/0001-")


def test_twins_stay_apart(tmp_path: Path) -> None:
    """Two functions of one name say the same words; each package gets its own patch all the same."""
    tool = make_project(tmp_path)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/x.py").write_text(LEAK + LEAK.replace("import httpx\n", ""))
    _, patches = _split(tool, "package")
    assert [path.name for path in patches] == ["0001-app.patch", "0002-lib.patch"]
    for patch in patches:
        tool.git("apply", str(patch))
    assert (tmp_path / "lib/x.py").read_text().count("aclose") == 2
