"""What a long run tells while it is at work (standard error)."""

from __future__ import annotations

import sys


def narrate(text: str) -> None:
    """Tell what is going on, on a line of its own."""
    sys.stderr.write(f"httpx-fixer: {text}\n")
    sys.stderr.flush()


def keep_silent(text: str) -> None:
    """Tell nothing."""
