"""python-telegram-bot: the hooks of the application own, handlers borrow."""

from __future__ import annotations

from typing import ClassVar

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._hooks import close_in, find_given_function, open_in
from httpx_fixer.frameworks._objects import find_target
from httpx_fixer.frameworks._process import ProcessFramework, add_statement_after
from httpx_fixer.frameworks._start_source import CLOSE, OPEN

_BUILDERS = frozenset({"telegram.ext.ApplicationBuilder", "telegram.ext.Application.builder"})
_RUN = ("run_polling", "run_webhook")


class Telegram(ProcessFramework):
    """python-telegram-bot runs all handlers and jobs on the loop of `run_polling` or `run_webhook`.

    It awaits `post_init` before the first update and `post_shutdown` after the last; both are
    attributes of the application, and set there where the builder was given none. Code that starts
    the application by hand (`await app.start()`) runs neither: then the coroutine around it owns.
    Read and run in 22.8. https://docs.python-telegram-bot.org/en/stable/telegram.ext.application.html
    """

    name: ClassVar[str] = "telegram"
    modules: ClassVar[frozenset[str]] = frozenset({"telegram"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every application that a builder builds, where something runs one."""
        if not project.search.mentions(b"telegram") or not project.calls_named(*_RUN):
            return ()
        found = [
            Lifecycle(self.name, build.bound or Symbol(build.path, build.function), build, Start.HOOKS)
            for build in project.calls_named("build", about="telegram")
            if any(_is_of_one_chain(build, builder) for builder in _find_builders(project))
        ]
        return tuple(sorted(found, key=lambda lifecycle: lifecycle.call.anchor))

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that set the application's hooks, or extend those that it is given."""
        edits: tuple[Edit, ...] = ()
        unset: dict[str, str] = {}
        for hook, function, extend in (("post_init", OPEN, open_in), ("post_shutdown", CLOSE, close_in)):
            given = next((c for c in project.calls_named(hook) if _is_of_one_chain(lifecycle.call, c)), None)
            if given is None:
                unset[hook] = function
                continue
            own = find_given_function(project, given, given.arguments[0]) if given.arguments else None
            if own is None or not own.is_async:
                detail = f"what `{hook}` is given could not be found"
                return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, given.path, given.line)
            extended = extend(project, ownership, own)
            if isinstance(extended, Refusal):
                return extended
            edits += extended
        target = find_target(project, lifecycle.call)
        if not unset:
            return edits
        if not target:
            detail = "the application that is built here has no name"
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, lifecycle.call.line)
        code = "".join(f"{target}.{hook} = {function}\n" for hook, function in unset.items())
        added = add_statement_after(project, ownership, lifecycle, code, tuple(unset.values()))
        return added if isinstance(added, Refusal) else (*edits, *added)


def _find_builders(project: Project) -> list[Call]:
    return [
        call
        for call in project.calls_named("ApplicationBuilder", "builder", about="telegram")
        if call.symbol is not None and call.symbol.name in _BUILDERS
    ]


def _is_of_one_chain(one: Call, other: Call) -> bool:
    """Answer whether two calls are of one chain, or of the chains of one function on one builder."""
    return (one.path, one.function) == (other.path, other.function)
