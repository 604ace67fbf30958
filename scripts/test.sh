#!/bin/sh
# Set up a virtual environment with httpx-fixer and its development tools, and run the tests.
set -eu
cd "$(dirname "$0")/.."
VENV="${VENV:-.venv}"
[ -x "$VENV/bin/python" ] || "${PYTHON:-python3}" -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
exec "$VENV/bin/python" -m pytest "$@"
