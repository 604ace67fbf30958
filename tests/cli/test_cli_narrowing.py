"""Reporting only what is new: `--diff-base`, `--baseline` and `baseline write`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import ESCAPE, LEAK, Tool, make_project

BASELINE = ".httpx-fixer-baseline.json"
NAMES = ["x.py", "a b.py", "größe.py", 'quote".py', "tab\t.py"]


def _sites(tool: Tool, *arguments: str, directory: Path | None = None) -> list[str]:
    """Return the places that `check` reports."""
    out = tool.run("check", "--output-format", "json", *arguments, directory=directory).out
    return [f"{each['path']}:{each['start']['line']}" for each in json.loads(out)["diagnostics"]]


# Changed lines.


def test_only_changed_lines_are_reported(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert _sites(tool) == ["app/x.py:6"]
    assert _sites(tool, "--diff-base", "HEAD") == []
    (tmp_path / "app/x.py").write_text("import os\n" + LEAK)
    assert _sites(tool, "--diff-base", "HEAD") == []
    (tmp_path / "app/x.py").write_text(LEAK.replace("  # the status is all we want", ""))
    assert _sites(tool, "--diff-base", "HEAD") == ["app/x.py:6"]


@pytest.mark.parametrize("name", NAMES)
def test_name_of_a_changed_file_may_be_odd(tmp_path: Path, name: str) -> None:
    tool = make_project(tmp_path)
    (tmp_path / name).write_text("import httpx\n")
    tool.git("add", "-A")
    tool.git("commit", "-qm", "more")
    (tmp_path / name).write_text(LEAK)
    assert _sites(tool, "--diff-base", "HEAD") == [f"{name}:6"]
    tool.git("add", "-A")
    tool.git("commit", "-qm", "more")
    assert _sites(tool, "--diff-base", "HEAD") == []
    assert _sites(tool, "--diff-base", "HEAD~") == [f"{name}:6"]


def test_untracked_file_has_changed(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "app/new.py").write_text(LEAK)
    assert _sites(tool, "--diff-base", "HEAD") == ["app/new.py:6"]
    assert _sites(tool, "--diff-base", "HEAD", directory=tmp_path / "app") == ["new.py:6"]


def test_line_removed_inside_of_a_site_counts(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    long = LEAK.replace(
        "request, stream=True", "\n        request,\n        auth=None,\n        stream=True,\n    "
    )
    (tmp_path / "app/x.py").write_text(long)
    tool.git("commit", "-qam", "long")
    (tmp_path / "app/x.py").write_text(long.replace("        auth=None,\n", ""))
    assert _sites(tool, "--diff-base", "HEAD") == ["app/x.py:6"]
    (tmp_path / "app/x.py").write_text(long.replace("    return response.status_code\n", ""))
    assert _sites(tool, "--diff-base", "HEAD") == []


def test_base_that_went_on_does_not_count(tmp_path: Path) -> None:
    """What changed on the base since the work branched off is none of its changes."""
    tool = make_project(tmp_path)
    tool.git("branch", "work")
    (tmp_path / "app/x.py").write_text("import httpx\n")
    tool.git("commit", "-qam", "fixed on the base")
    tool.git("branch", "base")
    tool.git("checkout", "-q", "work")
    assert _sites(tool, "--diff-base", "base") == []


def test_renamed_file_has_not_changed(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    tool.git("mv", "app/x.py", "app/y.py")
    assert _sites(tool, "--diff-base", "HEAD") == []


def test_own_settings_of_git_do_not_matter(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    for key, value in (("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("color.ui", "always")):
        tool.git("config", key, value)
    (tmp_path / "app/x.py").write_text(LEAK.replace("  # the status is all we want", ""))
    assert _sites(tool, "--diff-base", "HEAD") == ["app/x.py:6"]


def test_base_that_is_none(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    done = tool.run("check", "--diff-base", "nowhere")
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("httpx-fixer: error: --diff-base nowhere: ")


def test_what_is_not_reported_is_counted(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("check", "--diff-base", "HEAD")
    assert (done.code, done.text) == (
        0,
        "Nothing to report in 2 Python files; 1 not reported, being in the baseline or on unchanged lines.\n",
    )


# The baseline.


def test_known_diagnostics_are_not_reported(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    done = tool.run("baseline", "write")
    assert (done.code, done.out, done.err) == (0, b"", f"httpx-fixer: 1 diagnostic in {BASELINE}\n")
    assert tool.run("check", "--baseline", BASELINE).code == 0
    (tmp_path / "app/x.py").write_text(LEAK.replace("import httpx\n", "import httpx\nimport os\n"))
    assert tool.run("check", "--baseline", BASELINE).code == 0
    (tmp_path / "app/y.py").write_text(LEAK)
    assert _sites(tool, "--baseline", BASELINE) == ["app/y.py:6"]


def test_file_of_the_baseline(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    tool.run("baseline", "write", "--baseline", "app/known.json")
    document = json.loads((tmp_path / "app/known.json").read_text())
    fingerprint = document["diagnostics"][0]["fingerprint"]
    assert document == {
        "schema_version": 1,
        "diagnostics": [{"path": "x.py", "code": "HXF301", "fingerprint": fingerprint}],
    }
    assert len(fingerprint) == 32


def test_baseline_may_only_shrink(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    tool.run("baseline", "write")
    before = (tmp_path / BASELINE).read_text()
    (tmp_path / "app/y.py").write_text(LEAK)
    done = tool.run("baseline", "write")
    assert (done.code, done.text.splitlines()[0].partition(" ")[0]) == (1, f"app/y.py:6:{22}")
    assert done.err == "httpx-fixer: nothing was written: 1 new; fix them, or give --grow\n"
    assert (tmp_path / BASELINE).read_text() == before
    assert tool.run("baseline", "write", "--grow").code == 0
    assert tool.run("check", "--baseline", BASELINE).code == 0
    (tmp_path / "app/y.py").unlink()
    assert tool.run("baseline", "write").code == 0
    assert (tmp_path / BASELINE).read_text() == before


def test_what_is_gone_is_told(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    tool.run("baseline", "write")
    (tmp_path / "app/x.py").write_text("import httpx\n")
    done = tool.run("check", "--baseline", BASELINE)
    assert done.code == 0
    assert done.err.startswith("httpx-fixer: 1 of 1 in the baseline no longer found; ")
    assert tool.run("check", "--baseline", BASELINE, "clean.py").err == ""


def test_baseline_of_a_part_keeps_the_rest(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "tool.py").write_text(ESCAPE)
    tool.run("baseline", "write")
    before = (tmp_path / BASELINE).read_text()
    assert tool.run("baseline", "write", "app").code == 0
    assert (tmp_path / BASELINE).read_text() == before


def test_baseline_holds_whatever_is_named(tmp_path: Path) -> None:
    """Fingerprints do not depend on the directory that a run was started in, or for."""
    tool = make_project(tmp_path)
    (tmp_path / "app/pyproject.toml").write_text("")
    tool.run("baseline", "write")
    assert tool.run("check", "--baseline", BASELINE, "app/x.py").code == 0
    assert tool.run("check", "--baseline", f"../{BASELINE}", directory=tmp_path / "app").code == 0


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema_version": 1}', '{"schema_version": 2, "diagnostics": []}']
)
def test_baseline_that_is_none(tmp_path: Path, text: str) -> None:
    tool = make_project(tmp_path)
    (tmp_path / BASELINE).write_text(text)
    for arguments in (("check", "--baseline", BASELINE), ("baseline", "write")):
        done = tool.run(*arguments)
        assert (done.code, done.out) == (2, b"")
        assert BASELINE in done.err


def test_baseline_that_is_not_there(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("check", "--baseline", "nowhere.json")
    assert (done.code, done.err) == (
        2,
        f"httpx-fixer: error: {tmp_path}/nowhere.json: No such file or directory\n",
    )
