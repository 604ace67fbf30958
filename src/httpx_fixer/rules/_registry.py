"""The rules that exist: the modules of this folder, walked."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from httpx_fixer.rules._base import Rule


def iter_rules() -> Iterator[type[Rule]]:
    """Yield every rule class, by code. Nothing is registered by hand."""
    found: list[type[Rule]] = []
    for entry in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if entry.name.startswith("_"):
            continue
        module = importlib.import_module(f"httpx_fixer.rules.{entry.name}")
        found.extend(
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
        )
    yield from sorted(found, key=lambda rule: rule.code)
