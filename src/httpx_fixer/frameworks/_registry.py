"""The frameworks that are known: the modules of this folder, walked."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from httpx_fixer.frameworks._base import Framework


def build_frameworks() -> tuple[Framework, ...]:
    """Return one object a framework, by name. Nothing is registered by hand."""
    found: list[type[Framework]] = []
    for entry in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if entry.name.startswith("_"):
            continue
        module = importlib.import_module(f"httpx_fixer.frameworks.{entry.name}")
        found.extend(
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, Framework)
            and value.__module__ == module.__name__
        )
    return tuple(framework() for framework in sorted(found, key=lambda framework: framework.name))
