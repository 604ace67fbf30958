"""The bar on a terminal."""

from __future__ import annotations

import io

import pytest

from httpx_fixer.reporters import progress
from httpx_fixer.reporters.progress import show_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def _show(stream: io.StringIO) -> str:
    with show_progress(stream) as tell:
        tell("reading: unclosed-stream", 3, 10)
    return stream.getvalue()


def test_long_run_shows_what_is_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE_S", 0)
    shown = _show(Terminal())
    assert "reading: unclosed-stream" in shown
    assert shown.endswith("\x1b[2K")  # the line is cleared at the end


def test_short_run_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE_S", 3600)
    assert _show(Terminal()) == ""


def test_nothing_is_shown_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE_S", 0)
    assert _show(io.StringIO()) == ""
    monkeypatch.setenv("TERM", "dumb")
    assert _show(Terminal()) == ""


def test_bar_is_taken_away_when_the_run_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE_S", 0)
    terminal = Terminal()

    def run() -> None:
        with show_progress(terminal) as tell:
            tell("reading", 1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert terminal.getvalue().endswith("\x1b[2K")
