"""The formats for CI servers and review tools."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic_sarif.model import (  # type: ignore[import-untyped]  # says no types of its own
    StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif,
)
from sample import SOURCE, sample_report
from schemas import assert_valid

import httpx_fixer.reporters
from httpx_fixer.catalogue import read_pages
from httpx_fixer.options import OutputFormat
from httpx_fixer.report import Report
from httpx_fixer.reporters._registry import load_renderer
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.json import render as render_json
from httpx_fixer.source import Skip, SkipReason

CONTEXT = Context(str, version="1.2.3", read_pages=read_pages)
ODD = Skip("gr\u00f6\u00dfe\udce9 \x01.py", SkipReason.NOT_A_FILE, "a <directory> & 100%")
each_format = pytest.mark.parametrize("name", [one.value for one in OutputFormat])


@pytest.fixture
def report() -> Report:
    return sample_report()


def _render(name: str, report: Report) -> str:
    return load_renderer(name)(report, CONTEXT)


def test_each_format_is_a_module_and_each_module_that_renders_a_format() -> None:
    folder = Path(httpx_fixer.reporters.__path__[0])
    found = {
        path.stem.replace("_", "-") for path in folder.glob("*.py") if "\ndef render(" in path.read_text()
    }
    assert found == {one.value for one in OutputFormat}


@each_format
def test_two_renderings_are_the_same(name: str, report: Report) -> None:
    assert _render(name, report) == _render(name, sample_report())


@each_format
def test_empty_report_is_a_whole_document(name: str) -> None:
    text = _render(name, Report(files_seen=3))
    match name:
        case "json-lines" | "github":
            assert text == ""
        case "junit":
            assert ElementTree.fromstring(text).get("tests") == "1"
        case "text" | "markdown":
            assert "3 Python files.\n" in text
        case _:
            json.loads(text)


@each_format
def test_name_that_is_no_text_is_no_matter(name: str, report: Report) -> None:
    text = _render(name, replace(report, skipped=(ODD,)))
    assert text.endswith("\n")
    text.encode(errors="backslashreplace")


@pytest.mark.parametrize("name", sorted({one.value for one in OutputFormat} - {"text", "sarif"}))
def test_each_rule_links_to_its_page_where_pages_are_served(name: str, report: Report) -> None:
    page = "https://docs.example.com/fixer/rules/client-per-request/"
    served = replace(CONTEXT, docs_url="https://docs.example.com/fixer")
    text = load_renderer(name)(report, served)
    assert page in (text.replace("%3A", ":") if name == "github" else text)
    assert "docs.example.com" not in _render(name, report)


def test_sarif_and_the_text_link_to_the_pages(report: Report) -> None:
    served = replace(CONTEXT, docs_url="https://docs.example.com/fixer")
    log = json.loads(load_renderer("sarif")(report, served))
    assert_valid(log, "sarif")
    for rule in log["runs"][0]["tool"]["driver"]["rules"]:
        assert rule["helpUri"] == f"https://docs.example.com/fixer/rules/{rule['name']}/"
    assert load_renderer("text")(report, served).endswith("; so does https://docs.example.com/fixer.\n")


def test_json_lines_are_the_diagnostics_of_json(report: Report) -> None:
    lines = [json.loads(line) for line in _render("json-lines", report).splitlines()]
    assert lines == json.loads(render_json(report, CONTEXT))["diagnostics"]


# SARIF.


def _run_of(report: Report) -> Any:
    return json.loads(_render("sarif", report))["runs"][0]


def test_sarif_keeps_to_the_standard(report: Report) -> None:
    for each in (report, replace(report, skipped=(ODD,)), Report()):
        Sarif.model_validate_json(_render("sarif", each))


def test_sarif_keeps_to_our_schema(report: Report) -> None:
    for each in (report, replace(report, skipped=(ODD,)), Report()):
        assert_valid(json.loads(_render("sarif", each)), "sarif")


def test_sarif_rules_carry_their_pages(report: Report) -> None:
    rules = _run_of(report)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [page.code for page in read_pages()]
    assert all("## What it does" in rule["help"]["markdown"] for rule in rules)
    for result in _run_of(report)["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_fix_spans_files(report: Report) -> None:
    first, second, *others = _run_of(report)["results"]
    changes = first["fixes"][0]["artifactChanges"]
    assert [change["artifactLocation"]["uri"] for change in changes] == ["app/client.py", "app/x.py"]
    replaced = second["fixes"][0]["artifactChanges"][0]["replacements"]
    assert replaced[0] == {
        "deletedRegion": {"startLine": 9, "startColumn": 1, "endLine": 10, "endColumn": 1},
        "insertedContent": {"text": "    nine()\n"},
    }
    assert [other.get("fixes") for other in others] == [None, None]


def test_sarif_refusal_names_the_place_of_the_obstacle(report: Report) -> None:
    last = _run_of(report)["results"][-1]
    related = last["relatedLocations"][0]["physicalLocation"]
    assert related["artifactLocation"]["uri"] == "app/y.py"
    assert related["region"] == {"startLine": 7}
    assert last["properties"] == {"refusal": "ESCAPES"}
    assert last["message"]["text"].endswith("Left alone: ESCAPES: `client` is returned (app/y.py:7)")


# Others.


def test_github_shows_what_and_why_beside_the_line(report: Report) -> None:
    first, *_, unread = _render("github", report).splitlines()
    assert first == (
        "::error title=HXF101 client-per-request,file=app/x.py,line=10,endLine=10,col=5,endColumn=40"
        "::`fetch_user` does client-per-request[int]%0AFix: share one client (also changes app/client.py)"
    )
    assert unread == ("::warning title=not read%3A SYNTAX_ERROR,file=app/old.py::line 3: Missing parentheses")


def test_github_commands_cannot_be_broken_out_of(report: Report) -> None:
    odd = replace(report, diagnostics=(), skipped=(replace(ODD, path="a,b:c%\n::error::x.py"),))
    assert _render("github", odd).count("\n") == 1
    assert "file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax.py::" in _render("github", odd)


def test_gitlab_entry(report: Report) -> None:
    entry = json.loads(_render("gitlab", report))[3]
    assert entry == {
        "description": "HXF301: `fetch_user` does unclosed-stream[int]\n"
        "Left alone: ESCAPES: `client` is returned (app/y.py:7)",
        "check_name": "unclosed-stream",
        "fingerprint": "00000000000000000000000000000010",
        "severity": "major",
        "location": {"path": "app/x.py", "lines": {"begin": 16, "end": 16}},
    }


def test_junit_counts_what_it_holds(report: Report) -> None:
    root = ElementTree.fromstring(_render("junit", replace(report, skipped=(ODD,))))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("5", "4", "1")
    assert [suite.get("name") for suite in root] == ["app/x.py", "not read"]
    assert len(root.findall(".//testcase/failure")) == 4
    error = root.find(".//testcase/error")
    assert error is not None
    assert error.get("message") == "NOT_A_FILE: a <directory> & 100%"


def test_rdjson_suggests_what_one_file_needs(report: Report) -> None:
    diagnostics = json.loads(_render("rdjson", report))["diagnostics"]
    assert [len(each.get("suggestions", ())) for each in diagnostics] == [0, 1, 0, 0]
    suggestion = diagnostics[1]["suggestions"][0]
    assert suggestion["range"] == {"start": {"line": 9, "column": 1}, "end": {"line": 13, "column": 1}}
    kept = SOURCE.decode().splitlines(keepends=True)[9:11]
    assert suggestion["text"] == "    nine()\n" + "".join(kept) + "    twelve()\n"


def test_markdown_tells_what_why_numbers_and_what_was_left(report: Report) -> None:
    text = _render("markdown", report)
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads == ["## What", "## Why", "## Left alone", "## Not read"]
    assert "1 fix in 2 files." in text
    assert "| HXF101 `client-per-request` | 1 |" in text
    assert "- **HXF101 client-per-request**: Building a client takes 20 ms of CPU" in text
    assert "3 sites: 1 `ESCAPES`, 1 `display-only`, 1 `unsafe`." in text
    assert "| `app/x.py:16` | HXF301 | `ESCAPES` | `client` is returned (`app/y.py:7`) |" in text


def test_markdown_lists_numbers_of_fixes_that_are_applied(report: Report) -> None:
    first = report.diagnostics[0]
    assert first.fix is not None
    fix = replace(first.fix, numbers=report.numbers)
    text = _render("markdown", replace(report, diagnostics=(replace(first, outcome=fix),)))
    assert "## Numbers that change\n\n| what | before | after | place |\n" in text
    assert "| read timeout | 5 s | 30 s | `app/x.py:10` |" in text


def test_markdown_cells_stay_cells(report: Report) -> None:
    odd = replace(report, diagnostics=(), skipped=(replace(ODD, detail="a | b\n<img> `<c>`"),))
    assert r"| a \| b &lt;img> `<c>` |" in _render("markdown", odd)
