"""Modules that are written for a newer Python than the running one."""

from __future__ import annotations

from functools import lru_cache

from httpx_fixer.respelt import Respelt


@lru_cache(maxsize=4)
def respell(text: str) -> Respelt | None:
    """Respell a module that the running Python does not parse; None where that is not possible.

    Covers type parameters and `type` (PEP 695 and 696), f-strings (PEP 701), t-strings (PEP 750,
    which become f-strings) and `except A, B:` (PEP 758).
    """
    from httpx_fixer import respelling  # noqa: PLC0415

    return respelling.respell(text)
