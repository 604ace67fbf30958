"""The source of what is there for one pool: its arguments, or what makes them, and who lends from it."""

from __future__ import annotations

from itertools import groupby

from httpx_fixer.analysis.site_facts import GIVEN_LIMITS
from httpx_fixer.frameworks._base import OwnedPool
from httpx_fixer.frameworks._layout import LINE, from_lines, lay_out_call, shift

_LATE = "  # it may import this module itself"


def maker(pool: OwnedPool) -> str:
    """Lay out the function that makes the arguments of a pool."""
    takes = any(f"**{GIVEN_LIMITS}" in argument.code for argument in pool.arguments)
    lines = [f"def {pool.maker}(**{GIVEN_LIMITS if takes else '_'}: Any) -> dict[str, Any]:"]
    late = sorted({one for argument in pool.arguments for one in argument.late_imports})
    for module, group in groupby(late, key=lambda one: one[0]):
        lines += _late_lines(from_lines(module, [(name, bound) for _, name, bound in group]))
    return "\n".join([*lines, *[""] * bool(late), *_row("    return ", pool, "")]) + "\n"


def _late_lines(imports: list[str]) -> list[str]:
    """Lay out imports inside of a function, and beside or above them why they stand there."""
    beside = [f"    {line}{_LATE}" for line in imports]
    if all(len(line) <= LINE and "\n" not in line for line in beside):
        return beside
    return [f"    {_LATE.strip()}", *(f"    {line}" for one in imports for line in one.splitlines())]


def table(name: str, pools: list[OwnedPool]) -> str:
    """Lay out what makes each pool: {function that borrows from it: arguments, or what makes them}."""
    if not any(map(is_made_late, pools)):
        rows = (_row(f'    "{pool.lender}": ', pool, ",") for pool in pools)
        lines = [f"_{name}: dict[str, dict[str, Any]] = {{", *(line for row in rows for line in row), "}"]
        return "\n".join(lines) + "\n\n\n"
    lines = [f"_{name}: dict[str, Callable[..., dict[str, Any]]] = {{"]
    for pool in pools:
        if is_made_late(pool):
            lines.append(f'    "{pool.lender}": {pool.maker},')
        elif pool.arguments:
            lines += _row(f'    "{pool.lender}": lambda **_: ', pool, ",")
        else:
            lines.append(f'    "{pool.lender}": dict,')
    return "\n".join([*lines, "}"]) + "\n\n\n"


def lender(pool: OwnedPool, *, lasts: bool) -> str:
    """Lay out the function that builds a client which borrows, or which lasts."""
    name = pool.lasting_lender if lasts else pool.lender
    kind = f"{pool.library}.{pool.class_name}"
    function, chosen = ("_keep", ()) if lasts else ("_borrow", pool.chosen)
    function = function if pool.is_async else f"{function}_sync"
    header, build = f"def {name}(**options: Any) -> {kind}:", kind
    if pool.takes_class:
        header = f"def {name}(\n    build: type[{kind}] | None = None, /, **options: Any\n) -> {kind}:"
        build = f"build or {kind}"
    described = f'    """Build a `{kind}` that nothing has to close."""' if lasts else _describe(pool, kind)
    taken = ", ".join([f'"{pool.lender}"', build, "options", *(f'"{name}"' for name in chosen)])
    return f"{header}\n{described}\n{lay_out_call('return ', f'{function}({taken})', '', '    ')}\n"


def _describe(pool: OwnedPool, kind: str) -> str:
    docstring = f'    """Build a `{kind}` over shared connections{{}}."""'
    given = ", ".join(f"`{argument.name}={argument.code}`" for argument in pool.arguments)
    apart = " and ".join(f"`{name}=`" for name in pool.chosen)
    said = (f" with {given}" if given else "") + (f", apart by {apart}" if apart else "")
    described = docstring.format(said)
    if len(described) <= LINE and "\n" not in given:
        return described
    return docstring.format(", apart by what is given" if apart else " of their own")


def is_made_late(pool: OwnedPool) -> bool:
    """Answer whether some argument of a pool is made where a client is built, and not before."""
    return any(argument.is_made for argument in pool.arguments)


def _row(before: str, pool: OwnedPool, after: str) -> list[str]:
    """Lay out a table of the arguments of a pool, one a line where it would be too long."""
    items = [f'"{argument.name}": {argument.code}' for argument in pool.arguments]
    line = f"{before}{{{', '.join(items)}}}{after}"
    if len(line) <= LINE and "\n" not in line:
        return [line]
    indent = f"{before[: len(before) - len(before.lstrip())]}    "
    codes = [(one.name, shift(one.code, indent)) for one in pool.arguments]
    laid_out = (lay_out_call(f'"{name}": ', code, ",", indent) for name, code in codes)
    return [f"{before}{{", *laid_out, f"{indent[:-4]}}}{after}"]
