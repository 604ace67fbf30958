"""What holds for the outcome of every case, whatever the case is about."""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import tokenize
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from fixture_cases import (
    SOUND_CASES,
    Case,
    Tree,
    read_tree,
    result_of,
    run_case,
    run_tree,
    write_tree,
)
from second_runs import check_second_run

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.rewrite.diff import render_patch

each_case = pytest.mark.parametrize("case", SOUND_CASES, ids=repr)
CHANGED = [case for case in SOUND_CASES if case.after != case.before]
each_changed_case = pytest.mark.parametrize("case", CHANGED, ids=repr)
CREATED = {
    content: case
    for case in reversed(CHANGED)
    for path, content in case.after.items()
    if path not in case.before
}
"""`{content of a new module: the first case that has it}`."""
LOST_ON_SECOND_RUN: dict[str, str] = {}
"""Cases of which the result is not reported on as it should be: {case: what is wrong}."""
WITH_TESTS = [case for case in SOUND_CASES if any(path.startswith("tests/") for path in case.before)]


@each_changed_case
def test_result_compiles(case: Case) -> None:
    for path, data in result_of(case).items():
        if path.endswith(".py"):
            compile(data, path, "exec", dont_inherit=True)


@each_case
def test_second_run_changes_nothing(case: Case, request: pytest.FixtureRequest) -> None:
    if repr(case) in LOST_ON_SECOND_RUN:
        request.applymarker(pytest.mark.xfail(strict=True, reason=LOST_ON_SECOND_RUN[repr(case)]))
    again = run_tree(result_of(case), case.settings)
    assert again.changes == ()
    first = run_case(case).diagnostics
    check_second_run(first, again.diagnostics, _gist, unsafe_fixes=case.settings.unsafe_fixes)


@each_changed_case
def test_comments_stay(case: Case) -> None:
    result = result_of(case)
    unused = {(d.anchor.path, d.anchor.start.line) for d in run_case(case).diagnostics if d.code == "HXF001"}
    for path, data in case.before.items():
        if path.endswith(".py"):
            lines = data.splitlines(keepends=True)
            kept = b"".join(b"" if (path, at) in unused else line for at, line in enumerate(lines, start=1))
            assert not _comments(kept if unused else data) - _comments(result[path]), path


@each_changed_case
def test_nothing_else_is_touched(case: Case) -> None:
    """Only Python files that a fix names are changed, and no file goes."""
    named = {path for d in run_case(case).diagnostics if d.fix is not None for path in d.fix.paths}
    assert {change.path for change in run_case(case).changes} <= named
    assert case.before.keys() <= result_of(case).keys()


def _with_crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def _with_bom(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.encode()


def _with_latin_1(text: str) -> bytes:
    return ("# -*- coding: latin-1 -*-\n# Müßiggang\n\n" + text).encode("latin-1")


def _with_tabs(text: str) -> bytes:
    lines = text.split("\n")
    return "\n".join("\t" * (_indent(line) // 4) + line[_indent(line) // 4 * 4 :] for line in lines).encode()


def _with_blank_end(text: str) -> bytes:
    return text.rstrip("\n").encode()


VARIANTS: dict[str, Callable[[str], bytes]] = {
    "crlf": _with_crlf,
    "bom": _with_bom,
    "latin-1": _with_latin_1,
    "no-final-newline": _with_blank_end,
}


@pytest.mark.parametrize("variant", VARIANTS)
@each_changed_case
def test_variant_of_the_bytes_is_kept(case: Case, variant: str) -> None:
    """The same program in other bytes becomes the same result in those bytes."""
    assert _run_variant(case, VARIANTS[variant]) == _expect_variant(case, VARIANTS[variant])


@each_changed_case
def test_tabs_are_kept(case: Case) -> None:
    """A program that is indented with tabs becomes the same program, indented with tabs.

    How wide a tab counts is for the formatter to say, so lines may be broken in other places.
    """
    found, expected = _run_variant(case, _with_tabs), _expect_variant(case, _with_tabs)
    assert found.keys() == expected.keys()
    for path, data in found.items():
        assert ast.dump(ast.parse(data)) == ast.dump(ast.parse(expected[path])), path
        if not _is_special(case.before[path]):
            assert not [line for line in data.split(b"\n") if line.startswith(b" ")], path


def _run_variant(case: Case, write: Callable[[str], bytes]) -> Tree:
    """Return the files that a run over a variant changes; new ones look the same in all of them."""
    report = run_tree({path: _vary(path, data, write) for path, data in case.before.items()}, case.settings)
    assert not report.skipped
    return {change.path: change.after for change in report.changes if change.before is not None}


def _expect_variant(case: Case, write: Callable[[str], bytes]) -> Tree:
    result = result_of(case)
    return {
        path: _vary(path, result[path], write) for path in case.before if result[path] != case.before[path]
    }


def _vary(path: str, data: bytes, write: Callable[[str], bytes]) -> bytes:
    """Write a file anew; one that is special already, or is no Python, or is empty, stays as it is."""
    return data if not path.endswith(".py") or not data or _is_special(data) else write(data.decode())


def _is_special(data: bytes) -> bool:
    return b"\r" in data or data.startswith((b"\xef\xbb\xbf", b"# -*-"))


@each_changed_case
def test_git_takes_the_patch(case: Case, tmp_path: Path) -> None:
    write_tree(case.before, tmp_path)
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "apply", "--whitespace=nowarn", "-", stdin=render_patch(run_case(case).changes))
    assert _tree_without_git(tmp_path) == result_of(case)


@each_case
def test_order_of_files_does_not_matter(case: Case) -> None:
    again = run_tree(case.before, case.settings, backwards=True)
    assert (again.diagnostics, again.changes) == (run_case(case).diagnostics, run_case(case).changes)


def test_hash_seed_does_not_matter() -> None:
    """Two processes with other hash seeds say and write the same of every case, byte for byte."""
    first, second = (_run_program(_DIGESTS, PYTHONHASHSEED=seed) for seed in ("1", "4711"))
    assert json.loads(first) == json.loads(second)


_DIGESTS = """\
import hashlib, json
from fixture_cases import SOUND_CASES, run_case

def digest(case):
    report = run_case(case)
    return hashlib.sha256(repr((report.diagnostics, report.changes, report.numbers)).encode()).hexdigest()

print(json.dumps({repr(case): digest(case) for case in SOUND_CASES}))
"""


@each_case
def test_programs_can_be_imported(case: Case) -> None:
    """Each side is a program that runs: every module of it can be imported, new ones without a warning."""
    if case.not_run:
        pytest.skip(case.not_run)
    before, after = _import_faults()[repr(case)]
    missing = re.search(r"No module named '(\w+)'", before)
    if missing is not None and not any(missing[1] in path for path in case.before):
        pytest.skip(f"{missing[1]} is not installed")
    assert before == ""
    assert after == ""


_IMPORTS = """\
import importlib.util, json, os, pathlib, sys, tempfile, traceback, warnings
import fastapi, fastapi.testclient, httpx
from fixture_cases import SOUND_CASES, result_of, write_tree

SLOW = "aiogram arq celery discord dramatiq fastmcp faststream.redis taskiq telegram.ext"
for slow in SLOW.split():
    if importlib.util.find_spec(slow.partition(".")[0]):
        __import__(slow)

def name(path):
    for root in ("src/", "backend/"):
        path = path.removeprefix(root)
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

def import_all(tree, known):
    with tempfile.TemporaryDirectory() as place:
        write_tree(tree, pathlib.Path(place))
        os.chdir(place)
        sys.path[:0] = [place, place + "/src", place + "/backend"]
        sys.dont_write_bytecode = True
        for path in sorted(tree, key=lambda path: (path in known, path)):
            if path.endswith(".py") and not path.startswith("tests/"):
                with warnings.catch_warnings():
                    warnings.simplefilter("default" if path in known else "error")
                    __import__(name(path))

def fork(tree, known):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            import_all(tree, known)
        except BaseException:
            os.write(write, traceback.format_exc()[-4000:].encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said

print(json.dumps({
    repr(case): [fork(case.before, case.before), fork(result_of(case), case.before)]
    for case in SOUND_CASES
    if not case.not_run
}))
"""
"""Imports both sides of every case, each in a fork of a process that has loaded the frameworks."""


@cache
def _import_faults() -> dict[str, tuple[str, str]]:
    faults: dict[str, tuple[str, str]] = json.loads(_run_program(_IMPORTS))
    return faults


@pytest.mark.parametrize("case", WITH_TESTS, ids=repr)
def test_own_tests_pass_as_before(case: Case, tmp_path: Path) -> None:
    told = _tests_that_are_told(case)
    for half, tree, ignored in (("before", case.before, ()), ("after", result_of(case), told)):
        place = tmp_path / half
        write_tree(tree, place)
        without = [f"--ignore={path}" for path in ignored]
        done = _run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *without, "tests"], place
        )
        passed = {0, NO_TESTS} if ignored else {0}
        assert done.returncode in passed, f"{half}:\n{done.stdout}"


NO_TESTS = 5
"""What pytest ends with where it found none."""


def _tests_that_are_told(case: Case) -> tuple[str, ...]:
    """Return the tests that unsafe fixes say will have to change."""
    fixes = (d.fix for d in run_case(case).diagnostics if d.fix is not None and case.settings.unsafe_fixes)
    because = " ".join(fix.unsafe_because for fix in fixes)
    return tuple(path for path in case.before if f"`{path}:" in because)


@pytest.mark.skipif(not importlib.util.find_spec("ruff"), reason="ruff is not installed")
def test_new_modules_are_formatted(tmp_path: Path) -> None:
    paths = _write_new_modules(tmp_path)
    done = _run([*_RUFF, "format", "--isolated", "--line-length=88", "--diff", *paths], tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not importlib.util.find_spec("ruff"), reason="ruff is not installed")
def test_new_modules_please_a_linter(tmp_path: Path) -> None:
    paths = _write_new_modules(tmp_path)
    options = ["--isolated", "--select=E4,E7,E9,F,I,W,B,C4,UP,SIM,RET,PIE", "--output-format=concise"]
    targets = ", ".join(
        f'"{number}/**" = "py3{minor}"'
        for number, case in enumerate(CREATED.values())
        if (minor := _oldest_python(case))
    )
    oldest = f"--config=per-file-target-version = {{{targets}}}"
    done = _run([*_RUFF, "check", *options, f"--config={_SOURCES}", oldest, *paths], tmp_path)
    assert done.returncode == 0, done.stdout


def _oldest_python(case: Case) -> str:
    """Return the minor version of the oldest Python that a project says it runs on, "" for none."""
    said = re.search(rb'requires-python = ">=3\.(\d+)', case.before.get("pyproject.toml", b""))
    return said[1].decode() if said else ""


def _write_new_modules(place: Path) -> list[str]:
    """Write the after halves of cases with a new module, and return the paths of these modules."""
    paths: list[str] = []
    for number, (content, case) in enumerate(CREATED.items()):
        write_tree(case.after, place / str(number))
        paths.append(f"{number}/{_place_of(case, content)}")
    return paths


@pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="mypy is not installed")
@pytest.mark.parametrize(
    "case",
    {re.sub(rb"timeout=[\d.]+", b"", content): case for content, case in CREATED.items()}.values(),
    ids=repr,
)
def test_new_module_is_typed(case: Case, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One of those modules that differ in more than a timeout."""
    write_tree(case.after, tmp_path)
    paths = sorted(case.after.keys() - case.before.keys())
    cache_directory = tmp_path_factory.getbasetemp() / "mypy"
    options = ["--strict", "--no-error-summary", "--follow-imports=silent", f"--cache-dir={cache_directory}"]
    root = next((root for root in ("src", "backend") if paths[0].startswith(f"{root}/")), ".")
    names = [path.removeprefix(f"{root}/") for path in paths]
    done = _run([sys.executable, "-m", "mypy", *options, "--explicit-package-bases", *names], tmp_path / root)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(not importlib.util.find_spec("ruff"), reason="ruff is not installed")
@each_changed_case
def test_imports_stay_sorted_and_used(case: Case) -> None:
    """What a linter had nothing to say about before, it has nothing to say about after."""
    before, after = _complaints()
    assert not after.get(repr(case), Counter()) - before.get(repr(case), Counter())


@cache
def _complaints() -> tuple[dict[str, Counter[str]], dict[str, Counter[str]]]:
    """Return what ruff says of the halves of the cases: {case: lines without their numbers}."""
    halves: list[dict[str, Counter[str]]] = []
    for tree_of in (lambda case: case.before, result_of):
        found: dict[str, Counter[str]] = {}
        with tempfile.TemporaryDirectory() as place:
            for number, case in enumerate(CHANGED):
                write_tree(tree_of(case), Path(place, str(number)))
            options = ["--isolated", "--select=F,I,E4,E7,E9,W2", "--output-format=concise"]
            done = _run([*_RUFF, "check", *options, f"--config={_SOURCES}", "."], Path(place))
        for line in done.stdout.splitlines():
            path, _, text = re.sub(r":\d+:\d+:", ":", line).partition(":")
            if path.endswith(".py"):
                number_of, _, inside = path.partition("/")
                found.setdefault(repr(CHANGED[int(number_of)]), Counter())[f"{inside}:{text}"] += 1
        halves.append(found)
    return halves[0], halves[1]


_RUFF = (sys.executable, "-m", "ruff")
_SOURCES = 'src = ["*", "*/src", "*/backend"]'


def _place_of(case: Case, content: bytes) -> str:
    return next(path for path, data in case.after.items() if data == content)


def _gist(diagnostic: Diagnostic) -> tuple[str, str, str, str]:
    """Return what of a diagnostic does not move with the lines around it."""
    refusal = diagnostic.refusal
    outcome = "a fix" if refusal is None else f"{refusal.reason.name}: {refusal.detail}"
    return diagnostic.code, diagnostic.anchor.path, diagnostic.message, outcome


def _comments(data: bytes) -> Counter[str]:
    text = io.StringIO(data.decode(tokenize.detect_encoding(io.BytesIO(data).readline)[0]), newline=None)
    tokens = tokenize.generate_tokens(text.readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _tree_without_git(place: Path) -> Tree:
    return {path: data for path, data in read_tree(place).items() if not path.startswith(".git/")}


def _git(place: Path, *arguments: str, stdin: bytes = b"") -> None:
    done = subprocess.run(["git", *arguments], cwd=place, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def _run(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(place), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        command,
        cwd=place,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def _run_program(code: str, **environment: str) -> str:
    """Run a program that imports `fixture_cases`, and return what it prints."""
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment, "PYTHONPATH": path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
