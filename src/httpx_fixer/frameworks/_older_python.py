"""How the owning module is written for projects that run on older Pythons too."""

from __future__ import annotations

import re

from httpx_fixer.analysis.project import Project
from httpx_fixer.diagnostic import Refusal, RefusalReason
from httpx_fixer.frameworks._base import Ownership
from httpx_fixer.frameworks._layout import Import
from httpx_fixer.patterns import compile_later

_UNIONS = (3, 10)
"""`X | None` where an annotation is read."""
_GENERICS = (3, 9)
"""`dict[str, int]`, `functools.cache` and `typing.Annotated`."""
_OLDEST = (3, 8)
"""Positional-only parameters; older than any httpx that is still looked after."""
_FUTURE: Import = ("__future__", "annotations", "annotations")
_OLD_NAMES: dict[Import, Import] = {
    ("functools", "cache", "cache"): ("functools", "lru_cache", "lru_cache"),
    ("typing", "Annotated", "Annotated"): ("typing_extensions", "Annotated", "Annotated"),
}
_WITH = compile_later(r"(?m)^( *)((?:async )?with) \(\n((?: +[^\n]+,\n)+) *\):")
_BASE = compile_later(r"(?m)^(class \w+\()dict(?=\[)")


def find_python_obstacle(project: Project, ownership: Ownership) -> Refusal | None:
    """Return why a project that runs on an older Python cannot own clients, None where it can."""
    python = ownership.python
    if python is None or python >= _UNIONS:
        return None
    if python < _OLDEST:
        return _refuse(ownership, f"needs {_name(_OLDEST)}")
    is_evaluated = "from __future__ import annotations" not in project.search.text(ownership.path)
    if ownership.is_inline and _needs_future(ownership) and is_evaluated:
        return _refuse(ownership, f"has annotations that need {_name(_UNIONS)}")
    return None


def suit_imports(ownership: Ownership, imports: set[Import]) -> set[Import]:
    """Return what is to be imported instead."""
    python = ownership.python
    if python is None or python >= _UNIONS:
        return imports
    if python < _GENERICS:
        imports = {_OLD_NAMES.get(one, one) for one in imports}
        if ownership.pools:
            imports.add(("typing", "Dict", "Dict"))
    return imports | ({_FUTURE} if _needs_future(ownership) else set())


def suit_code(ownership: Ownership, code: str) -> str:
    """Return definitions that the project's oldest Python can run."""
    if ownership.python is None or ownership.python >= _UNIONS:
        return code
    if _needs_future(ownership):
        code = code.replace('set["_Body"]', "set[_Body]")
    if ownership.python >= _GENERICS:
        return code
    code = _BASE.sub(r"\1Dict", code.replace("@cache\n", "@lru_cache(maxsize=None)\n"))
    return _WITH.sub(_join_items, code)


def _join_items(found: re.Match[str]) -> str:
    """Write the items of a `with` without parentheses."""
    items = (line.strip().rstrip(",") for line in found[3].splitlines())
    return f"{found[1]}{found[2]} " + f", \\\n{found[1]}        ".join(items) + ":"


def _needs_future(ownership: Ownership) -> bool:
    return bool(ownership.pools) or (ownership.python is not None and ownership.python < _GENERICS)


def _name(version: tuple[int, ...]) -> str:
    return f"Python {'.'.join(map(str, version))}"


def _refuse(ownership: Ownership, what: str) -> Refusal:
    detail = f"the project runs on {_name(ownership.python or ())} too, and what would own clients {what}"
    return Refusal(RefusalReason.PYTHON_TOO_OLD, detail, ownership.path, 1)
