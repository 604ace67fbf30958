#!/bin/sh
# Set up a virtual environment with httpx-fixer and print the diff for the example service.
set -eu
cd "$(dirname "$0")/.."
VENV="${VENV:-.venv}"
[ -x "$VENV/bin/python" ] || "${PYTHON:-python3}" -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check .
"$VENV/bin/httpx-fixer" diff examples/bookshop || [ $? -eq 1 ]
