"""The schemas of our own formats, as they stand in the documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"


def assert_valid(value: Any, name: str) -> None:
    """Check a value against the schema that has the name."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    faults = Draft202012Validator(schema).iter_errors(value)
    assert [f"{one.json_path}: {one.message}" for one in faults] == []
