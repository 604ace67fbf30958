"""Questions to the person at the terminal (standard error) and their answers (standard input)."""

from __future__ import annotations

import sys


def is_terminal() -> bool:
    """Answer whether somebody can be asked: the product may well go into a file."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def say(text: str) -> None:
    """Show a text as it is."""
    sys.stderr.write(text)
    sys.stderr.flush()


def ask(question: str) -> str:
    """Return the answer to a question, "q" where the input ends."""
    say(question)
    line = sys.stdin.readline()
    if not line:
        say("\n")
        return "q"
    return line.strip()
