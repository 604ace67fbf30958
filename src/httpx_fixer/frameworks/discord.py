"""discord.py: the bot's `setup_hook` and `close` own, commands borrow."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.analysis.facts import Call, CallChange, Class, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, InsertStatements, ReplaceExpression
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._hooks import close_in, open_in
from httpx_fixer.frameworks._objects import WEB_APPLICATIONS
from httpx_fixer.frameworks._process import ProcessFramework, place_at
from httpx_fixer.frameworks._start_source import CLOSE, OPEN
from httpx_fixer.patterns import compile_later

_CLIENTS = frozenset(
    f"discord.{name}"
    for name in (
        "Client",
        "AutoShardedClient",
        "client.Client",
        "ext.commands.Bot",
        "ext.commands.AutoShardedBot",
    )
)
_NAMES = ("Bot", "AutoShardedBot", "Client", "AutoShardedClient")
_EXTENSION = compile_later(r"(?m)^async def setup\(")
_SETUP = "setup_hook"
_CLASS = "HttpBot"
_METHODS = {
    _SETUP: f"""
    async def {_SETUP}(self) -> None:
        await {OPEN}()
        await super().{_SETUP}()
""",
    "close": f"""
    async def close(self) -> None:
        try:
            await super().close()
        finally:
            await {CLOSE}()
""",
}


class Discord(ProcessFramework):
    """A discord.py bot awaits `setup_hook` once, before it connects, and `close` at its end.

    Both run on the loop of all its commands, under `run` and under `start`. A class of the project's
    gets or keeps these methods; a plain `commands.Bot(...)` becomes a class that has them. Extensions
    are loaded by name. A bot that a web application starts is left to that; other libraries of the
    name `discord` have no `setup_hook`. Read and run in 2.7.1.
    https://discordpy.readthedocs.io/en/stable/api.html#discord.Client.setup_hook
    """

    name: ClassVar[str] = "discord"
    modules: ClassVar[frozenset[str]] = frozenset({"discord"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every bot that is made from a class of the library, and every class derived from one."""
        if not project.search.mentions(b"discord") or project.pinned_version("py-cord") is not None:
            return ()
        found = [
            Lifecycle(self.name, call.bound or Symbol(call.path, call.function), call, Start.HOOKS)
            for call in project.calls_named(*_NAMES, about="discord")
            if call.symbol is not None and not call.symbol.path and call.symbol.name in _CLIENTS
        ]
        found += [
            Lifecycle(self.name, one.symbol, place_at(one.anchor), Start.HOOKS)
            for one in _find_classes(project)
        ]
        applications = project.calls_named(*WEB_APPLICATIONS)
        left = (
            one for one in found if not any(project.imports.reaches(a.path, one.path) for a in applications)
        )
        return tuple(sorted(left, key=lambda lifecycle: lifecycle.call.anchor))

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether a bot runs code of a file: by an import, or in an extension."""
        starts = project.remember("discord extensions", lambda: _find_extensions(project))
        return any(project.imports.reaches(start, path) for start in (lifecycle.path, *starts))

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that give the bot's class both methods, or extend those that it has."""
        own = next((one for one in _find_classes(project) if one.symbol == lifecycle.app), None)
        if own is not None:
            return _extend_class(project, ownership, own)
        return _derive_class(project, ownership, lifecycle.call)


def _find_classes(project: Project) -> list[Class]:
    return [
        found
        for found in project.bodies.classes_with(b"discord")
        if any(base is not None and project.is_kind_of(base, _CLIENTS) for base in found.bases)
    ]


def _find_extensions(project: Project) -> tuple[str, ...]:
    found = (
        path for path in project.search.mentions(b"setup(") if _EXTENSION.search(project.search.text(path))
    )
    return tuple(path for path in found if "discord" in project.imported_packages(path))


def _extend_class(project: Project, ownership: Ownership, own: Class) -> tuple[Edit, ...] | Refusal:
    path, edits, code = own.symbol.path, list[Edit](), ""
    for method, name, extend in ((_SETUP, OPEN, open_in), ("close", CLOSE, close_in)):
        function = project.function(Symbol(path, f"{own.symbol.name}.{method}"))
        if function is not None and not function.is_async:
            detail = f"`{function.qualname}` is no coroutine"
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, path, function.line)
        added = (
            extend(project, ownership, function)
            if function is not None
            else _asgi.import_edits(project, ownership, path, name)
        )
        if isinstance(added, Refusal):
            return added
        edits += added
        code += "" if function is not None else re.sub(r"(?m)^ {4}", "", _METHODS[method])
    return (*edits, InsertStatements(own.last, "after", code)) if code else tuple(edits)


def _derive_class(project: Project, ownership: Ownership, call: Call) -> tuple[Edit, ...] | Refusal:
    """Define a class above the bot, and make the bot from it."""
    rewritten = project.rewrite_call(call.anchor, _CLASS, CallChange())
    if rewritten is None or _CLASS in project.module_names(call.path):
        detail = f"`{_CLASS}` is taken in `{call.path}`"
        return Refusal(RefusalReason.NAME_CLASH, detail, call.path, call.line)
    edits: list[Edit] = []
    for name in (OPEN, CLOSE):
        added = _asgi.import_edits(project, ownership, call.path, name)
        if isinstance(added, Refusal):
            return added
        edits += added
    hook = project.function(Symbol(call.path, _SETUP))
    methods = ["close"] if hook is not None else [_SETUP, "close"]
    if hook is not None:
        opened = open_in(project, ownership, hook)
        if isinstance(opened, Refusal):
            return opened
        edits += opened
    begin, end = rewritten[0].start, rewritten[0].end
    base = project.search.text(call.path).splitlines()[begin.line - 1][begin.column : end.column]
    body = "".join(_METHODS[method] for method in methods)
    code = f'\n\nclass {_CLASS}({base}):\n    """Keeps connections while the bot runs."""\n{body}'
    return (*edits, InsertStatements(call.statement, "before", code), ReplaceExpression(*rewritten))
