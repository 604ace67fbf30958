"""`python -m httpx_fixer`, and the program `httpx-fixer`."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    """Run the command line in a process that is there for nothing else.

    No garbage is collected, and at the end nothing is taken apart: what a run builds is trees, which
    hold no circles, and the operating system has them all back at once. Together that is a fifth of
    the run. `httpx_fixer.cli.main` does without, for profilers and others that want to go on.
    """
    gc.disable()
    from httpx_fixer import cli  # noqa: PLC0415 -- importing makes objects to be collected, too

    try:
        cli.main()
    except SystemExit as end:
        if isinstance(end.code, int):
            with suppress(OSError, ValueError):  # where there is no flushing, Python tells and ends as ever
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(end.code)
        raise


if __name__ == "__main__":
    main()
