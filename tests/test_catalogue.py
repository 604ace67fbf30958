"""Rules, their pages, their fixtures and the changelog are one set."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from enum import Enum
from pathlib import Path

import pytest
from fixture_cases import CASES, FIXTURES

from httpx_fixer import diagnostic, source
from httpx_fixer.diagnostic import RefusalReason
from httpx_fixer.rules._base import Rule
from httpx_fixer.rules._registry import iter_rules
from httpx_fixer.source import SkipReason

ROOT = Path(__file__).parent.parent
RULES = list(iter_rules())
HEADINGS = ["What it does", "Why is this bad?", "Fix", "Fix safety", "Refused when", "References"]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)

SHARED_PLAN = "the planner of HXF101 says so for every client that is built per call; its cases show it"
SHOWN_ELSEWHERE: dict[tuple[str, str], str] = {
    ("HXF102", "IMPORT_CIRCLE"): SHARED_PLAN,
    ("HXF103", "UNKNOWN_ARGUMENT"): SHARED_PLAN,
    ("HXF103", "IMPORT_CIRCLE"): SHARED_PLAN,
    ("HXF103", "UNSUPPORTED_BINDING"): SHARED_PLAN,
    ("HXF104", "UNKNOWN_ARGUMENT"): SHARED_PLAN,
    ("HXF104", "DYNAMIC_ARGUMENT"): SHARED_PLAN,
    ("HXF104", "LIMITS_OF_ONE_CALL"): SHARED_PLAN,
    ("HXF104", "IMPORT_CIRCLE"): SHARED_PLAN,
    ("HXF104", "SYNC_IN_ASYNC"): SHARED_PLAN,
    ("HXF104", "NAME_CLASH"): "the block is added as for HXF105, whose case shows it",
    ("HXF105", "SYNC_IN_ASYNC"): SHARED_PLAN,
    ("HXF105", "IMPORT_CIRCLE"): SHARED_PLAN,
    ("HXF110", "UNSUPPORTED_BINDING"): SHARED_PLAN,
    ("HXF110", "SYNC_IN_ASYNC"): SHARED_PLAN,
    ("HXF110", "IMPORT_CIRCLE"): SHARED_PLAN,
    ("HXF110", "NO_ENTRY_POINT"): SHARED_PLAN,
    ("HXF110", "MANY_LOOPS"): SHARED_PLAN,
}
"""Reasons that a page lists and no case of the rule shows: {(code, reason): why}."""
OF_ANY_RULE = {
    RefusalReason.VERIFICATION_FAILED,
    RefusalReason.OVERLAPS,
    RefusalReason.EXCLUDED,
    RefusalReason.NEWER_SYNTAX,
    RefusalReason.TESTS_FAILED,
    RefusalReason.DECLINED,
}
"""Reasons that are none of a rule: the writing wing, the settings, tests or a person take a fix back."""


def _page(rule: type[Rule]) -> str:
    return inspect.cleandoc(rule.__doc__ or "")


def _section(rule: type[Rule], heading: str) -> str:
    _, _, rest = _page(rule).partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]


def _listed_reasons(rule: type[Rule]) -> list[str]:
    return re.findall(r"^- ([A-Z_]+): \S", _section(rule, "Refused when"), re.MULTILINE)


def _shown_reasons(rule: type[Rule]) -> set[str]:
    """Return the reasons that the cases of a rule's own folder show for its code."""
    cases = [case for case in CASES if case.rule == rule.name]
    return {mark.reason for case in cases for mark in case.marks if mark.code == rule.code and mark.reason}


@each_rule
def test_headings_are_there_in_order(rule: type[Rule]) -> None:
    assert re.findall(r"^## (.+)$", _page(rule), re.MULTILINE) == HEADINGS
    assert all(_section(rule, heading).strip() for heading in HEADINGS)


@each_rule
def test_page_begins_with_one_sentence(rule: type[Rule]) -> None:
    summary = _page(rule).split("\n\n")[0]
    assert "\n" not in summary
    assert summary.endswith(".")


@each_rule
def test_name_is_that_of_the_file(rule: type[Rule]) -> None:
    assert rule.__module__.rpartition(".")[2] == rule.name.replace("-", "_")
    assert rule.__name__ == "".join(part.capitalize() for part in rule.name.split("-"))


@each_rule
def test_code_has_the_form_of_its_family(rule: type[Rule]) -> None:
    assert re.fullmatch(r"HXF\d\d[1-9]|HXF\d[1-9]\d", rule.code)


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)


@each_rule
def test_listed_reasons_exist(rule: type[Rule]) -> None:
    listed = _listed_reasons(rule)
    assert len(set(listed)) == len(listed)
    assert set(listed) <= set(RefusalReason.__members__)
    assert not {RefusalReason[name] for name in listed} & OF_ANY_RULE


@each_rule
def test_every_line_of_refused_when_names_a_reason(rule: type[Rule]) -> None:
    lines = _section(rule, "Refused when").strip().splitlines()
    assert lines
    assert [line for line in lines if not re.match(r"- [A-Z_]+: |  \S", line)] == []


@each_rule
def test_shown_reasons_are_listed(rule: type[Rule]) -> None:
    of_any_rule = {reason.name for reason in OF_ANY_RULE}
    assert _shown_reasons(rule) - of_any_rule <= set(_listed_reasons(rule))


@each_rule
def test_listed_reasons_are_shown(rule: type[Rule]) -> None:
    elsewhere = {reason for code, reason in SHOWN_ELSEWHERE if code == rule.code}
    assert set(_listed_reasons(rule)) - _shown_reasons(rule) == elsewhere


@each_rule
def test_rule_has_an_example(rule: type[Rule]) -> None:
    example = [case for case in CASES if repr(case) == f"{rule.name}/example"]
    assert example
    codes = {mark.code for mark in example[0].marks}
    assert rule.code in codes
    # Beside a refusal another rule may speak, of which neither page says anything.
    assert codes == {rule.code} or any(mark.reason for mark in example[0].marks)


def test_every_folder_of_fixtures_is_a_rule() -> None:
    assert {path.name for path in FIXTURES.iterdir() if path.is_dir()} == {rule.name for rule in RULES}


def test_marks_name_rules() -> None:
    codes = {mark.code for case in CASES for mark in case.marks}
    assert codes <= {rule.code for rule in RULES}
    reasons = {mark.reason for case in CASES for mark in case.marks if mark.reason}
    assert reasons <= set(RefusalReason.__members__)


@each_rule
def test_changelog_mentions_the_rule(rule: type[Rule]) -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"\b{rule.code}\b", text)
    assert f"`{rule.name}`" in text


@each_rule
def test_rule_has_a_page(rule: type[Rule]) -> None:
    assert (ROOT / "docs" / "rules" / f"{rule.name}.md").exists()


def test_pages_are_current() -> None:
    """The pages are those that the script writes."""
    command = [sys.executable, str(ROOT / "scripts" / "generate_rule_pages.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("reasons", [RefusalReason, SkipReason])
def test_every_reason_is_told_under_it(reasons: type[Enum]) -> None:
    module = diagnostic if reasons is RefusalReason else source
    tree = ast.parse(inspect.getsource(module))
    definition = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == reasons.__name__)
    told = {
        member.targets[0].id
        for member, text in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name) and _is_sentence(text)
    }
    assert told == set(reasons.__members__)
    assert all(member.value == name for name, member in reasons.__members__.items())


def _is_sentence(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return text.endswith(".")
    return False
