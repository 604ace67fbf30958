"""The numbers in force before and after a fix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from httpx_fixer.fix import NumberChange
from httpx_fixer.settings import HTTPX_LIMITS, HTTPX_TIMEOUT, LimitsPolicy, TimeoutPolicy


def timeout_changes(path: str, line: int, policy: TimeoutPolicy) -> Iterator[NumberChange]:
    """Yield what changes where no timeout was given: "read: 5 s -> 30 s"."""
    for field in fields(policy):
        before, after = getattr(HTTPX_TIMEOUT, field.name), getattr(policy, field.name)
        if before != after:
            yield NumberChange(path, line, f"{field.name} timeout", f"{before:g} s", f"{after:g} s")


def limit_changes(path: str, line: int, policy: LimitsPolicy) -> Iterator[NumberChange]:
    """Yield what changes where no limits were given: "max_connections: 100 -> 600"."""
    for field in fields(policy):
        before, after = getattr(HTTPX_LIMITS, field.name), getattr(policy, field.name)
        if before != after:
            unit = " s" if field.name == "keepalive_expiry" else ""
            yield NumberChange(path, line, field.name, _say(before, unit), _say(after, unit))


def _say(value: float | None, unit: str) -> str:
    return "no limit" if value is None else f"{value:g}{unit}"
