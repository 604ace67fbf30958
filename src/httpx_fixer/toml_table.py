"""One table of a TOML file, read key by key, with complaints that name the place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from httpx_fixer.patterns import compile_later
from httpx_fixer.settings import is_matched
from httpx_fixer.values import dataclass

_Default = TypeVar("_Default")
_ADDRESS = compile_later(r"https?://[^\s\"'<>()]+")


class UsageError(Exception):
    """What was asked for cannot be done; the text is one line for the person who asked."""


@dataclass(frozen=True, slots=True)
class RuleName:
    """The code and the name by which a rule may be called."""

    code: str
    name: str


class Table:
    """One table of a file; each method reads one key, and complains by its name.

    `keys` None means that any key may stand in it.
    """

    def __init__(
        self, file: Path, name: str, values: Mapping[str, object], keys: Sequence[str] | None
    ) -> None:
        self.place = f"{file}: [{name}]"
        self.values = values
        self._file = file
        self._name = name
        for key in values:
            if keys is not None and key not in keys:
                raise UsageError(f'{self.place} has no key "{key}"{suggest(key, keys)}')

    def error(self, key: str, text: str) -> UsageError:
        return UsageError(f'{self.place}: "{key}" {text}')

    def _mistyped(self, key: str, wanted: str) -> UsageError:
        return self.error(key, f"is to be {wanted}, not {_show(self.values[key])}")

    def strings(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._mistyped(key, "a list of strings")
        return tuple(value)

    def rules(self, key: str, known: Sequence[RuleName]) -> tuple[str, ...]:
        words = self.strings(key)
        check_rules(f'{self.place}: "{key}"', words, known)
        return words

    def globs(self, key: str) -> tuple[str, ...]:
        globs = self.strings(key)
        check_globs(f'{self.place}: "{key}"', globs)
        return globs

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self._mistyped(key, "true or false")
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str:
        value = self.values.get(key, choices[0])
        if not isinstance(value, str) or value not in choices:
            *others, last = (f'"{choice}"' for choice in choices)
            raise self._mistyped(key, f"{', '.join(others)} or {last}")
        return value

    def address(self, key: str) -> str:
        """Read the address of a site, which loses the slash at its end; "" where none is given."""
        if key not in self.values:
            return ""
        value = self.values[key]
        if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
            raise self._mistyped(key, 'an address like "https://docs.example.com/httpx-fixer"')
        return value.rstrip("/")

    def number(self, key: str, default: _Default) -> float | _Default:
        """Read a number of seconds, more than 0."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise self._mistyped(key, "a number above 0")
        return float(value)

    def whole(self, key: str, default: _Default) -> int | _Default:
        """Read a count, at least 1."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self._mistyped(key, "a whole number above 0")
        return value

    def table(self, key: str, keys: Sequence[str] | None) -> Table:
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self._mistyped(key, "a table")
        return Table(self._file, f"{self._name}.{key}", value, keys)


def check_rules(place: str, words: Iterable[str], rules: Sequence[RuleName]) -> None:
    """Raise `UsageError` where a word means no rule; `place` says where the word stands."""
    for word in words:
        if not word or not any(is_matched(word, rule.code, rule.name) for rule in rules):
            known = [text for rule in rules for text in (rule.code, rule.name)]
            raise UsageError(f'{place}: no rule is called "{word}"{suggest(word, known)}')


def check_globs(place: str, globs: Sequence[str]) -> None:
    """Raise `UsageError` where a glob cannot be read as a line of a `.gitignore`."""
    if not globs:
        return
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 -- 40 ms, for those only who give globs

    for glob in globs:
        try:
            GitIgnoreSpec.from_lines([glob])
        except (ValueError, re.error) as error:
            raise UsageError(f'{place}: "{glob}" is not a glob: {error}') from error


def suggest(word: str, known: Sequence[str]) -> str:
    """Return what to say after an unknown word: the nearest right one, or all there are."""
    near = get_close_matches(word.lower(), [text.lower() for text in known], n=1, cutoff=0.5)
    if near:
        return f'; did you mean "{next(text for text in known if text.lower() == near[0])}"?'
    return f"; there are {', '.join(known)}" if known else ""


def _show(value: object) -> str:
    """Spell a value as TOML does, as far as it is short."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case dict():
            return "a table"
        case _:
            return str(value)
