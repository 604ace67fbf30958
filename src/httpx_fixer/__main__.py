"""`python -m httpx_fixer`."""

from __future__ import annotations

from httpx_fixer.cli import main

main()
