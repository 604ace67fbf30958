"""Functions that commands alone run, once and to their end, though a service imports their module."""

from __future__ import annotations

import re

from httpx_fixer.analysis.facts import Decorator, Function, Symbol
from httpx_fixer.analysis.project import Project

_COMMAND = re.compile(r"(?:asyncclick|click|cloup|rich_click)\.(?:command|group)$")
_GROUP = re.compile(
    r"(?:asyncclick|click|cloup|rich_click)\.(?:Group|CommandCollection)$|(?:cyclopts\.App|typer\.Typer)$"
)
_LIBRARIES = (b"click", b"cloup", b"cyclopts", b"typer")
_ADDERS = frozenset({"callback", "command", "default", "group"})


def is_in_commands(project: Project, function: Function) -> bool:
    """Answer whether all known code that leads to a function begins in commands, none of which is endless.

    Another mention of one of the functions on the way than a call may be anybody's, and so may any
    call of a method.
    """
    if not any(project.search.mentions(word) for word in _LIBRARIES):
        return False
    todo, seen, commands = [function], {function.symbol}, 0
    for current in todo:
        if current.owner or project.programs.is_endless(current.symbol):
            return False
        if any(_makes_command(project, one) for one in current.decorators):
            commands += 1
            continue
        callers = _find_callers(project, current)
        if not callers:
            return False
        todo += [caller for caller in callers if caller.symbol not in seen]
        seen.update(caller.symbol for caller in callers)
    return commands > 0


def _find_callers(project: Project, function: Function) -> list[Function]:
    """Return the functions that call one, none where something else than a function mentions it."""
    found: dict[Symbol, Function] = {}
    for reference in project.references(function):
        if reference.how == "import" or reference.is_test:
            continue
        around = Symbol(reference.path, reference.function)
        caller = project.function(around) if reference.how == "call" else None
        if caller is None:
            return []
        found[around] = caller
    return list(found.values())


def _makes_command(project: Project, decorator: Decorator) -> bool:
    if decorator.symbol is not None and _COMMAND.match(decorator.symbol.name):
        return True
    receiver = project.origin_of(decorator.receiver)
    if decorator.attribute not in _ADDERS or receiver is None:
        return False
    made = project.value_call(receiver)
    if made is not None and made.symbol is not None:
        return _GROUP.match(made.symbol.name) is not None
    group = project.function(receiver)
    return group is not None and any(_makes_command(project, one) for one in group.decorators)
