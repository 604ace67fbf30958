"""The source of what tells one event loop from another, written into the user's package."""

from __future__ import annotations

LOOP = """\
def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
"""

LOOP_OR_TRIO = """\
def _running_loop() -> object | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass  # trio has a token in its place
    try:
        return trio.lowlevel.current_trio_token()
    except RuntimeError:
        return None
"""
