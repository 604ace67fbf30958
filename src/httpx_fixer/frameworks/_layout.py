"""How generated code is laid out: imports in blocks, long calls one argument a line."""

from __future__ import annotations

import sys

LINE = 88
"""The narrowest of the usual limits on the length of a line (Black's)."""

Import = tuple[str, str, str]
"""(dotted module, name or "" for the module itself, bound as)."""


def lay_out_call(before: str, call: str, after: str, indent: str = "") -> str:
    """Return a line of code that holds a call, its arguments one a line where it would be too long."""
    line = f"{indent}{before}{call}{after}"
    callee, _, inside = call[:-1].partition("(")
    if len(line) <= LINE or not call.endswith(")") or "(" in inside or "\n" in call:
        return line
    items = "".join(f"{indent}    {item.strip()},\n" for item in inside.split(","))
    return f"{indent}{before}{callee}(\n{items}{indent}){after}"


def shift(code: str, indent: str) -> str:
    """Return an expression of several lines as it stands at an indentation; the last line says its own."""
    first, *rest = code.split("\n")
    if not rest or '"""' in code or "'''" in code:  # a line in a string literal is no line of code
        return code
    old = rest[-1][: len(rest[-1]) - len(rest[-1].lstrip())]
    return "\n".join([first, *(indent + line.removeprefix(old) if line.strip() else "" for line in rest)])


def lay_out_with(keyword: str, items: list[str], indent: str) -> list[str]:
    """Return the lines of a `with` header, its items one a line where it would be too long."""
    line = f"{indent}{keyword} {', '.join(items)}:"
    if len(line) <= LINE:
        return [line]
    return [f"{indent}{keyword} (", *(f"{indent}    {item}," for item in items), f"{indent}):"]


def import_lines(imports: list[Import], own: frozenset[str]) -> str:
    """Lay out imports in blocks as isort does: the standard library, other packages, `own` modules."""
    future = [one for one in imports if one[0] == "__future__"]
    imports = [one for one in imports if one not in future]
    standard = [one for one in imports if one[0].split(".")[0] in sys.stdlib_module_names - own]
    mine = [one for one in imports if one[0].startswith(".") or one[0] in own]
    other = [one for one in imports if one not in standard and one not in mine]
    return "\n\n".join(_block(block) for block in (future, standard, other, mine) if block)


def _block(imports: list[Import]) -> str:
    plain = [
        f"import {m}" if m == bound else f"import {m} as {bound}" for m, name, bound in imports if not name
    ]
    froms: list[str] = []
    for module in sorted({m for m, name, _ in imports if name}, key=lambda m: (m.startswith("."), m)):
        names = [(name, bound) for m, name, bound in imports if name and m == module]
        froms += from_lines(module, names)
    return "\n".join([*sorted(set(plain)), *froms])


def from_lines(module: str, names: list[tuple[str, str]]) -> list[str]:
    """Lay out what is imported from one module; a name with an alias has a statement of its own."""
    names = sorted(set(names), key=_order)
    lines: list[str] = []
    together = [name for name, bound in names if name == bound]
    line = f"from {module} import {', '.join(together)}"
    if len(line) > LINE:
        line = "\n".join([f"from {module} import (", *(f"    {name}," for name in together), ")"])
    for name, bound in names:
        if name != bound:
            lines.append(f"from {module} import {name} as {bound}")
        elif name == together[0]:
            lines.append(line)
    return lines


def _order(name: tuple[str, str]) -> tuple[int, str]:
    """Constants, then classes, then the rest, as isort sorts by default."""
    first = name[0]
    return (0 if first.isupper() else 1 if first[:1].isupper() else 2), first
