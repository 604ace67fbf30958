"""The hooks, installed and run by pre-commit itself from a repository on this machine."""

from __future__ import annotations

import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Tool, make_project

ROOT = Path(__file__).resolve().parent.parent.parent
SHIPPED = (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE", "src")

pytest.importorskip("pre_commit", reason="pre-commit is not installed")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with the hooks as they are in the work tree."""
    place = tmp_path_factory.mktemp("hooks")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place / name)
    Tool(place).commit()
    return place


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what lets pre-commit install the hook from what is installed here, without a network."""
    return {
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("home")),
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # "0" turns the isolation off: pip reads the variable like that
        "PYTHONPATH": ":".join(site.getsitepackages()),
    }


def _pre_commit(tool: Tool, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=tool.directory,
        env={**tool.environment(), **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def _configure(tool: Tool, hooks: Path, hook: str) -> None:
    rev = Tool(hooks).git("rev-parse", "HEAD").decode().strip()
    (tool.directory / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks.as_uri()}\n  rev: {rev}\n  hooks:\n  - id: {hook}\n"
    )
    tool.git("add", "-A")


def test_check_hook_reports_and_changes_nothing(
    tmp_path: Path, hooks: Path, environment: dict[str, str]
) -> None:
    tool = make_project(tmp_path)
    _configure(tool, hooks, "httpx-fixer-check")
    done = _pre_commit(tool, environment, "run", "--all-files")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "app/x.py:6:22 HXF301" in done.stdout
    assert tool.git("diff", "--name-only") == b""
    assert _pre_commit(tool, environment, "run", "--files", "clean.py").returncode == 0


def test_fix_hook_fixes_what_is_staged(tmp_path: Path, hooks: Path, environment: dict[str, str]) -> None:
    tool = make_project(tmp_path)
    _configure(tool, hooks, "httpx-fixer-fix")
    (tmp_path / "app/y.py").write_text((tmp_path / "app/x.py").read_text())
    tool.git("add", "-A")
    done = _pre_commit(tool, environment, "run")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "files were modified by this hook" in done.stdout
    assert tool.git("diff", "--name-only") == b"app/y.py\n"
    tool.git("add", "-A")
    assert _pre_commit(tool, environment, "run").returncode == 0
