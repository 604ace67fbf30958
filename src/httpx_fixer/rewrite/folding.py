"""Definitions that no edit touches, folded into one line each.

libcst is slow, and most of a file is not our business: it reads and writes the rest only.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator

from httpx_fixer.patterns import compile_later
from httpx_fixer.values import dataclass

_FOLD = compile_later(rb"^def _folded_([0-9]+)_\(\): pass(?=[\r\n]|\Z)", re.MULTILINE)
_MARK = b"def _folded_%d_(): pass"
_ODD = compile_later(rb"\r(?!\n)|\f|_folded_")
"""What makes lines, or what we put into them, ambiguous."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A file's bytes with some definitions folded.

    `texts` are those, the end of their last line left out; `encoding` is that of the file.
    """

    data: bytes
    encoding: str = "utf-8"
    texts: tuple[bytes, ...] = ()

    def unfold(self, data: bytes) -> bytes:
        """Put the definitions back."""
        return _FOLD.sub(lambda match: self.texts[int(match[1])], data) if self.texts else data

    def unfold_code(self, code: str) -> str:
        """Put the definitions back into decoded code."""
        return self.unfold(code.encode(self.encoding)).decode(self.encoding) if self.texts else code


def fold(data: bytes, tree: ast.Module, touched: Collection[tuple[int, int]]) -> Folded:
    """Fold the definitions of the module's level that share no line with any (first, last) of `touched`.

    The first one stays: from it libcst learns the indentation and the line endings of the file.
    """
    if _ODD.search(data):
        return Folded(data)
    lines = data.split(b"\n")
    texts: list[bytes] = []
    parts: list[bytes] = []
    done = 0
    for first, end in list(_iter_definitions(tree, lines))[1:]:
        if not any(first <= below and above <= end for above, below in touched):
            ending = b"\r" if lines[end - 1].endswith(b"\r") else b""
            parts += [*lines[done : first - 1], _MARK % len(texts) + ending]
            texts.append(b"\n".join(lines[first - 1 : end]).removesuffix(b"\r"))
            done = end
    encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    return Folded(b"\n".join([*parts, *lines[done:]]), encoding, tuple(texts))


def _iter_definitions(tree: ast.Module, lines: list[bytes]) -> Iterator[tuple[int, int]]:
    """Yield the first and last line of each definition of several lines, with the comments at its end."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            end = last = node.end_lineno or node.lineno
            while last < len(lines) and (not lines[last].strip() or lines[last][:1] in b" \t"):
                last += 1
                end = last if lines[last - 1].strip() else end
            if end > first:
                yield first, end
