"""The tree of a module that was respelt for the running Python, with its meaning put right."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Mapping

from httpx_fixer.values import dataclass

VEILS: Mapping[str, str] = {"\\": "\x01", "#": "\x02", '"': "\x03", "'": "\x04"}
"""What a string within an older f-string may not hold, and the byte that stands for it."""


@dataclass(frozen=True, slots=True)
class Respelt:
    """A module as the running Python parses it, and the tree that a newer one would make of the original.

    All stands at the line and the UTF-8 column of the original.
    """

    text: str
    tree: ast.Module


def read_tree(text: str, handlers: Collection[tuple[int, int]], strings: Mapping[str, str]) -> ast.Module:
    """Return the tree of a respelt module, told to mean the original.

    `handlers` are the places (line from 1, UTF-8 column from 0) of the types of `except A, B:`, which
    are spelt `A| B`. `strings` gives the value of each string that had to be veiled. Raises `SyntaxError`
    where the tree would be another one.
    """
    with warnings.catch_warnings():
        # What Python says of the user's invalid escapes is not for our standard error.
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    unseen = set(handlers)
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.BinOp):
            unseen.discard((node.type.lineno, node.type.col_offset))
            node.type = _as_tuple(node.type)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = strings.get(node.value, node.value)
            if any(veil in node.value for veil in VEILS.values()):
                raise SyntaxError("a string within an f-string cannot be told apart")
    if unseen:
        raise SyntaxError("the types of an `except` cannot be told apart")
    return tree


def _as_tuple(either: ast.BinOp) -> ast.Tuple:
    """Return the tuple `A, B, C` that was spelt `A| B| C`."""
    parts: list[ast.expr] = []
    rest: ast.expr = either
    while isinstance(rest, ast.BinOp):
        parts.insert(0, rest.right)
        rest = rest.left
    return ast.copy_location(ast.Tuple([rest, *parts], ast.Load()), either)
