"""Whether modules of a tree can be imported, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("import_each.py")
SECONDS = 20
"""A module that computes longer, or waits ten times as long, counts as one that cannot be imported."""


def find_import_faults(tree: Path, names: list[str]) -> dict[str, tuple[str, str]]:
    """Import the files of a tree; return what the first and the last try raised, each as one line.

    The last is "" for a file that can be imported, if not by the first name that was tried. That is the
    name in its outermost package, and what it raises may be due to what stands in for other packages.
    Code of the tree runs. What is not installed is stood in for, and nothing outside of the tree may be
    written, no process started and no connection made (see `import_each.py`).
    """
    if not names:
        return {}
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    environment = {**kept, "HOME": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "1"}
    ran = subprocess.run(
        [sys.executable, str(PROGRAM), str(SECONDS)],
        cwd=tree,
        input=json.dumps(names),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(f"the imports of {tree} ended with {ran.returncode}: {ran.stderr[-500:]}")
    found: dict[str, list[str]] = json.loads(ran.stdout.splitlines()[-1])
    return {name: (first, last) for name, (first, last) in found.items()}
