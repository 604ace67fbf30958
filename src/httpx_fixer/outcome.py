"""What a command leaves for `cli` to print."""

from __future__ import annotations

from pathlib import Path

from httpx_fixer.values import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command leaves: the exit code, what it was asked for, and what else there is to say.

    `product` goes to standard output as it is, or into the file `output`; `talk` to standard error.
    """

    code: int
    product: str | bytes
    talk: str = ""
    output: Path | None = None
