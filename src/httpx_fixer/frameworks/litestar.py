"""Litestar: a lifespan in its list opens and closes what all code borrows."""

from __future__ import annotations

import re
from typing import ClassVar

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import AddArgument, Edit, ReplaceExpression
from httpx_fixer.frameworks import _asgi
from httpx_fixer.frameworks._base import Lifecycle, Ownership, Start
from httpx_fixer.frameworks._owner_source import LIFESPAN
from httpx_fixer.frameworks._web_application import WebFramework
from httpx_fixer.patterns import compile_later

_LISTED = compile_later(r"\[(\s*)((?:(?!\bfor\b).)*\])", re.DOTALL)
"""A list that is written out, not one of `[f(x) for x in y]`: what it begins with, and the rest."""


class Litestar(WebFramework):
    """Litestar enters the lifespans of its list in order, then runs `on_startup`, once per server process.

    Ours is put first: it opens before what may use it and closes after it. A list that is made
    elsewhere, and an application made from a configuration object, are left alone. Read and run in
    2.25.0.
    https://docs.litestar.dev/2/usage/applications.html#lifespan-context-managers
    """

    name: ClassVar[str] = "litestar"
    package: ClassVar[str] = "litestar"
    modules: ClassVar[frozenset[str]] = frozenset({"litestar"})
    classes: ClassVar[frozenset[str]] = frozenset({"litestar.Litestar", "litestar.app.Litestar"})
    start: ClassVar[Start] = Start.LIFESPAN
    takes_nameless: ClassVar[bool] = True
    since: ClassVar[tuple[int, ...]] = (2,)

    def wire(
        self, project: Project, ownership: Ownership, lifecycle: Lifecycle
    ) -> tuple[Edit, ...] | Refusal:
        """Return the edits that put our lifespan into the application's list of them."""
        refusal = self.find_pin(project, lifecycle)
        if refusal is not None:
            return refusal
        call = lifecycle.call
        given = call.argument("lifespan")
        if given is not None and re.search(rf"\b{LIFESPAN}\b", given.code):
            return ()  # by an earlier run
        listed = None if given is None else _LISTED.fullmatch(given.code)
        unknown = given is not None and listed is None
        if unknown or any(argument.name in {"*", "**"} for argument in call.arguments):
            detail = f"the lifespans of `{lifecycle.app.name}` are not written out where it is made"
            return Refusal(RefusalReason.LIFESPAN_UNKNOWN, detail, lifecycle.path, call.line)
        edits = _asgi.import_edits(project, ownership, lifecycle.path, LIFESPAN)
        if isinstance(edits, Refusal):
            return edits
        if given is None or listed is None:
            return (*edits, AddArgument(call.anchor, "lifespan", f"[{LIFESPAN}]"))
        gap, rest = listed.groups()
        joint = "" if rest == "]" else f",{gap or ' '}"
        return (*edits, ReplaceExpression(given.anchor, f"[{gap}{LIFESPAN}{joint}{rest}"))
