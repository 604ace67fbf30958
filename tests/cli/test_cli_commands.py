"""The commands, from arguments to exit codes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from harness import ESCAPE, LEAK, Tool, make_project

HXF301 = "app/x.py:6:"


def test_version_names_tool_parser_and_python(tmp_path: Path) -> None:
    done = Tool(tmp_path).run("--version")
    assert re.fullmatch(r"httpx-fixer \d+\.\d+\.\d+\S* \(libcst \S+, Python \S+\)\n", done.text)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    "arguments", [("--help",), ("check", "--help"), ("diff", "--help"), ("fix", "--help")]
)
def test_help_goes_to_standard_output(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = Tool(tmp_path).run(*arguments, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.text.startswith("Usage: httpx-fixer")


def test_start_loads_neither_the_rules_nor_what_writes(tmp_path: Path) -> None:
    code = "import sys, httpx_fixer.cli; print(*sys.modules)"
    loaded = Tool(tmp_path).python("-c", code).text.split()
    assert not {"libcst", "pathspec", "httpx_fixer.pipeline", "httpx_fixer.report"}.intersection(loaded)


def test_check_reports_and_changes_nothing(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    done = tool.run("check")
    assert (done.code, done.err) == (1, "")
    assert done.text.startswith(HXF301)
    assert "\n1 diagnostic in 1 file: 1 with a safe fix.\n" in done.text
    assert tool.git("status", "--porcelain") == b""


def test_check_of_clean_code(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("check", "clean.py")
    assert (done.code, done.text, done.err) == (0, "Nothing to report in 1 Python file.\n", "")


def test_check_does_not_load_what_writes(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom httpx_fixer.cli import main\nsys.argv = ['x', 'check']\n"
        "try:\n    main()\nexcept SystemExit:\n    print('libcst' in sys.modules)\n"
    )
    assert make_project(tmp_path).python("-c", code).text.endswith("\nFalse\n")


@pytest.mark.parametrize("command", ["check", "diff", "fix"])
def test_exit_zero(tmp_path: Path, command: str) -> None:
    assert make_project(tmp_path).run(command, "--exit-zero").code == 0


def test_exit_zero_does_not_hide_that_the_tool_could_not_work(tmp_path: Path) -> None:
    assert Tool(tmp_path).run("check", "--exit-zero", "nowhere").code == 2


def test_quiet_leaves_counts_and_summary_out(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert len(tool.run("check", "-q").text.splitlines()) == 4
    assert tool.run("diff", "--quiet").err == ""
    assert tool.run("fix", "-q").err == ""


def test_check_as_json(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("check", "--output-format", "json", "--color", "always")
    report = json.loads(done.out)
    assert (done.code, done.err) == (1, "")
    assert [(each["code"], each["path"]) for each in report["diagnostics"]] == [("HXF301", "app/x.py")]
    assert report["summary"]["files_seen"] == 2


@pytest.mark.parametrize("name", ["sarif", "rdjson", "markdown", "github", "gitlab", "junit", "json-lines"])
def test_format_for_others_is_printed_and_nothing_else(tmp_path: Path, name: str) -> None:
    done = make_project(tmp_path).run("check", "--output-format", name, "--color", "always")
    assert (done.code, done.err) == (1, "")
    assert b"app/x.py" in done.out
    assert b"\x1b" not in done.out


def test_sarif_and_rdjson_carry_the_fix(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    result = json.loads(tool.run("check", "--output-format", "sarif").out)["runs"][0]["results"][0]
    replaced = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert "aclose" in "".join(one["insertedContent"]["text"] for one in replaced)
    suggestion = json.loads(tool.run("check", "--output-format", "rdjson").out)["diagnostics"][0][
        "suggestions"
    ]
    start, end = (suggestion[0]["range"][key]["line"] for key in ("start", "end"))
    lines = LEAK.splitlines(keepends=True)
    tool.run("fix")
    fixed = "".join(lines[: start - 1]) + suggestion[0]["text"] + "".join(lines[end - 1 :])
    assert (tmp_path / "app/x.py").read_text() == fixed


def test_report_goes_into_a_file(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    printed = tool.run("check").out
    done = tool.run("check", "--output-file", "report.txt", env={"FORCE_COLOR": "1"})
    assert (done.code, done.out, done.err) == (1, b"", "")
    assert (tmp_path / "report.txt").read_bytes() == printed


def test_report_that_cannot_be_written(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("check", "--output-file", "nowhere/report.txt")
    assert (done.code, done.out) == (2, b"")
    assert done.err == "httpx-fixer: error: nowhere/report.txt: No such file or directory\n"


def test_fix_writes_a_report_only_where_one_is_asked_for(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert tool.run("fix", "--output-file", "report.txt").out == b""
    assert (tmp_path / "report.txt").read_text().startswith("app/x.py:6:22 HXF301 ")


def test_statistics_are_the_counts_alone(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    done = tool.run("check", "--statistics")
    assert done.text == (
        "rule                    found  safe fix  unsafe fix  by hand  left alone\n"
        "HXF301 unclosed-stream      1         1           0        0  0\n"
        "1 diagnostic in 1 file: 1 with a safe fix.\n"
        "`httpx-fixer explain` tells more of a code, and of a reason why something was left alone.\n"
    )


def test_width_of_the_terminal_does_not_matter(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert tool.run("check", env={"COLUMNS": "20"}) == tool.run("check", env={"COLUMNS": "300"})


def test_paths_are_relative_to_where_the_tool_was_started(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert tool.run("check", directory=tmp_path / "app").text.startswith("x.py:6:")
    done = tool.run("check", "--output-format=json", "../app", directory=tmp_path / "app")
    assert json.loads(done.out)["diagnostics"][0]["path"] == "x.py"


def test_two_runs_print_the_same(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    for command in ("check", "diff"):
        first, second = (tool.run(command, env={"PYTHONHASHSEED": seed}) for seed in "12")
        assert first == second


def test_only_what_is_named_is_reported(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "tool.py").write_text(LEAK)
    done = tool.run("check", "-q", "tool.py")
    assert [line.partition(":")[0] for line in done.text.splitlines()[::4]] == ["tool.py"]


def test_select_and_ignore(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert tool.run("check", "--select", "HXF1").code == 0
    assert tool.run("check", "--select", "HXF1,HXF301").code == 1
    assert tool.run("check", "--select", "HXF1", "--select", "unclosed-stream").code == 1
    assert tool.run("check", "--ignore", "HXF301").code == 0


def test_command_line_beats_the_file(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.httpx-fixer]\nignore = ["HXF3"]\n')
    assert tool.run("check").code == 0
    assert tool.run("check", "--select", "HXF301").code == 1
    assert tool.run("check", "--isolated").code == 1


def test_named_configuration_is_read(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "other.toml").write_text('[tool.httpx-fixer]\nexclude = ["app/"]\n')
    assert tool.run("check", "--config", "other.toml").code == 0


def test_comment_and_file_list_silence(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    file = tmp_path / "app/x.py"
    file.write_text(LEAK.replace("# the status", "# httpx-fixer: ignore[HXF301] the status"))
    assert tool.run("check").code == 0
    file.write_text(LEAK)
    (tmp_path / "pyproject.toml").write_text('[tool.httpx-fixer.per-file-ignores]\n"app/*.py" = ["HXF301"]\n')
    assert tool.run("check").code == 0


def test_excluded_and_not_included_files_are_silent(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert tool.run("check", "--exclude", "app/").code == 0
    assert tool.run("check", "--include", "*.txt,clean.py").code == 0
    assert tool.run("check", "--exclude", "app/", "app/x.py").code == 1


def test_diff_prints_the_patch_and_nothing_else(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    done = tool.run("diff")
    assert done.code == 1
    assert done.out.startswith(b"diff --git a/app/x.py b/app/x.py\n")
    assert done.err == "Would change 1 file, 1 fix:\n  HXF301 unclosed-stream: 1\n"
    tool.git("apply", "--check", "-", given=done.out)
    assert tool.git("status", "--porcelain") == b""


@pytest.mark.parametrize(("start", "named"), [(".", "."), ("app", "."), ("app", ".."), (".", "app/x.py")])
def test_diff_applies_where_it_was_made(tmp_path: Path, start: str, named: str) -> None:
    tool = make_project(tmp_path)
    patch = tool.run("diff", named, directory=tmp_path / start).out
    tool.git("apply", "-", given=patch, directory=tmp_path / start)
    assert "await response.aclose()" in (tmp_path / "app/x.py").read_text()


def test_diff_that_reaches_further_says_where_it_applies(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "other").mkdir()
    done = tool.run("diff", "..", directory=tmp_path / "other")
    assert f"run `git apply` in {tmp_path}\n" in done.err
    tool.git("apply", "-", given=done.out)


def test_diff_with_nothing_to_fix_is_empty(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("diff", "clean.py")
    assert (done.code, done.out, done.err) == (0, b"", "Nothing to fix in 1 Python file.\n")


def test_what_is_left_alone_is_told_with_its_obstacle(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "app/x.py").write_text(ESCAPE)
    done = tool.run("diff")
    assert (done.code, done.out) == (1, b"")
    assert re.search(
        r"^Left alone:\n  app/x\.py:6:\d+ HXF301 .*\n      left alone: ESCAPES: .* \(app/x\.py:8\)$",
        done.err,
        re.M,
    )


def test_fix_writes_what_diff_printed(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    patch = tool.run("diff").out
    done = tool.run("fix")
    assert (done.code, done.out) == (1, b"")
    assert done.err.startswith("Changed 1 file, 1 fix:\n  HXF301 unclosed-stream: 1\nNext: ")
    tool.git("apply", "--check", "--reverse", "-", given=patch)
    assert tool.git("status", "--porcelain") == b" M app/x.py\n"


def test_second_fix_finds_nothing(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    tool.run("fix")
    done = tool.run("fix")
    assert (done.code, done.err) == (0, "Nothing to fix in 2 Python files.\n")


def test_fix_as_json(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("fix", "--output-format", "json")
    assert json.loads(done.out)["summary"]["fixable_safe"] == 1
    assert done.err.startswith("Changed 1 file")


def test_fixes_are_listed_where_that_is_asked_for(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    listed = "Fixes:\n  app/x.py:6:22 HXF301 "
    assert listed in tool.run("diff", "--show-fixes").err
    assert listed in tool.run("fix", "--show-fixes").err


def test_exit_code_may_say_only_whether_files_changed(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "app/y.py").write_text(ESCAPE)
    assert tool.run("fix", "--exit-non-zero-on-fix").code == 1
    assert tool.run("fix", "--exit-non-zero-on-fix").code == 0
    assert tool.run("fix").code == 1


def _spoil(tool: Tool, how: str) -> None:
    """Leave `app/x.py` in a state that no commit holds."""
    file = tool.directory / "app/x.py"
    if how in {"changed", "staged"}:
        file.write_text(LEAK + "\n")
    if how in {"untracked", "ignored"}:
        tool.git("rm", "-q", "--cached", "app/x.py")
        tool.git("commit", "-qm", "less")
    if how == "ignored":
        file.with_name(".gitignore").write_text("x.py\n")
    if how == "staged":
        tool.git("add", "-A")


@pytest.mark.parametrize("how", ["changed", "staged", "untracked", "ignored"])
def test_fix_refuses_files_that_git_could_not_bring_back(tmp_path: Path, how: str) -> None:
    tool = make_project(tmp_path)
    _spoil(tool, how)
    before = (tmp_path / "app/x.py").read_bytes()
    done = tool.run("fix", "app/x.py")
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("httpx-fixer: error: nothing was written")
    assert done.err.endswith("--allow-dirty\n  app/x.py\n")
    assert (tmp_path / "app/x.py").read_bytes() == before
    assert tool.run("fix", "app/x.py", "--allow-dirty").code == 1
    assert (tmp_path / "app/x.py").read_bytes() != before


def test_other_uncommitted_files_do_not_matter(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "clean.py").write_text("print(2)\n")
    (tmp_path / "new.py").write_text("")
    assert tool.run("fix").code == 1


def test_fix_from_a_hook_asks_the_repository_of_the_files(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    hook = {"GIT_DIR": "/nonexistent", "GIT_INDEX_FILE": "/nonexistent", "GIT_WORK_TREE": "/"}
    assert tool.run("fix", env=hook).code == 1


def test_fix_outside_of_a_repository_can_be_undone(tmp_path: Path) -> None:
    project, state = tmp_path / "project", {"XDG_STATE_HOME": str(tmp_path / "state")}
    project.mkdir()
    (project / "x.py").write_text(LEAK)
    assert Tool(project).run("fix", env=state).code == 1
    assert "aclose" in (project / "x.py").read_text()
    assert Tool(project).run("undo", env=state).code == 0
    assert (project / "x.py").read_text() == LEAK


def test_fix_that_cannot_be_recorded_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(LEAK)
    done = Tool(tmp_path).run("fix", env={"XDG_STATE_HOME": str(tmp_path / "x.py")})
    assert done.code == 1
    assert "the old content of the files is kept nowhere" in done.err
    assert "aclose" in (tmp_path / "x.py").read_text()


def test_fix_without_git_wants_to_be_told(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    done = tool.run("fix", env={"PATH": "/nonexistent"})
    assert done.code == 2
    assert done.err.startswith(
        "httpx-fixer: error: cannot ask git what is committed (git could not be started"
    )
    assert (tmp_path / "app/x.py").read_text() == LEAK
    assert tool.run("fix", "--allow-dirty", env={"PATH": "/nonexistent"}).code == 1


@pytest.mark.parametrize("word", ["HXF301", "hxf301", "unclosed-stream"])
def test_explain_prints_the_page(tmp_path: Path, word: str) -> None:
    done = Tool(tmp_path).run("explain", word)
    assert (done.code, done.err) == (0, "")
    assert done.text.startswith("HXF301 unclosed-stream\n\n")
    assert "\n## What it does\n" in done.text


def test_explain_of_no_rule_suggests_one(tmp_path: Path) -> None:
    done = Tool(tmp_path).run("explain", "unclosed-streem")
    assert (done.code, done.out) == (2, b"")
    assert done.err == (
        'httpx-fixer: error: no rule or reason is called "unclosed-streem"; did you mean "unclosed-stream"?\n'
    )


def test_explain_tells_what_a_reason_means(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("explain", "many_loops")
    assert done.code == 0
    assert done.text.startswith("MANY_LOOPS\n\nThe process runs this code on an event loop per call")


def test_rules_are_listed_by_code(tmp_path: Path) -> None:
    done = Tool(tmp_path).run("rules")
    lines = done.text.splitlines()
    assert (done.code, lines) == (0, sorted(lines))
    assert any(re.match(r"HXF301  unclosed-stream +fixes +A ", line) for line in lines)


@pytest.mark.parametrize(
    ("env", "arguments", "is_coloured"),
    [
        ({}, (), False),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
    ],
)
def test_colours_of_a_report(
    tmp_path: Path, env: dict[str, str], arguments: tuple[str, ...], is_coloured: bool
) -> None:
    done = make_project(tmp_path).run("check", *arguments, env=env)
    assert (b"\x1b[" in done.out) is is_coloured


def test_patch_in_a_pipe_has_no_colours_even_where_a_ci_forces_them(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    assert b"\x1b" not in tool.run("diff", env={"FORCE_COLOR": "1"}).out
    assert b"\x1b[32m+" in tool.run("diff", "--color", "always").out


@pytest.mark.parametrize(("term", "is_coloured"), [("xterm", True), ("dumb", False)])
def test_patch_on_a_terminal_is_coloured(tmp_path: Path, term: str, is_coloured: bool) -> None:
    assert (b"\x1b[32m+" in make_project(tmp_path).run_on_terminal("diff", env={"TERM": term})) is is_coloured


def test_reader_that_leaves_early_is_no_matter(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    for number in range(300):
        (tmp_path / f"app/x{number}.py").write_text(LEAK)
    command = " ".join((*tool.command(), "check", "|", "head", "-n1"))
    done = tool.shell(command)
    assert (done.out.count(b"\n"), done.err) == (1, "")


def test_name_that_is_not_text_is_printed(tmp_path: Path) -> None:
    tool = Tool(tmp_path)
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text(LEAK)
    done = tool.run("check", env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert done.code == 1
    assert done.out.startswith(rb"caf\udce9.py:6:")
    assert json.loads(tool.run("check", "--output-format", "json").out)["diagnostics"]
