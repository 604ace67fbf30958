"""What the tool says of its own rules."""

from __future__ import annotations

from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule as its page tells it: `summary` is the first sentence, `text` all of it, in Markdown."""

    code: str
    name: str
    summary: str
    text: str
