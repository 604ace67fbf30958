"""The GitHub action: its script, run as its steps do, against a repository on this machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import LEAK, Tool, make_project

ROOT = Path(__file__).parent.parent.parent
GH = """\
#!/bin/sh
# Stands for GitHub's own program: writes down what it is asked, and knows the pull requests of a file.
printf '%s\\n' "$*" >>"$GH_LOG"
if [ "$2" = list ]; then cat "$GH_OPEN"; fi
"""


class Runner:
    """A machine of GitHub's with a clone of a bare repository; `variables` are the inputs of the action."""

    def __init__(self, place: Path) -> None:
        self.temp = place / "temp"
        (self.temp / "httpx-fixer/bin").mkdir(parents=True)
        command = self.temp / "httpx-fixer/bin/httpx-fixer"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error -m httpx_fixer "$@"\n')
        command.chmod(0o755)
        (place / "seed").mkdir()
        seed = make_project(place / "seed")
        seed.git("branch", "-M", "main")
        seed.git("clone", "-q", "--bare", ".", "../bare.git")
        seed.git("clone", "-q", "../bare.git", "../clone")
        self.tool = Tool(place / "clone")
        (place / "bin").mkdir()
        (place / "bin/gh").write_text(GH)
        (place / "bin/gh").chmod(0o755)
        (place / "open").write_text("")
        self.place = place
        self.variables = {
            "MODE": "check",
            "PATHS": ".",
            "ARGUMENTS": "",
            "SARIF": "false",
            "FAIL": "true",
            "BRANCH": "httpx-fixer/fixes",
            "BASE": "main",
            "HEAD": "main",
            "IDENTITY": "A Bot <bot@example.org>",
        }

    def step(self, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = self.tool.environment()
        paths = {
            "PATH": f"{self.place / 'bin'}:{environment['PATH']}",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.place / "output"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GH_LOG": str(self.place / "asked"),
            "GH_OPEN": str(self.place / "open"),
        }
        return subprocess.run(
            ("sh", str(ROOT / "scripts/action.sh"), name),
            cwd=self.tool.directory,
            env={**environment, **paths, **self.variables, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.place / "output").read_text().splitlines())

    def asked(self) -> list[str]:
        return (self.place / "asked").read_text().splitlines()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_check_annotates_and_the_verdict_fails(runner: Runner) -> None:
    done = runner.step("run")
    assert done.returncode == 0
    assert re.search(r"^::\w+ .*file=app/x\.py,line=6", done.stdout, re.M)
    assert runner.outputs() == {"code": "1"}
    assert runner.step("verdict", CODE="1").returncode == 1
    assert runner.step("verdict", CODE="1", FAIL="false").returncode == 0
    assert runner.step("verdict", CODE="0").returncode == 0


def test_check_writes_sarif_to_be_uploaded(runner: Runner) -> None:
    assert runner.step("run", SARIF="true", ARGUMENTS="--select HXF3 --quiet").returncode == 0
    results = json.loads(Path(runner.outputs()["sarif"]).read_text())["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["HXF301"]


def test_check_that_cannot_work_fails_at_once(runner: Runner) -> None:
    assert runner.step("run", PATHS="nowhere").returncode == 2


def test_paths_are_neither_expanded_nor_run(runner: Runner) -> None:
    done = runner.step("run", PATHS="clean.py $(touch${IFS}ran)")
    assert done.returncode == 2
    assert not (runner.tool.directory / "ran").exists()


def test_commit_goes_to_the_branch_itself(runner: Runner) -> None:
    before = runner.tool.git("rev-parse", "HEAD").decode().strip()
    assert runner.step("run", MODE="commit").returncode == 0
    runner.tool.git("fetch", "-q", "origin")
    log = runner.tool.git("log", "--format=%P %cn %s", "HEAD..origin/main").decode()
    assert log == f"{before} A Bot Fix unclosed-stream (HXF301) in 1 file\n"
    assert runner.outputs() == {"commits": "1", "code": "1"}


def test_commit_wants_the_branch_checked_out(runner: Runner) -> None:
    """A pull request is checked out as its merge with the base, which is not to be pushed."""
    runner.tool.git("commit", "-q", "--allow-empty", "-m", "Merge")
    done = runner.step("run", MODE="commit")
    assert done.returncode == 2
    assert done.stdout.startswith("::error::main is not what is checked out; give actions/checkout")


def test_pull_request_is_opened_and_then_edited(runner: Runner) -> None:
    assert runner.step("run", MODE="pull-request").returncode == 0
    title, body = "Fix unclosed-stream in 1 file", runner.temp / "httpx-fixer-words/body.md"
    words = f"--title {title} --body-file {body}"
    assert runner.asked()[1] == f"pr create --head httpx-fixer/fixes --base main {words}"
    assert "HXF301" in body.read_text()
    assert runner.tool.git("ls-remote", "origin", "refs/heads/httpx-fixer/fixes")
    (runner.place / "open").write_text("7\n")
    assert runner.step("run", MODE="pull-request").returncode == 0
    assert runner.asked()[3] == f"pr edit httpx-fixer/fixes {words}"


def test_nothing_to_fix_opens_nothing(runner: Runner) -> None:
    assert runner.step("run", MODE="pull-request", PATHS="clean.py").returncode == 0
    assert runner.outputs() == {"commits": "0", "code": "0"}
    assert not (runner.place / "asked").exists()


def test_failure_of_the_bot_is_a_failure(runner: Runner) -> None:
    (runner.tool.directory / "app/x.py").write_text(LEAK + "\n")
    done = runner.step("run", MODE="pull-request")
    assert (done.returncode, "bot needs a clean work tree" in done.stderr) == (2, True)


def test_unknown_mode_is_told(runner: Runner) -> None:
    done = runner.step("run", MODE="repair")
    assert (done.returncode, done.stdout) == (
        2,
        "::error::mode is check, commit or pull-request, not repair\n",
    )


def test_shell_of_the_action_is_the_script_only() -> None:
    text = (ROOT / "action.yml").read_text()
    runs = re.findall(r"^ +run: (.*)$", text, re.M)
    assert runs == [
        f'sh "$GITHUB_ACTION_PATH/scripts/action.sh" {step}' for step in ("install", "run", "verdict")
    ]
    inputs = set(re.findall(r"^  (\w+):\n    description", text.partition("outputs:")[0], re.M))
    assert inputs == set(re.findall(r"inputs\.(\w+)", text))


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_script_has_no_complaints() -> None:
    options = ("--exclude=SC2086", "--exclude=SC2153")  # words are split on purpose; variables are inputs
    done = subprocess.run(
        ("shellcheck", *options, ROOT / "scripts/action.sh"), capture_output=True, check=False
    )
    assert done.stdout == b""
