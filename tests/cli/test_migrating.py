"""`fix --verify` and `undo`: what fails because of a fix takes that fix back, and only that."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from harness import LEAK, Tool, make_project
from small_shop import make_shop

PYTEST = f"PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {sys.executable} -m pytest -q -p no:cacheprovider"
TESTS = """\
from pathlib import Path


def test_fails_anyhow():
    assert False


def test_b_is_as_it_was():
    assert "aclose" not in Path("app/b.py").read_text()


def test_d_is_as_it_was():
    assert "aclose" not in Path("app/d.py").read_text()
"""


def make_tested(directory: Path) -> Tool:
    """Make a project of four sites, two of which a test wants as they are; one test fails anyhow."""
    (directory / "app").mkdir()
    for name in "abcd":
        (directory / f"app/{name}.py").write_text(LEAK)
    (directory / "tests").mkdir()
    (directory / "tests/test_app.py").write_text(TESTS)
    tool = Tool(directory)
    tool.commit()
    return tool


def _fixed(directory: Path) -> str:
    return "".join(file.stem for file in sorted(directory.glob("app/*.py")) if "aclose" in file.read_text())


def test_fixes_that_fail_a_test_are_taken_back_and_no_others(tmp_path: Path) -> None:
    tool = make_tested(tmp_path)
    done = tool.run("fix", "--verify", PYTEST)
    assert (done.code, _fixed(tmp_path)) == (1, "ac")
    assert "on the untouched tree: 1 failed, 2 passed\n" in done.err
    assert "with the fixes: 3 failed, 0 passed\n" in done.err
    for name, line in (("b", 8), ("d", 12)):
        assert f"  app/{name}.py:6:22 HXF301 " in done.err
        assert (
            f"left alone: TESTS_FAILED: `tests/test_app.py::test_{name}_is_as_it_was` fails with this fix "
            f"(tests/test_app.py:{line})\n"
        ) in done.err
    assert "Changed 2 files, 2 fixes:\n" in done.err
    assert tool.git("status", "--porcelain") == b" M app/a.py\n M app/c.py\n"


def test_what_stands_the_tests_stays(tmp_path: Path) -> None:
    tool = make_tested(tmp_path)
    done = tool.run("fix", "app/a.py", "--verify", PYTEST)
    assert (done.code, _fixed(tmp_path), "TESTS_FAILED" in done.err) == (1, "a", False)


def test_command_that_knows_no_tests_is_compared_by_its_exit_code(tmp_path: Path) -> None:
    tool = make_tested(tmp_path)
    done = tool.run("fix", "--verify", "echo looking; ! grep -q aclose app/c.py || { echo found; exit 3; }")
    assert (done.code, _fixed(tmp_path)) == (1, "abd")
    assert (
        "aclose app/c.py || { echo found; exit 3; }` ended with exit code 3: found (app/c.py:6)\n" in done.err
    )


def test_command_that_fails_anyhow_and_names_no_test_writes_nothing(tmp_path: Path) -> None:
    tool = make_tested(tmp_path)
    done = tool.run("fix", "--verify", "false")
    assert (done.code, done.out, _fixed(tmp_path)) == (2, b"", "")
    assert "error: nothing was written: `false` ended with exit code 1 on the untouched tree" in done.err


def test_quiet_run_tells_nothing_on_the_way(tmp_path: Path) -> None:
    assert make_tested(tmp_path).run("fix", "-q", "--verify", "true").err == ""


def test_nothing_to_fix_runs_no_command(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert tool.run("fix", "clean.py", "--verify", "touch ran").code == 0
    assert not (tmp_path / "ran").exists()


def test_owner_that_fails_takes_all_that_it_serves_back_in_few_runs(tmp_path: Path) -> None:
    """Each of four sites would need the owner; one run with nothing but the owner tells."""
    tool = make_shop(tmp_path)
    for name in ("rates", "stocks"):
        text = (tmp_path / "shop/prices.py").read_text().replace("price", name)
        (tmp_path / f"shop/{name}.py").write_text(text)
    text = (tmp_path / "shop/orders.py").read_text()
    imports = "from shop.rates import fetch_rates\nfrom shop.stocks import fetch_stocks\n"
    (tmp_path / "shop/orders.py").write_text(text.replace("\nrouter", imports + "\nrouter", 1))
    (tmp_path / "shop/leak.py").write_text(LEAK)
    tool.git("add", "-A")
    tool.git("commit", "-qm", "more")
    done = tool.run("fix", "--verify", "test ! -e shop/http_client.py")
    assert done.err.count("left alone: TESTS_FAILED") == 4
    assert done.err.count("httpx-fixer: with ") == 3
    assert tool.git("status", "--porcelain") == b" M shop/leak.py\n"


def test_killed_run_is_put_right_by_the_next(tmp_path: Path) -> None:
    tool = make_tested(tmp_path)
    killing = "if grep -q aclose app/a.py; then kill -9 $PPID; fi"
    assert tool.run("fix", "--verify", killing).code == -9
    assert _fixed(tmp_path) == "abcd"
    assert "a run is under way here, or was killed" in tool.run("check").err
    done = tool.run("fix", "app/c.py")
    assert done.err.startswith(
        "httpx-fixer: an earlier run was killed while it wrote; 4 files put back as before it\n"
    )
    assert _fixed(tmp_path) == "c"
    assert tool.run("check").err == ""


def test_what_somebody_changed_after_a_killed_run_is_not_touched(tmp_path: Path) -> None:
    tool = make_tested(tmp_path)
    tool.run("fix", "--verify", "if grep -q aclose app/a.py; then kill -9 $PPID; fi")
    (tmp_path / "app/b.py").write_text("print('mine, aclose')\n")
    done = tool.run("undo")
    assert (done.code, _fixed(tmp_path)) == (1, "b")
    assert "3 files put back" in done.err
    assert "left as it is, since somebody changed it: app/b.py\n" in done.err


@pytest.mark.parametrize("signal", ["TERM", "INT", "HUP"])
def test_interrupted_run_leaves_everything_as_it_was(tmp_path: Path, signal: str) -> None:
    tool = make_tested(tmp_path)
    done = tool.run("fix", "--verify", f"if grep -q aclose app/a.py; then kill -{signal} $PPID; sleep 9; fi")
    assert (done.code, _fixed(tmp_path)) == (2, "")
    assert done.err.endswith("httpx-fixer: interrupted; nothing was written\n")
    assert tool.git("status", "--porcelain") == b""
    assert tool.run("undo").code == 2


def test_second_run_does_not_disturb_one_under_way(tmp_path: Path) -> None:
    tool = make_tested(tmp_path)
    inner = " ".join((*tool.command(), "fix", "app/b.py"))
    done = tool.run(
        "fix", "app/a.py", "--verify", f"if grep -q aclose app/a.py; then {inner} 2>inner; fi; true"
    )
    assert (done.code, _fixed(tmp_path)) == (1, "a")
    assert "is at work here; if that is no httpx-fixer, remove " in (tmp_path / "inner").read_text()


def test_undo_restores_what_the_last_run_changed(tmp_path: Path) -> None:
    tool = make_shop(tmp_path)
    assert tool.run("fix").err.endswith("`httpx-fixer undo` takes this run back.\n")
    assert b"?? shop/http_client.py\n" in tool.git("status", "--porcelain")
    done = tool.run("undo")
    assert (done.code, done.out) == (0, b"")
    assert done.err.startswith("Put back 4 files:\n  shop/http_client.py\n")
    assert tool.git("status", "--porcelain") == b""
    assert tool.run("undo").err == "httpx-fixer: error: there is no run to undo\n"


def test_undo_refuses_where_a_file_was_changed_since(tmp_path: Path) -> None:
    tool = make_tested(tmp_path)
    tool.run("fix")
    (tmp_path / "app/b.py").write_text("print('mine')\n")
    done = tool.run("undo")
    assert (done.code, _fixed(tmp_path)) == (2, "acd")
    assert done.err == "httpx-fixer: error: nothing was undone: these files were changed since\n  app/b.py\n"


def test_undo_works_in_a_linked_work_tree(tmp_path: Path) -> None:
    make_tested(tmp_path).git("worktree", "add", "-q", "linked")
    linked = Tool(tmp_path / "linked")
    linked.run("fix")
    assert linked.run("undo").code == 0
    assert linked.git("status", "--porcelain") == b""
