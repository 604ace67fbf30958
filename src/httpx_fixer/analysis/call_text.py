"""The text of a call with another callee and fewer arguments, all else as the author wrote it."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from httpx_fixer.analysis.facts import CallChange
from httpx_fixer.analysis.module import Module
from httpx_fixer.source import Anchor


def rewrite_call(
    module: Module, anchor: Anchor, callee: str, change: CallChange
) -> tuple[Anchor, str] | None:
    """Return the smallest expression to replace and its new text.

    Only the callee where the arguments stay as they are; else the whole call.
    """
    first, without = change.first, change.without
    call = module.call_at(anchor)
    if call is None:
        return None
    if not first and not without and not change.last and not change.whole:
        return module.anchor(call.func), callee
    end = module.offset(call.end_lineno or 0, call.end_col_offset or 0)
    opening = module.offset(call.func.end_lineno or 0, call.func.end_col_offset or 0)
    inside_start = module.source.text.index("(", opening, end) + 1
    inside = _without(module, call, inside_start, end - 1, without)
    if first:
        lead = inside[: len(inside) - len(inside.lstrip())]
        gap = "" if not inside.strip() else ("," + (lead if "\n" in lead else " "))
        inside = f"{lead}{first}{gap}{inside.lstrip()}" if inside.strip() else first
    if change.last:
        inside = _add_last(inside, change.last)
    return anchor, f"{callee}({_dedent(module, call, inside)})"


def _add_last(inside: str, last: str) -> str:
    """Put an argument behind the others: on a line of its own where they have theirs."""
    end = _end_of_code(inside)
    if not end:
        return last
    body, tail = inside[:end].removesuffix(","), inside[end:]
    comma = "," if inside[:end].endswith(",") else ""
    lead = re.match(r"\s*", inside)
    gap = lead[0] if lead is not None and "\n" in lead[0] else " "
    said = tail.rstrip()
    if said:  # a comment, which ends with its line
        gap = gap if "\n" in gap else "\n    "
    return f"{body},{said}{gap}{last}{comma}{tail[len(said) :]}"


def _end_of_code(inside: str) -> int:
    """Return where the last thing between parentheses ends that is no comment."""
    lines = io.StringIO(f"({inside})").readline
    kinds = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER}
    tokens = [token for token in tokenize.generate_tokens(lines) if token.type not in kinds]
    row, column = tokens[-2].end
    return sum(len(line) for line in inside.splitlines(keepends=True)[: row - 1]) + column - (row == 1)


def _dedent(module: Module, call: ast.Call, text: str) -> str:
    """Take the indentation of the statement off the lines that follow: where it goes adds its own."""
    if '"""' in text or "'''" in text:  # a line in a string literal is no line of the statement
        return text
    line = module.source.lines[module.statement_of(call).lineno - 1]
    indent = line[: len(line) - len(line.lstrip())]
    return text.replace(f"\n{indent}", "\n")


def find_argument(module: Module, anchor: Anchor, name: str) -> Anchor | None:
    """Return the address of the value of a keyword argument of the call at an anchor."""
    call = module.call_at(anchor)
    found = (keyword.value for keyword in (call.keywords if call else ()) if keyword.arg == name)
    value = next(found, None)
    return None if value is None else module.anchor(value)


def _without(module: Module, call: ast.Call, start: int, end: int, names: frozenset[str]) -> str:
    """Return the text between the parentheses without some keyword arguments."""
    text = module.source.text
    spans = [(_start_of(module, keyword), keyword.arg) for keyword in call.keywords]
    spans += [(module.offset(value.lineno, value.col_offset), "") for value in call.args]
    spans.sort(key=lambda span: span[0])
    last = max((index for index, (_, name) in enumerate(spans) if name not in names), default=-1)
    cuts: list[tuple[int, int]] = [
        (begin, spans[index + 1][0]) for index, (begin, name) in enumerate(spans[:last]) if name in names
    ]
    if last + 1 < len(spans):
        following = spans[last + 1][0]
        cuts.append((_end_before(module, call, following) if last >= 0 else following, end))
    kept, at = "", start
    for begin, stop in cuts:
        kept += text[at:begin]
        at = stop
    tail = text[at:end] if not cuts or cuts[-1][1] < end else _closing_space(text[start:end])
    if all(name in names for _, name in spans):
        return ""  # a comment that stood there is put above the statement
    # A comment needs the line break behind it.
    return kept + tail if kept.strip() or not cuts or "#" in tail else _join(kept + tail)


def _join(inside: str) -> str:
    """Bring a last argument that had a line of its own back to the line of the call."""
    stripped = inside.strip()
    return inside if "\n" in stripped else stripped.removesuffix(",")


def _closing_space(inside: str) -> str:
    """Return the trailing comma and line break before the closing parenthesis, where there is one."""
    stripped = inside.rstrip()
    space = inside[len(stripped) :]
    return ("," if stripped.endswith(",") else "") + space if "\n" in space else ""


def _end_before(module: Module, call: ast.Call, begin: int) -> int:
    """Return the end of the last argument that stands before an offset."""
    nodes: list[ast.expr] = [*call.args, *(keyword.value for keyword in call.keywords)]
    ends = [module.offset(node.end_lineno or 0, node.end_col_offset or 0) for node in nodes]
    return max(end for end in ends if end <= begin)


def _start_of(module: Module, keyword: ast.keyword) -> int:
    return module.offset(keyword.lineno, keyword.col_offset)
