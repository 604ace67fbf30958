"""More clients and pools in an owning module that is there already."""

from __future__ import annotations

import re

from httpx_fixer.analysis.definitions import read_definitions
from httpx_fixer.analysis.facts import Definition
from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.fix import Edit, EnsureImport, InsertStatements, RemoveStatement, ReplaceExpression
from httpx_fixer.frameworks._base import Ownership
from httpx_fixer.frameworks._layout import Import
from httpx_fixer.frameworks._owner_reading import definitions_of
from httpx_fixer.frameworks._owner_source import LIFESPAN, definitions, header_of, imports_of
from httpx_fixer.patterns import compile_later
from httpx_fixer.source import SourceFile

_APPLICATION = compile_later(rf"def {LIFESPAN}\(app: ([\w.]+)\)")


def extend_module(
    project: Project, ownership: Ownership, present: Ownership, application: Import
) -> tuple[Edit, ...] | Refusal:
    """Return the edits that bring an owning module from what it owns at present to what it is to own.

    What stays the same is not looked at, whatever the user made of it. What has to change must be
    as we would write it, formatting and comments aside.
    """
    if (present.clients, present.pools, present.starts, present.may_lack_state) == (
        ownership.clients,
        ownership.pools,
        ownership.starts,
        ownership.may_lack_state,
    ):
        return ()
    path = ownership.path
    standing = definitions_of(project, path)
    application = _read_application(standing) or application
    aliases, imports = _plan_imports(project, path, imports_of(ownership, application))
    old = {one.name: one for one in _render(present, application, aliases)}
    edits: list[Edit] = [*imports, *_plan_header(project, present, ownership)]
    behind: Definition | None = None
    pending: list[str] = []
    code = _code(ownership, application, aliases)
    rendered = _render(ownership, application, aliases)
    for number, new in enumerate(rendered):
        text = _text_of(code, rendered, number)
        if new.name not in old:
            if new.name in project.module_names(path):
                detail = f"`{new.name}` is taken in `{path}`"
                return Refusal(RefusalReason.NAME_CLASH, detail, path, _line_of(standing, new.name))
            pending.append(text)
            continue
        # `HttpClient = ...` right above a line that stands goes right below it.
        late = [one.lstrip("\n") for one in pending[-1:] if not text.startswith("\n")]
        edits += _flush(project, path, behind, pending[: len(pending) - len(late)])
        pending = late
        behind = standing.get(new.name, behind)
        if new.normal != old[new.name].normal:
            changed = _replace(path, standing.get(new.name), old[new.name], text)
            if isinstance(changed, Refusal):
                return changed
            edits += changed
    return (*edits, *_flush(project, path, behind, pending))


def _read_application(standing: dict[str, Definition]) -> Import | None:
    """Return how the present lifespan calls the application's class, None where it does not."""
    found = _APPLICATION.search(standing[LIFESPAN].normal) if LIFESPAN in standing else None
    return None if found is None or found[1] == "object" else ("", "", found[1])


def _replace(path: str, stands: Definition | None, old: Definition, text: str) -> tuple[Edit, ...] | Refusal:
    if stands is None or stands.normal != old.normal:
        detail = f"`{old.name}` of the module that owns the clients was changed by hand, and has to change"
        return Refusal(RefusalReason.OWNER_CHANGED, detail, path, stands.anchor.start.line if stands else 1)
    return RemoveStatement(stands.anchor, is_moved=True), InsertStatements(
        stands.anchor, "before", text.lstrip("\n")
    )


def _flush(project: Project, path: str, behind: Definition | None, pending: list[str]) -> tuple[Edit, ...]:
    """Insert new definitions below the one that they follow, else below the imports."""
    anchor = behind.anchor if behind is not None else project.last_import(path)
    if not pending or anchor is None:
        return ()
    text = "".join(pending)
    return (InsertStatements(anchor, "after", text if behind is not None else "\n" + text.lstrip("\n")),)


def _plan_header(project: Project, present: Ownership, ownership: Ownership) -> tuple[Edit, ...]:
    """Say what the module has from now on, where it still says what we said of it."""
    first = project.texts.docstring(ownership.path)
    old, new = header_of(present), header_of(ownership)
    if first is None or old == new or f'"""{first[1]}"""' != old:
        return ()
    return (ReplaceExpression(first[0], new),)


def _plan_imports(
    project: Project, path: str, needed: list[Import]
) -> tuple[dict[str, str], tuple[Edit, ...]]:
    """Return how the file calls what the definitions need, {usual name: name here}, and new imports."""
    aliases: dict[str, str] = {}
    edits: list[Edit] = []
    for module, name, bound in needed:
        if not module:
            continue  # known by the name that it has
        qualified = f"{module}{'' if module.endswith('.') else '.'}{name}" if name else module
        known = project.spelling_of(path, qualified)
        if known is not None and "." not in known:
            aliases[bound] = known
            continue
        alias = bound if project.may_bind(path, bound, qualified) else f"_{bound}"
        aliases[bound] = alias
        edits.append(EnsureImport(path, module, name or None, None if alias == (name or module) else alias))
    return {bound: alias for bound, alias in aliases.items() if bound != alias}, tuple(edits)


def _code(ownership: Ownership, application: Import, aliases: dict[str, str]) -> str:
    code = definitions(ownership, application)
    for bound, alias in aliases.items():
        code = re.sub(rf"(?<![\w.]){bound}\b", alias, code)
    return code


def _render(ownership: Ownership, application: Import, aliases: dict[str, str]) -> tuple[Definition, ...]:
    return read_definitions(SourceFile("", _code(ownership, application, aliases).encode()))


def _text_of(code: str, rendered: tuple[Definition, ...], number: int) -> str:
    """Return the lines of one definition with the blank lines above it."""
    lines = code.split("\n")
    first = rendered[number - 1].anchor.end.line if number else 0
    return "\n".join(lines[first : rendered[number].anchor.end.line]) + "\n"


def _line_of(standing: dict[str, Definition], name: str) -> int:
    return standing[name].anchor.start.line if name in standing else 1
