"""Regular expressions that are compiled where they are first used, which most never are in a run.

Compiling takes 0.1 to 0.5 ms each; at a module's level 120 of them were a tenth of the start-up.
"""

from __future__ import annotations

import re
from typing import AnyStr, Generic, cast


def compile_later(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what behaves as `re.compile(source, flags)` when its attributes are asked for."""
    return cast("re.Pattern[AnyStr]", _Later(source, flags))


class _Later(Generic[AnyStr]):
    """Stands for a pattern; what was asked for once is kept, so that the next time costs no more."""

    def __init__(self, source: AnyStr, flags: int) -> None:
        self._source: AnyStr = source
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        found: object = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, found)
        return found
