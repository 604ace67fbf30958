"""`bot`: a branch with a commit a rule, made and pushed without touching anybody's files."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import LEAK, Done, Tool
from small_shop import make_shop

BRANCH = "refs/heads/httpx-fixer/fixes"


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """A clone of a bare repository whose service has fixes of two rules."""
    (tmp_path / "seed/app").mkdir(parents=True)
    (tmp_path / "seed/app/x.py").write_text(LEAK)
    seed = make_shop(tmp_path / "seed")
    seed.git("clone", "-q", "--bare", ".", "../bare.git")
    seed.git("clone", "-q", "../bare.git", "../clone")
    return Tool(tmp_path / "clone")


def _values(done: Done) -> dict[str, str]:
    return dict(line.split("=", 1) for line in done.text.splitlines())


def _subjects(tool: Tool, ref: str) -> list[str]:
    return tool.git("log", "--format=%s", f"HEAD..{ref}").decode().splitlines()


def _remote(tool: Tool) -> str:
    return tool.git("ls-remote", "origin", BRANCH).decode().partition("\t")[0]


def test_branch_has_one_commit_a_rule_and_makes_what_fix_writes(tool: Tool) -> None:
    done = tool.run("bot")
    assert (done.code, done.err) == (1, "")
    assert _subjects(tool, BRANCH) == [
        "Fix unclosed-stream (HXF301) in 1 file",
        "Fix client-per-request (HXF101) in 4 files",
    ]
    assert tool.git("status", "--porcelain") == b""
    tool.run("fix")
    tool.git("add", "-A")
    assert tool.git("diff", "--cached", BRANCH) == b""


def test_commit_says_why_and_where(tool: Tool) -> None:
    tool.run("bot", "--identity", "A Bot <bot@example.org>")
    shown = tool.git("log", "-1", "--format=%an <%ae>, %cn <%ce>%n%B", f"{BRANCH}~1").decode()
    assert shown.startswith("A Bot <bot@example.org>, A Bot <bot@example.org>\nFix client-per-request")
    assert "Building a client takes 20 ms of CPU" in shown
    assert "\n- shop/orders.py:11: `httpx.AsyncClient(...)` is built on every call of `read_order`\n" in shown
    assert "\n- read timeout: 5 s -> 30 s\n" in shown
    assert shown.rstrip().endswith("\n\nMade-by: httpx-fixer bot")


def test_title_and_body_are_files(tool: Tool) -> None:
    values = _values(tool.run("bot", "--output-dir", "../words"))
    assert (values["commits"], values["changed"]) == ("2", "true")
    assert (tool.directory / values["title"]).read_text() == "Fix misuse of httpx: 3 fixes in 5 files\n"
    assert (tool.directory / values["body"]).read_text().startswith("## What\n\n3 fixes in 5 files.")
    inside = _values(tool.run("bot"))
    assert Path(inside["title"]).is_relative_to(tool.directory / ".git")
    assert tool.git("status", "--porcelain") == b""


def test_second_run_changes_nothing(tool: Tool) -> None:
    first, second = (_values(tool.run("bot", "--push", "origin")) for _ in range(2))
    assert (first["changed"], second["changed"]) == ("true", "false")
    assert first["commit"] == second["commit"] == _remote(tool)


def test_own_branch_follows_the_base(tool: Tool) -> None:
    old = _values(tool.run("bot", "--push", "origin"))["commit"]
    (tool.directory / "app/y.py").write_text(LEAK)
    tool.git("add", "-A")
    tool.git("commit", "-qm", "One more")
    new = _values(tool.run("bot", "--push", "origin"))["commit"]
    assert _remote(tool) == new != old
    assert _subjects(tool, new)[0] == "Fix unclosed-stream (HXF301) in 2 files"


def test_fresh_clone_updates_the_branch_of_an_earlier_run(tool: Tool) -> None:
    tool.run("bot", "--push", "origin")
    tool.git("clone", "-q", "../bare.git", "../other")
    other = Tool(tool.directory.parent / "other")
    (other.directory / "app/x.py").write_text("print(1)\n")
    other.git("commit", "-qam", "Less")
    values = _values(other.run("bot", "--push", "origin"))
    assert (values["commits"], _remote(other)) == ("1", values["commit"])


def test_commits_of_others_are_never_pushed_over(tool: Tool) -> None:
    tool.run("bot", "--push", "origin")
    tool.git("clone", "-q", "-b", "httpx-fixer/fixes", "../bare.git", "../person")
    person = Tool(tool.directory.parent / "person")
    (person.directory / "app/x.py").write_text("print('mine')\n")
    person.git("commit", "-qam", "Mine")
    person.git("push", "-q", "origin", "httpx-fixer/fixes")
    theirs = _remote(person)
    (tool.directory / "app/y.py").write_text(LEAK)
    tool.git("add", "-A")
    tool.git("commit", "-qm", "One more")
    done = tool.run("bot", "--push", "origin")
    assert (done.code, done.out) == (2, b"")
    assert "origin/httpx-fixer/fixes holds a commit of somebody else (" in done.err
    assert " t <t@example.org>" in done.err
    assert _remote(tool) == theirs


def test_own_commit_that_somebody_amended_is_theirs(tool: Tool) -> None:
    tool.run("bot")
    tool.git("worktree", "add", "-q", "../linked", "httpx-fixer/fixes")
    (tool.directory.parent / "linked/app/x.py").write_text("print('mine')\n")
    tool.git("commit", "-qa", "--amend", "--no-edit", directory=tool.directory.parent / "linked")
    tool.git("worktree", "remove", "--force", "../linked")
    theirs = tool.git("rev-parse", BRANCH)
    done = tool.run("bot")
    assert (done.code, "holds a commit of somebody else" in done.err) == (2, True)
    assert tool.git("rev-parse", BRANCH) == theirs


def test_branch_in_use_is_left_alone(tool: Tool) -> None:
    tool.git("checkout", "-qb", "httpx-fixer/fixes")
    done = tool.run("bot")
    assert (
        done.err
        == "httpx-fixer: error: cannot move the branch: the branch httpx-fixer/fixes is checked out\n"
    )


def test_work_tree_has_to_be_clean(tool: Tool) -> None:
    (tool.directory / "shop/main.py").write_text("print(1)\n")
    done = tool.run("bot")
    assert (done.code, done.out) == (2, b"")
    assert done.err.endswith("bot needs a clean work tree; these files are changed:\n M shop/main.py\n")


def test_nothing_to_fix_makes_no_branch(tool: Tool) -> None:
    done = tool.run("bot", "shop/main.py")
    assert (done.code, done.text) == (0, "commits=0\n")
    assert tool.git("branch", "--list", "httpx-fixer/*") == b""


def test_remote_that_does_not_answer_is_told(tool: Tool) -> None:
    done = tool.run("bot", "--push", "../nowhere.git")
    assert done.code == 2
    assert done.err.startswith("httpx-fixer: error: cannot move the branch: ")


def test_identity_is_a_name_and_an_address(tool: Tool) -> None:
    done = tool.run("bot", "--identity", "somebody")
    assert (done.code, '--identity is to be "Name <address>"' in done.err) == (2, True)


def test_line_endings_and_modes_are_those_of_the_repository(tool: Tool) -> None:
    """Files are checked out with CRLF here, and one is executable; the commits change neither."""
    (tool.directory / "app/x.py").chmod(0o755)
    tool.git("commit", "-qam", "Executable")
    tool.git("config", "core.autocrlf", "true")
    (tool.directory / "app/x.py").write_bytes(LEAK.replace("\n", "\r\n").encode())
    tool.git("add", "--renormalize", ".")
    tool.run("bot", "app")
    shown = tool.git("show", "--format=", BRANCH)
    assert b"\r" not in shown
    assert b"mode" not in shown
    assert shown.count(b"\n+") < 10
