"""Pieces of a page in HTML: what is said of a site, a diff, the drawn plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape

from httpx_fixer.diagnostic import Diagnostic
from httpx_fixer.fix import Applicability
from httpx_fixer.owners import Process
from httpx_fixer.patterns import compile_later
from httpx_fixer.reporters.context import Context
from httpx_fixer.reporters.outline import HANDED, OwnerOutline, Share
from httpx_fixer.reporters.paths import Locate, show_path
from httpx_fixer.reporters.wording import describe_outcome

_HUNK = compile_later(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_STATUS = {"made": "fixed", "unsafe": "unsafe", "hand": "by hand", "left": "left alone"}
LONG_DIFF = 80
"""Added lines above which a new file is shown folded: a module that fixes create has 150 to 300."""


def status_of(diagnostic: Diagnostic, *, unsafe_fixes: bool) -> str:
    """Return what becomes of a site, as one of the words that the page can be filtered by."""
    if diagnostic.fix is None:
        return "left"
    match diagnostic.fix.applicability:
        case Applicability.SAFE:
            return "made"
        case Applicability.UNSAFE:
            return "made" if unsafe_fixes else "unsafe"
        case Applicability.DISPLAY_ONLY:
            return "hand"


def name_status(status: str) -> str:
    """Return a status in the words of the page."""
    return _STATUS[status]


def code_marks(text: str) -> str:
    """Return a text with what stands in backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def render_said(diagnostic: Diagnostic, context: Context, status: str) -> str:
    """Return what is said of one site, with all that the page filters by."""
    anchor, refusal, locate = diagnostic.anchor, diagnostic.refusal, context.locate
    page = context.page(diagnostic.name)
    code = f'<a href="{escape(page)}">{diagnostic.code}</a>' if page else diagnostic.code
    paths = (anchor.path, *(diagnostic.fix.paths if diagnostic.fix is not None else ()))
    data = {
        "rule": diagnostic.code,
        "file": locate(anchor.path),
        "status": status,
        "reason": "" if refusal is None else refusal.reason.name,
        "line": str(anchor.start.line),
        "touches": json.dumps(sorted({locate(path) for path in paths})),
    }
    attributes = "".join(f' data-{key}="{escape(value)}"' for key, value in data.items())
    place = f"line {anchor.start.line}"
    reveal = f'<button class="reveal" type="button">{place}</button>' if status == "made" else place
    return (
        f'<div class="said" tabindex="0"{attributes}>'
        f'<span class="badge">{code}</span> '
        f'<span class="badge {status}">{_STATUS[status]}</span> '
        f'<span class="soft">{diagnostic.name}, {reveal}</span>'
        f"<p>{code_marks(diagnostic.message)}</p>"
        f'<p class="outcome">{code_marks(describe_outcome(diagnostic, locate))}</p></div>\n'
    )


def render_diff(patch: bytes) -> str:
    """Return the unified diff of one file, folded where it is a long new one."""
    text = patch.decode(errors="replace")
    rows = "".join(_iter_rows(text.split("\n")))
    is_new = "\nnew file mode " in text
    added = rows.count('<tr class="add"')
    removed = rows.count('<tr class="del"')
    is_folded = is_new and added > LONG_DIFF
    head = f"new file, {added} lines" if is_new else f"{added} added, {removed} removed"
    opened = "" if is_folded else " open"
    table = f'<div class="scroll"><table class="diff"><tbody>{rows}</tbody></table></div>'
    return f'<details class="patch"{opened}><summary>{head}</summary>{table}</details>\n'


def _iter_rows(lines: list[str]) -> Iterator[str]:
    """Yield a row a line; hunks are read by their line counts."""
    old = new = old_left = new_left = 0
    for line in lines:
        sign, code = line[:1], escape(line[1:].removesuffix("\r"))
        if old_left > 0 or new_left > 0:
            if sign == "\\":
                continue
            numbers = (str(old) if sign != "+" else "", str(new) if sign != "-" else "")
            kind = {"-": "del", "+": "add"}.get(sign, "ctx")
            cells = "".join(f'<td class="n" data-n="{number}"></td>' for number in numbers)
            yield f'<tr class="{kind}" data-old="{old}">{cells}<td class="c">{code}</td></tr>\n'
            old, old_left = old + (sign != "+"), old_left - (sign != "+")
            new, new_left = new + (sign != "-"), new_left - (sign != "-")
        elif hunk := _HUNK.match(line):
            old, old_left, new, new_left = (int(group or 1) for group in hunk.groups())
            yield f'<tr class="hunk"><td colspan="3">{escape(line)}</td></tr>\n'


def render_owner(outline: OwnerOutline, locate: Locate) -> str:
    """Return one owner as it is drawn: processes, the module, what it owns, the sites."""
    processes = "".join(render_process(process, locate) for process in outline.owner.processes)
    new = ' <span class="badge made">new</span>' if outline.owner.is_new else ""
    shares = "".join(_render_share(share, locate) for share in outline.shares)
    path = escape(show_path(locate(outline.owner.path)))
    return (
        f'<div class="card owner"><div>{processes}</div>'
        '<div class="arrow" role="img" aria-label="opens and closes"></div>'
        f'<div class="module"><h3><code>{path}</code>{new}</h3>{shares}</div></div>\n'
    )


def render_process(process: Process, locate: Locate) -> str:
    """Return one process as a box."""
    place = f"{show_path(locate(process.path))}:{process.line}"
    return (
        f'<div class="process"><b>{escape(process.framework)}</b> <code>{escape(process.app)}</code><br>'
        f"<small>{escape(process.start)}, {escape(place)}</small></div>"
    )


def _render_share(share: Share, locate: Locate) -> str:
    owned = share.owned
    arguments = "".join(f"<li>{escape(f'{name}={code}')}</li>" for name, code in owned.arguments)
    sites = "".join(f"<li>{_render_site(site, locate)}</li>" for site in share.sites)
    return (
        f'<div class="share"><div><span class="badge">{escape(owned.kind)}</span> '
        f"<code>{escape(owned.name)}</code><br>"
        f'<small>{escape(owned.class_name)}</small><ul class="args">{arguments}</ul></div>'
        f'<div class="arrow" role="img" aria-label="used by"></div><ul class="sites">{sites}</ul></div>'
    )


def _render_site(diagnostic: Diagnostic, locate: Locate) -> str:
    supply = diagnostic.fix.supply if diagnostic.fix is not None else None
    assert supply is not None
    place = f"{show_path(locate(diagnostic.anchor.path))}:{diagnostic.anchor.start.line}"
    function = f" <code>{escape(supply.function)}</code>" if supply.function else ""
    return f'{escape(place)}{function} <span class="soft">{HANDED[supply.how]}</span>'
