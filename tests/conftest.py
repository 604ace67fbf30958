"""Options of the test run, and what in `tests` is no test."""

from __future__ import annotations

import signal

import pytest

collect_ignore = ["fixtures"]
"""The programs in the fixtures have tests of their own, which belong to them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="write what the tool does to the after halves of the fixtures; read the diff line by line",
    )


def pytest_configure() -> None:
    """Hear Ctrl-C again, which a shell keeps from what it starts in the background, and from its children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Say whether the after halves are to be rewritten."""
    return bool(request.config.getoption("--accept"))
