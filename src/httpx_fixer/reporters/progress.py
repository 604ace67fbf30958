"""How far a long run is, for the person at the terminal (standard error)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

PATIENCE_S = 1.0
"""Shorter runs show nothing: the bar's library takes 0.1 s to load, and most runs take half a second."""
_PAUSE_S = 0.1
"""Between two pictures."""

Tell = Callable[[str, int, int], None]
"""Is told what is being done, how many steps of it are done, and of how many."""


@contextmanager
def show_progress(stream: TextIO) -> Iterator[Tell]:
    """Yield what shows a bar on a terminal, and takes it away at the end; elsewhere nothing is shown."""
    bar = _Bar(stream)
    try:
        yield bar.tell if stream.isatty() and os.environ.get("TERM") != "dumb" else _tell_nobody
    finally:
        bar.close()


def _tell_nobody(_what: str, _done: int, _total: int) -> None:
    pass


class _Bar:
    """A bar that appears when the run has lasted long enough; no thread draws it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next = time.monotonic() + PATIENCE_S
        self._progress: Any = None  # rich is loaded late, and so are its types

    def tell(self, what: str, done: int, total: int) -> None:
        """Draw the bar anew, if it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PAUSE_S
        if self._progress is None:
            self._progress = _open(self._stream)
        for task in self._progress.task_ids:
            self._progress.update(task, description=what, completed=done, total=total)
        self._progress.refresh()

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()


def _open(stream: TextIO) -> Any:
    from rich.console import Console  # noqa: PLC0415 -- 0.1 s, for runs that last
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 -- as above

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    progress = Progress(*columns, console=Console(file=stream), auto_refresh=False, transient=True)
    progress.add_task("")
    progress.start()
    return progress
