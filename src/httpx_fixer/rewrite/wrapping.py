"""Breaking lines that a rewrite made too long, as Black would break them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator

from httpx_fixer.rewrite.parsing import parse_tree

_DEFAULT = 88
_LONGEST = 120
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def choose_limit(before: str, configured: int | None) -> int:
    """Return how long a line may be: as configured, else as long as the file's own lines, 88 to 120."""
    if configured is not None:
        return configured
    longest = max((len(line) for line in before.splitlines()), default=0)
    return min(max(_DEFAULT, longest), _LONGEST)


def wrap_long_lines(before: str, after: str, limit: int) -> str:
    """Return `after` with those lines broken that are new, too long, and hold a whole bracket.

    What would change the meaning, or cannot be broken, stays as it is.
    """
    known = Counter(before.splitlines())
    lines = after.splitlines(keepends=True)
    wanted = [
        i
        for i, line in enumerate(lines)
        if len(line.rstrip("\r\n")) > limit and not known[line.rstrip("\r\n")]
    ]
    if not wanted:
        return after
    breakable = _find_breakable_lines(after)
    newline = "\r\n" if "\r\n" in before else "\n"
    unit = "\t" if re.search(r"(?m)^\t+\S", before) else "    "
    for index in wanted:
        if index + 1 in breakable:
            ending = lines[index][len(lines[index].rstrip("\r\n")) :]
            line = lines[index].rstrip("\r\n")
            is_body = _stands_alone(lines, index)
            broken = _break_body(line, limit, unit) if is_body else _break_line(line, limit, unit)
            lines[index] = (ending or newline).join(broken) + ending
    wrapped = "".join(lines)
    return wrapped if _means_the_same(after, wrapped) else after


def _means_the_same(one: str, other: str) -> bool:
    try:
        return ast.dump(parse_tree(one)) == ast.dump(parse_tree(other))
    except (SyntaxError, ValueError, RecursionError):
        return False


def _find_breakable_lines(text: str) -> set[int]:
    """Return the lines (from 1) on which every token begins and ends and no comment stands."""
    inside: set[int] = set()
    commented: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.start[0] != token.end[0]:
                inside.update(range(token.start[0], token.end[0] + 1))
            if token.type == tokenize.COMMENT:
                commented.add(token.start[0])
    except (tokenize.TokenError, SyntaxError):
        return set()
    return set(range(1, text.count("\n") + 2)) - inside - commented


def _stands_alone(lines: list[str], index: int) -> bool:
    """Answer whether a line is all that the brackets at the end of the line above and below it hold."""
    above, below = lines[index - 1 : index], lines[index + 1 : index + 2]
    opens = bool(above) and above[0].rstrip()[-1:] in _PAIRS
    return opens and bool(below) and below[0].lstrip()[:1] in _PAIRS.values()


def _break_body(line: str, limit: int, unit: str) -> list[str]:
    """Put the items of a line that stands alone between brackets on lines of their own."""
    indent = line[: len(line) - len(line.lstrip())]
    items = [item.strip() for item in _split_items(line.strip())]
    if len(items) == 1:
        return _break_line(line, limit, unit)
    broken = (_break_line(f"{indent}{item},", limit, unit) for item in items if item)
    return [part for parts in broken for part in parts]


def _break_line(line: str, limit: int, unit: str) -> list[str]:
    """Put what the largest bracket of a line holds on lines of its own."""
    span = max(_iter_brackets(line), key=lambda span: span[1] - span[0], default=None)
    indent = line[: len(line) - len(line.lstrip())]
    if len(line) <= limit or span is None or not line[span[0] + 1 : span[1]].strip():
        return [line]
    start, end = span
    body = line[start + 1 : end].strip()
    head, tail = line[: start + 1], f"{indent}{line[end:]}"
    if len(indent + unit + body) <= limit and not body.endswith(","):
        return [head, f"{indent}{unit}{body}", tail]
    items = [item.strip() for item in _split_items(body)]
    broken = [_break_line(f"{indent}{unit}{item},", limit, unit) for item in items if item]
    return [head, *(part for parts in broken for part in parts), tail]


def _iter_brackets(line: str) -> Iterator[tuple[int, int]]:
    """Yield the outermost brackets of a line: (index of the opening, index of the closing one)."""
    depth, start = 0, 0
    for index, char in _iter_code(line):
        if char in _PAIRS:
            if depth == 0:
                start = index
            depth += 1
        elif char in _PAIRS.values():
            depth -= 1
            if depth < 0:
                return
            if depth == 0:
                yield start, index


def _split_items(body: str) -> list[str]:
    """Split at the commas that stand outside of brackets."""
    items, depth, start = [], 0, 0
    for index, char in _iter_code(body):
        if char in _PAIRS:
            depth += 1
        elif char in _PAIRS.values():
            depth -= 1
        elif char == "," and depth == 0:
            items.append(body[start:index])
            start = index + 1
    return [*items, body[start:]]


def _iter_code(line: str) -> Iterator[tuple[int, str]]:
    """Yield the characters of a line that stand outside of string literals."""
    quote = ""
    index = 0
    while index < len(line):
        char = line[index]
        if quote:
            if char == "\\":
                index += 1
            elif line.startswith(quote, index):
                index += len(quote) - 1
                quote = ""
        elif char in "\"'":
            quote = char * 3 if line.startswith(char * 3, index) else char
            index += len(quote) - 1
        else:
            yield index, char
        index += 1
