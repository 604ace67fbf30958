"""The report for programs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any

import pytest
from sample import sample_report

from httpx_fixer.report import Report
from httpx_fixer.reporters.json import render_json
from httpx_fixer.source import Skip, SkipReason

SCHEMA = json.loads(Path(__file__).with_name("report.schema.json").read_text())
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": NoneType,
}


@pytest.fixture
def report() -> Report:
    return sample_report()


def assert_valid(value: Any, schema: Any = SCHEMA) -> None:
    """Check a value against the few words of JSON Schema that our schema uses."""
    unknown = schema.keys() - {
        *("$schema", "$defs", "$ref", "title", "type", "const", "enum", "oneOf", "properties", "required"),
        *("additionalProperties", "items", "minimum", "pattern"),
    }
    assert not unknown, unknown
    if "$ref" in schema:
        assert_valid(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
        return
    if "oneOf" in schema:
        null, other = schema["oneOf"]
        assert_valid(value, null if value is None else other)
        return
    if "type" in schema:
        assert isinstance(value, TYPES[schema["type"]]), (value, schema)
    assert value == schema.get("const", value)
    assert value in schema.get("enum", [value])
    if isinstance(value, dict):
        assert list(value) == schema["required"] == list(schema["properties"])
        for key, inside in value.items():
            assert_valid(inside, schema["properties"][key])
    if isinstance(value, list):
        for inside in value:
            assert_valid(inside, schema["items"])
    if isinstance(value, str):
        assert re.search(schema.get("pattern", ""), value), (value, schema)
    if isinstance(value, int | float):
        assert value >= schema.get("minimum", value)


def test_report_keeps_to_the_schema(report: Report) -> None:
    for each in (report, Report()):
        assert_valid(json.loads(render_json(each, str)))


def test_fix_and_refusal_exclude_one_another(report: Report) -> None:
    diagnostics = json.loads(render_json(report, str))["diagnostics"]
    assert [each["applicability"] for each in diagnostics] == ["safe", "unsafe", "display-only", None]
    assert [each["fix"] is None for each in diagnostics] == [False, False, False, True]
    assert [each["refusal"] is None for each in diagnostics] == [True, True, True, False]


def test_first_diagnostic_in_full(report: Report) -> None:
    assert json.loads(render_json(report, lambda path: f"up/{path}"))["diagnostics"][0] == {
        "code": "HXF101",
        "name": "client-per-request",
        "message": "`fetch_user` does client-per-request[int]",
        "path": "up/app/x.py",
        "start": {"line": 10, "column": 5},
        "end": {"line": 10, "column": 40},
        "applicability": "safe",
        "fix": {"title": "share one client", "paths": ["up/app/client.py", "up/app/x.py"]},
        "refusal": None,
    }


def test_summary_counts_and_rounds(report: Report) -> None:
    assert json.loads(render_json(report, str))["summary"] == {
        "files_seen": 540,
        "files_read": 12,
        "diagnostics": 4,
        "fixable_safe": 1,
        "fixable_unsafe": 1,
        "refused": 1,
        "seconds": 0.123,
    }


def test_output_is_ascii_whatever_the_names(report: Report) -> None:
    odd = replace(report, skipped=(Skip("gr\u00f6\u00dfe\udce9.py", SkipReason.NOT_A_FILE, "a directory"),))
    text = render_json(odd, str)
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text)["skipped"][0]["path"] == "gr\u00f6\u00dfe\udce9.py"
