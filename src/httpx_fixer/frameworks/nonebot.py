"""NoneBot 2: hooks of its driver open and close what plugins borrow."""

from __future__ import annotations

import posixpath
from typing import ClassVar

from httpx_fixer.analysis.facts import Call, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, EnsureImport
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import ProcessFramework, add_statement_after, is_demonstration, place_at
from httpx_fixer.frameworks._start_source import CLOSE, OPEN
from httpx_fixer.patterns import compile_later

_DRIVER = "nonebot.get_driver"
_GUARD = compile_later(r"\bget_driver\(\)\s*(?:#[^\n]*)?\n\s*except\b")
"""A module that asks whether there is a driver: `try: return get_driver()`, `except ValueError: ...`."""
_PLUGIN = compile_later(r"(?m)^\ufeff?\s*(?:from|import) nonebot\b(?!\.plugins)")
_LOADERS = (b"load_plugins(", b"load_all_plugins(", b"load_from_toml(", b"load_from_json(")


class NoneBot(ProcessFramework):
    """NoneBot's driver awaits `on_startup` hooks when it starts to serve and `on_shutdown` hooks at its end.

    They run once a process, on the loop that runs all matchers, whatever the driver is (FastAPI, Quart,
    none). Plugins are loaded by name and must not be imported before: a plugin that is a package
    registers the hooks itself; for the rest the bot does, where it is initialised, or in a
    collection of plugins without a bot the first one that asks for the driver. The owning module stands
    outside of directories of which it loads every module. Read and run in 2.5.0.
    https://nonebot.dev/docs/advanced/runtime-hook
    """

    name: ClassVar[str] = "nonebot"
    modules: ClassVar[frozenset[str]] = frozenset({"nonebot"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return the plugins that are packages, and the bots, else the first driver that is asked for."""
        if not project.search.mentions(b"nonebot"):
            return ()
        bots = [call for call in _iter_calls(project, "init") if not call.target]
        drivers = [call for call in _iter_calls(project, "get_driver") if call.target]
        packages = [path for path in _find_plugins(project) if path.endswith("__init__.py")]
        found = [next((one for one in drivers if one.path == bot.path), bot) for bot in bots]
        found += [call for path in packages if (call := _find_place(project, drivers, path)) is not None]
        if not bots:
            found += [one for one in drivers if not one.function and one.path not in packages][:1]
        return tuple(
            Lifecycle(self.name, Symbol(call.path, call.target or "nonebot"), call, Start.HOOKS)
            for call in found
        )

    def reaches(self, project: Project, lifecycle: Lifecycle, path: str) -> bool:
        """Answer whether a file is of the plugin; for a bot, whether it is of none and imported by some."""
        plugins = project.remember("plugins of nonebot", lambda: _find_plugins(project))
        packages = [posixpath.dirname(one) for one in plugins if one.endswith("__init__.py")]
        if lifecycle.path.endswith("__init__.py"):
            return path.startswith(f"{posixpath.dirname(lifecycle.path)}/")
        if any(path.startswith(f"{package}/") for package in packages):
            return False
        return any(project.imports.reaches(root, path) for root in (lifecycle.path, *plugins))

    def create(self, project: Project, ownership: Ownership) -> tuple[Edit, ...] | Refusal:
        """Return the edits that create the owning module, unless NoneBot would load it as a plugin."""
        directory = posixpath.dirname(ownership.path)
        beginning = posixpath.join(directory, "__init__.py")
        bots = {call.path for call in _iter_calls(project, "init")}
        plugins = [path for path in _find_plugins(project) if path not in bots]
        beside = any(posixpath.dirname(plugin) == directory for plugin in plugins if plugin != beginning)
        is_scanned = beginning not in plugins and beside and not ownership.is_inline
        if is_scanned and any(project.search.mentions(word) for word in _LOADERS):
            detail = f"NoneBot would load `{ownership.path}` as a plugin"
            return Refusal(RefusalReason.NO_IMPORT_PATH, detail, ownership.path, 1)
        return super().create(project, ownership)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that register the hooks at the driver."""
        begun = next((one for one in self._packages(project) if ownership.path.startswith(f"{one}/")), "")
        if begun and lifecycle.path in {call.path for call in _iter_calls(project, "init")}:
            detail = f"`{begun}` must not be imported before NoneBot loads it, and has the hooks itself"
            return Refusal(RefusalReason.NO_IMPORT_PATH, detail, lifecycle.path, lifecycle.call.line)
        if not lifecycle.call.target and _GUARD.search(project.search.text(lifecycle.path)):
            detail = f"`{lifecycle.path}` is imported where there is no driver, too"
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, lifecycle.call.line)
        edits: tuple[Edit, ...] = ()
        driver = lifecycle.call.target
        if not driver:
            spelled = project.spelling_of(lifecycle.path, _DRIVER)
            if spelled is None:
                edits = (EnsureImport(lifecycle.path, "nonebot", "get_driver"),)
            driver = f"{spelled or 'get_driver'}()"
        gap = "" if lifecycle.call.target or lifecycle.call.symbol else "\n"
        code = f"{gap}{driver}.on_startup({OPEN})\n{driver}.on_shutdown({CLOSE})\n"
        added = add_statement_after(project, ownership, lifecycle, code, (OPEN, CLOSE))
        return added if isinstance(added, Refusal) else (*edits, *added)

    def _packages(self, project: Project) -> list[str]:
        """Return the directories of the plugins that register the hooks themselves."""
        beginnings = (one.path for one in self.lifecycles(project) if one.path.endswith("__init__.py"))
        return [posixpath.dirname(one) for one in beginnings]


def _iter_calls(project: Project, name: str) -> tuple[Call, ...]:
    return tuple(
        call
        for call in project.calls_named(name, about="nonebot")
        if call.symbol == Symbol("", f"nonebot.{name}") and not is_demonstration(call.path)
    )


def _find_place(project: Project, drivers: list[Call], path: str) -> Call | None:
    """Return the statement of a plugin below which its hooks are registered: its driver, or its imports."""
    driver = next((call for call in drivers if call.path == path and not call.function), None)
    anchor = project.last_import(path)
    if driver is not None or anchor is None:
        return driver
    return place_at(anchor)


def _find_plugins(project: Project) -> tuple[str, ...]:
    """Return the files outside of tests that import nonebot."""
    found = project.search.mentions(b"nonebot")
    return tuple(
        path for path in found if _PLUGIN.search(project.search.text(path)) and not is_demonstration(path)
    )
