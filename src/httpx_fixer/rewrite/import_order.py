"""Where imports stand: sections and order, as ruff and isort have them by default."""

from __future__ import annotations

import re
import sys
from enum import IntEnum
from typing import TypeAlias

import libcst as cst

from httpx_fixer.patterns import compile_later

ImportStatement = cst.Import | cst.ImportFrom

_DIGITS = compile_later(r"(\d+)")
_Natural: TypeAlias = tuple[str | int, ...]


class Section(IntEnum):
    """The sections of a module's imports, from top to bottom."""

    FUTURE = 0
    STDLIB = 1
    THIRD_PARTY = 2
    FIRST_PARTY = 3
    LOCAL = 4


def module_of(statement: ImportStatement) -> str:
    """Return the module that a statement imports, with the dots of a relative import in front."""
    if isinstance(statement, cst.Import):
        return statement.names[0].evaluated_name
    name = cst.Module([]).code_for_node(statement.module) if statement.module else ""
    return "." * len(statement.relative) + re.sub(r"\s+", "", name)


def root_of(module: str) -> str:
    """Return the top-level package of a module, `.` for all that is relative."""
    return "." if module.startswith(".") else module.partition(".")[0]


def section_of(module: str, first_party: frozenset[str]) -> Section:
    """Return the section of a module; what is neither known nor relative is third party.

    The standard library's names come first, as in ruff: a project may have a `secrets.py` somewhere.
    """
    root = root_of(module)
    if root == ".":
        return Section.LOCAL
    if root == "__future__":
        return Section.FUTURE
    if root in sys.stdlib_module_names:
        return Section.STDLIB
    return Section.FIRST_PARTY if root in first_party else Section.THIRD_PARTY


def member_key(alias: cst.ImportAlias) -> tuple[int, _Natural, _Natural, str]:
    """Order names of one statement: constants, classes, the rest; each without regard to case."""
    name = alias.evaluated_name
    kind = 1 if name[:1].isupper() else 2
    kind = 0 if len(name) > 1 and name.isupper() else kind
    return kind, _natural(name.lower()), _natural(name), alias.evaluated_alias or ""


def statement_key(statement: ImportStatement) -> tuple[object, ...]:
    """Order the statements of a section: `import m` before `from m import n`, then by module."""
    return isinstance(statement, cst.ImportFrom), *module_key(statement)


def module_key(statement: ImportStatement) -> tuple[object, ...]:
    """Order statements by module alone; the farther a relative import reaches, the earlier."""
    module = module_of(statement)
    name = module.lstrip(".")
    names = statement.names
    first = member_key(names[0]) if not isinstance(names, cst.ImportStar) else (-1,)
    is_from = isinstance(statement, cst.ImportFrom)
    alias = "" if is_from or isinstance(names, cst.ImportStar) else names[0].evaluated_alias or ""
    return len(name) - len(module), _natural(name.lower()), _natural(name), is_from, alias, first


def _natural(text: str) -> _Natural:
    """`v10` comes after `v9`."""
    return tuple(int(part) if part.isdecimal() else part for part in _DIGITS.split(text))
