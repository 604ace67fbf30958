"""Code that commands of a command line run, each to its end, in whatever module they stand."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Decorator, Function, Reference, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.analysis.site_facts import ClientSite
from httpx_fixer.frameworks._base import Lifecycles

_PACKAGES = frozenset({"asyncclick", "click", "cloup", "cyclopts", "flask", "invoke", "rich_click", "typer"})
_DECORATORS = frozenset({"command", "group", "task"})
"""`@click.command()`, `@click.group()`, `@invoke.task`"""
_METHODS = frozenset({"callback", "command", "default", "group"})
"""`@app.command()` of an object that holds commands, `@app.cli.command()` of an application"""
_HOLDERS = frozenset({"App", "AppGroup", "CommandCollection", "Group", "Typer"})
_TAKERS = frozenset({"add_command", "command"})


def is_run_by_commands(project: Project, lifecycles: Lifecycles, site: ClientSite) -> bool:
    """Answer whether a site's function is a command or called by commands only: click, typer, Flask, invoke.

    A command that goes on until it is stopped is a process of its own. What anything else calls, or gets
    hold of, may be called by a service.
    """
    function = project.function(Symbol(site.path, site.function)) if site.function else None
    if function is None:
        return False
    key = f"command {function.path} {function.qualname}"
    return project.remember(key, lambda: _is_run(project, lifecycles, function, frozenset()))


def _is_run(project: Project, lifecycles: Lifecycles, function: Function, behind: frozenset[Symbol]) -> bool:
    if function.symbol in behind:
        return True
    behind |= {function.symbol}
    if lifecycles.entry_point(function) is not None or project.programs.is_endless(function.symbol):
        return False
    if function.outer:
        around = project.function(Symbol(function.path, function.outer))
        return around is not None and _is_run(project, lifecycles, around, behind)
    is_root = function.symbol in project.packaging.commands or any(
        _makes_command(project, decorator) for decorator in function.decorators
    )
    if function.owner:
        return is_root
    references = [one for one in project.references(function) if not one.is_test and one.how != "import"]
    if not references:
        return is_root
    return all(
        _is_called(project, lifecycles, one, behind)
        or (is_root and (_is_taken(project, function, one) or (one.how == "call" and not one.function)))
        for one in references
    )


def _is_called(
    project: Project, lifecycles: Lifecycles, reference: Reference, behind: frozenset[Symbol]
) -> bool:
    """Answer whether a function is called here, by what commands run."""
    caller = project.function(Symbol(reference.path, reference.function)) if reference.function else None
    return reference.how == "call" and caller is not None and _is_run(project, lifecycles, caller, behind)


def _is_taken(project: Project, function: Function, reference: Reference) -> bool:
    """Answer whether a command is only put among others here, or others are put below it.

    `cli.add_command(refresh)`, `@cli.command()`
    """
    if reference.how != "value":
        return False
    held = project.calls_in(reference.path, *_METHODS, *_TAKERS)
    taken = project.calls_passing(reference.path, function.symbol)
    lines = {call.line for call in held if call.receiver == function.symbol}
    return reference.line in lines | {call.line for call in taken if call.attribute in _TAKERS}


def _makes_command(project: Project, decorator: Decorator) -> bool:
    symbol, receiver = decorator.symbol, decorator.receiver
    if symbol is not None and not symbol.path:
        package, _, name = symbol.name.partition(".")
        if package in _PACKAGES and name.rpartition(".")[2] in _DECORATORS:
            return True
    if decorator.attribute not in _METHODS or receiver is None:
        return False
    if receiver.name.endswith(".cli") and not receiver.name.startswith("click."):
        return True
    group = project.function(receiver)
    if group is not None:
        return any(_makes_command(project, one) for one in group.decorators)
    made = project.value_call(project.origin_of(receiver) or receiver)
    kind = "" if made is None or made.symbol is None or made.symbol.path else made.symbol.name
    return kind.partition(".")[0] in _PACKAGES and kind.rpartition(".")[2] in _HOLDERS
