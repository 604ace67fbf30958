"""The ways on which an owned client gets to a site: from entry points, through functions that pass it on."""

from __future__ import annotations

from httpx_fixer.analysis.facts import Call, Decorator, Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import EntryPoint
from httpx_fixer.values import dataclass

_TRANSPARENT = frozenset({"tenacity.retry", "backoff.on_exception", "backoff.on_predicate"})
"""Decorators of libraries that are known to pass every argument on."""


@dataclass(frozen=True, slots=True)
class Passage:
    """An entry point on the way to a site, which gets the client as `parameter`.

    `calls` are its calls of `callee`, empty for its own site.
    """

    entry: EntryPoint
    calls: tuple[Call, ...]
    parameter: str
    callee: Symbol

    @property
    def function(self) -> Function:
        """The function of the entry point."""
        return self.entry.function


@dataclass(frozen=True, slots=True)
class Relay:
    """A function between an entry point and a site: it takes the client and gives it to `callee`."""

    function: Function
    calls: tuple[Call, ...]
    parameter: str
    callee: Symbol


@dataclass(frozen=True, slots=True)
class Chain:
    """All the ways that lead to a site."""

    passages: tuple[Passage, ...]
    relays: tuple[Relay, ...] = ()


def is_free(function: Function, name: str) -> bool:
    """Answer whether a function can take a parameter of that name: nothing in it has the name."""
    return name not in function.names and all(one.name != name for one in function.parameters)


def is_transparent(project: Project, decorator: Decorator) -> bool:
    """Answer whether a decorator is known to pass an argument on."""
    symbol = decorator.symbol
    is_known = symbol is not None and not symbol.path and symbol.name in _TRANSPARENT
    return is_known or (symbol is not None and project.passes_arguments_on(symbol))


def find_injection_obstacle(project: Project, entry: EntryPoint, name: str) -> Refusal | None:
    """Return why a handler cannot take a keyword-only parameter that the framework fills."""
    function = entry.function
    if any(p.name == name for p in function.parameters) or name in entry.taken:
        detail = f"`{function.name}` has a parameter `{name}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, function.path, function.line)
    if any(parameter.kind == "vararg" for parameter in function.parameters):
        detail = f"`{function.name}` takes `*args`"
        return Refusal(RefusalReason.UNUSUAL_SIGNATURE, detail, function.path, function.line)
    if function.owner:
        detail = f"`{function.qualname}` is a method: how its class is registered is not known"
        return Refusal(RefusalReason.IN_METHOD, detail, function.path, function.line)
    decorator = _find_opaque_decorator(project, entry)
    if decorator is not None:
        detail = f"a decorator of `{function.name}` may not pass a new argument on"
        return Refusal(RefusalReason.DECORATED, detail, function.path, decorator.line)
    for reference in project.references(function):
        if (reference.path, reference.line) in entry.registrations or reference.how in {"import", "text"}:
            continue
        if reference.how == "call" or not reference.is_test:
            verb = "called" if reference.how == "call" else "passed on"
            detail = f"`{function.name}` is {verb} here without the framework"
            return Refusal(RefusalReason.CALLED_DIRECTLY, detail, reference.path, reference.line)
    return None


def _find_opaque_decorator(project: Project, entry: EntryPoint) -> Decorator | None:
    """Return the first decorator between the framework and the function that may drop an argument."""
    routes = [line for path, line in entry.registrations if path == entry.function.path]
    decorators = entry.function.decorators
    first = min((d.line for d in decorators if d.line in routes), default=0)
    for decorator in decorators:
        if decorator.line <= first or decorator.line in routes:
            continue
        is_route = any(decorator.receiver == other.receiver for other in decorators if other.line in routes)
        if not is_route and not is_transparent(project, decorator):
            return decorator
    return None
