"""NiceGUI: handlers of its application open and close what pages borrow."""

from __future__ import annotations

from textwrap import indent
from typing import ClassVar

from httpx_fixer.analysis.facts import Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, EnsureImport
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._process import (
    ProcessFramework,
    add_statement_before,
    free_name,
    is_demonstration,
)
from httpx_fixer.frameworks._start_source import CLOSE, OPEN
from httpx_fixer.patterns import compile_later

_RUN = frozenset({"nicegui.ui.run", "nicegui.ui_run.run"})
_APP = "nicegui.app"
_PAGE = compile_later(r"(?m)\.page\(|^\s*@page\(")
_RUNS_AGAIN = (3,)
"""Since which version a program without pages is run again for each visitor."""
_REGISTERS_ONCE = (3, 12)
"""Since which version that registers nothing. Before, it fails."""


class NiceGUI(ProcessFramework):
    """NiceGUI runs pages, events and timers on the loop of the server that `ui.run` starts.

    It starts its application's `on_startup` handlers before the first request, and awaits `on_shutdown`
    handlers one after the other. They are registered right above `ui.run`, so that ours closes last:
    with `reload=True` the process that serves runs that code, too, as `__mp_main__`. A program
    without pages is run again for each visitor from 3.0 on, when it must register nothing (before
    3.12 that fails). Under `ui.run_with(app)` the lifespan of that application owns. Read in 1.4.37 to
    3.18.0, run in 2.24.2, 3.4.1 and 3.18.0. https://nicegui.io/documentation/section_action_events
    """

    name: ClassVar[str] = "nicegui"
    modules: ClassVar[frozenset[str]] = frozenset({"nicegui"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return every call of `ui.run` outside of demonstrations."""
        return tuple(
            Lifecycle(self.name, Symbol(call.path, "app"), call, Start.HOOKS)
            for call in project.calls_named("run", about="nicegui")
            if call.symbol is not None
            and not call.symbol.path
            and call.symbol.name in _RUN
            and not is_demonstration(call.path)
        )

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that register the handlers right above `ui.run`."""
        path = lifecycle.path
        app, edits = project.spelling_of(path, _APP), list[Edit]()
        if app is None:
            app = free_name(project, lifecycle, "app", _APP)
            edits.append(EnsureImport(path, "nicegui", "app", None if app == "app" else app))
        code = f"{app}.on_startup({OPEN})\n{app}.on_shutdown({CLOSE})\n"
        version = project.pinned_version("nicegui", path)
        if _is_run_again(project, lifecycle, version):
            if ownership.is_inline:
                detail = (
                    "NiceGUI runs this file anew for each visitor: a module of its own could keep connections"
                )
                return Refusal(RefusalReason.NO_IMPORT_PATH, detail, path, lifecycle.call.line)
            if version is None or version < _REGISTERS_ONCE:
                code = f"if not {app}.is_started:\n{indent(code, '    ')}"
        added = add_statement_before(project, ownership, lifecycle, code, (OPEN, CLOSE))
        return added if isinstance(added, Refusal) or not added else (*edits, *added)


def _is_run_again(project: Project, lifecycle: Lifecycle, version: tuple[int, ...] | None) -> bool:
    """Answer whether a program may be run for each visitor: one that has neither pages nor a root."""
    if lifecycle.call.argument("root", 0) is not None or (version is not None and version < _RUNS_AGAIN):
        return False
    return not any(
        _PAGE.search(project.search.text(path)) and project.imports.reaches(lifecycle.path, path)
        for path in project.search.mentions(b"page(")
        if "nicegui" in project.imported_packages(path)
    )
