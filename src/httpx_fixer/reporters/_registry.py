"""The output formats that exist: each is a module of this folder with a function `render`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from httpx_fixer.report import Report
from httpx_fixer.reporters.context import Context

Render = Callable[[Report, Context], str]


def load_renderer(output_format: str) -> Render:
    """Return what renders a format; a run loads the one module that it needs."""
    module = importlib.import_module(f"httpx_fixer.reporters.{output_format.replace('-', '_')}")
    return cast("Render", module.render)
