"""Chainlit: the hooks of its start and end open and close what handlers of a chat borrow."""

from __future__ import annotations

import posixpath
import re
from typing import ClassVar

from httpx_fixer.analysis.facts import Function, Symbol
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, EnsureImport
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._hooks import close_in, open_in
from httpx_fixer.frameworks._process import ProcessFramework, add_statement_after, is_demonstration, place_at
from httpx_fixer.frameworks._start_source import CLOSE, OPEN
from httpx_fixer.patterns import compile_later

_HANDLER = compile_later(
    r"(?m)^@(?:\w+\.)?(?:on_message|on_chat_(?:start|resume|end)|on_stop|on_settings_update|on_audio_\w+"
    r"|on_window_message|on_app_(?:startup|shutdown)|action_callback|set_starters|set_chat_profiles"
    r"|(?:password|header)_auth_callback|oauth_callback)\b"
)
_HOOKS = (("on_app_startup", OPEN, open_in), ("on_app_shutdown", CLOSE, close_in))
_HOOKS_SINCE = (2, 4, 400)
_TO_NEXT = r"[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*"
"""The end of a line, and empty lines and comments below it."""


class Chainlit(ProcessFramework):
    """Chainlit runs all chats on one loop, between `on_app_startup` and `on_app_shutdown`.

    `chainlit run app.py` awaits both once, from 2.4.400 on, and ends the process right after. Each takes one
    function, the last that is registered: one that is there is extended. The file is not imported but
    run, with its directory in the path of modules. Where `mount_chainlit` puts it into an
    application, its hooks do not run, and the lifespan of that application owns. What `--watch` loads
    again has connections of its own until the next start. Read in 2.0.0 to 2.12.0, run in 2.12.0.
    https://docs.chainlit.io/api-reference/lifecycle-hooks/on-app-startup
    """

    name: ClassVar[str] = "chainlit"
    modules: ClassVar[frozenset[str]] = frozenset({"chainlit"})

    def lifecycles(self, project: Project) -> tuple[Lifecycle, ...]:
        """Return the files that register handlers and that no other of these imports."""
        if not project.search.mentions(b"chainlit"):
            return ()
        return project.remember("applications of chainlit", lambda: tuple(_find_applications(project)))

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that register both hooks, or extend the functions that are registered."""
        refusal = _find_obstacle(project, ownership, lifecycle)
        if refusal is not None:
            return refusal
        edits, code, names = list[Edit](), "", list[str]()
        for hook, name, extend in _HOOKS:
            own = _find_own(project, lifecycle, hook)
            if isinstance(own, Refusal):
                return own
            if own is not None:
                extended = extend(project, ownership, own)
                if isinstance(extended, Refusal):
                    return extended
                edits += extended
                continue
            spelled = project.spelling_of(lifecycle.path, f"chainlit.{hook}")
            if spelled is None:
                edits.append(EnsureImport(lifecycle.path, "chainlit", hook))
            code += f"{spelled or hook}({name})\n"
            names.append(name)
        if not names:
            return tuple(edits)
        added = add_statement_after(project, ownership, lifecycle, f"\n{code}", tuple(names))
        return added if isinstance(added, Refusal) else (*edits, *added)


def _find_applications(project: Project) -> list[Lifecycle]:
    mounted = _asgi.find_mounted_chats(project)
    files = [
        path
        for path in project.search.mentions(b"chainlit")
        if not is_demonstration(path)
        and "chainlit" in project.imported_packages(path)
        and project.imports.module_of_import(path, "chainlit", "Message") is None
        and _HANDLER.search(project.search.text(path))
    ]
    roots = [
        path
        for path in files
        if not any(other != path and project.imports.reaches(other, path) for other in files)
    ]
    anchors = ((path, project.last_import(path)) for path in roots if path not in mounted)
    return [
        Lifecycle(
            Chainlit.name,
            Symbol(path, posixpath.basename(path).removesuffix(".py")),
            place_at(anchor),
            Start.HOOKS,
        )
        for path, anchor in anchors
        if anchor is not None
    ]


def _find_obstacle(project: Project, ownership: Ownership, lifecycle: Lifecycle) -> Refusal | None:
    """Return why an application cannot be told: its version, or that it could not import the module."""
    path, line = lifecycle.path, lifecycle.call.line
    version = project.pinned_version("chainlit", path)
    if version is not None and version < _HOOKS_SINCE:
        have, need = (".".join(map(str, one)) for one in (version, _HOOKS_SINCE))
        detail = f"chainlit {have} is pinned; the rewrite needs {need}"
        return Refusal(RefusalReason.FRAMEWORK_TOO_OLD, detail, path, line)
    dotted = project.imports.import_path(path, ownership.path)
    if path == ownership.path or dotted is None:
        return None
    beside = posixpath.join(posixpath.dirname(path), f"{dotted}.py") == ownership.path
    top = re.escape(dotted.split(".")[0])
    if beside or (top and re.search(rf"(?m)^(?:from|import) {top}\b", project.search.text(path))):
        return None
    detail = f"`chainlit run` does not show that `{path}` could import `{dotted}`"
    return Refusal(RefusalReason.NO_IMPORT_PATH, detail, path, line)


def _find_own(project: Project, lifecycle: Lifecycle, hook: str) -> Function | Refusal | None:
    """Return the coroutine that the author registered, None where no one did or where we did."""
    ours = re.compile(rf"\b{hook}\((?:{OPEN}|{CLOSE})\)")
    named = [
        (path, project.search.text(path))
        for path in project.search.mentions(hook.encode())
        if project.imports.reaches(lifecycle.path, path)
    ]
    given = [(path, text) for path, text in named if not ours.search(text)]
    if not given:
        return None
    found = [
        (path, name)
        for path, text in given
        for name in re.findall(rf"(?m)^@(?:\w+\.)?{hook}{_TO_NEXT}(?:async )?def (\w+)", text)
    ]
    function = project.function(Symbol(*found[0])) if len(found) == len(given) == 1 else None
    if function is None or not function.is_async or function.parameters:
        detail = f"what `{hook}` is given is not one coroutine that could be extended"
        return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, given[0][0], 1)
    return function
