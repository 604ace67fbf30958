#!/bin/sh
# Set up a virtual environment with httpx-fixer and its development tools, and run the tests.
set -eu
cd "$(dirname "$0")/.."
VENV="${VENV:-.venv}"
[ -x "$VENV/bin/python" ] || "${PYTHON:-python3}" -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
# APScheduler 4 cannot stand beside 3 in one environment; the test that starts it looks for it there.
[ -d "$VENV/apscheduler4" ] || "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
    --target "$VENV/apscheduler4" 'apscheduler==4.0.0a6'
exec "$VENV/bin/python" -m pytest "$@"
