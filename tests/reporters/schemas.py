"""The schemas of our own formats, and a reader for the few words of JSON Schema that they use."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import NoneType
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": NoneType,
}
WORDS = {
    *("$schema", "$defs", "$ref", "title", "type", "const", "enum", "oneOf", "properties", "required"),
    *("additionalProperties", "items", "minimum", "pattern"),
}


def read_schema(name: str) -> Any:
    """Return the schema of this directory that has the name."""
    return json.loads(Path(__file__).with_name(f"{name}.schema.json").read_text("utf-8"))


def assert_valid(value: Any, whole: Any, part: Any = None) -> None:
    """Check a value against a schema, or against a part of it; the keys of an object have an order."""
    schema = whole if part is None else part
    assert schema.keys() <= WORDS, schema.keys() - WORDS
    if "$ref" in schema:
        assert_valid(value, whole, whole["$defs"][schema["$ref"].rpartition("/")[2]])
        return
    if "oneOf" in schema:
        null, other = schema["oneOf"]
        assert_valid(value, whole, null if value is None else other)
        return
    if "type" in schema:
        assert isinstance(value, TYPES[schema["type"]]), (value, schema)
    assert value == schema.get("const", value)
    assert value in schema.get("enum", [value])
    if isinstance(value, dict):
        assert list(value) == [key for key in schema["properties"] if key in value]
        assert set(schema["required"]) <= value.keys()
        for key, inside in value.items():
            assert_valid(inside, whole, schema["properties"][key])
    if isinstance(value, list):
        for inside in value:
            assert_valid(inside, whole, schema["items"])
    if isinstance(value, str):
        assert re.search(schema.get("pattern", ""), value), (value, schema)
    if isinstance(value, int | float):
        assert value >= schema.get("minimum", value)
