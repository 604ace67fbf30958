"""From the addresses that the reading wing gives to nodes of the syntax tree."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from httpx_fixer.source import Anchor
from httpx_fixer.values import dataclass

_STRINGS = (cst.SimpleString, cst.ConcatenatedString)
_KINDS: Mapping[str, tuple[type[cst.CSTNode], ...]] = {
    "AsyncFor": (cst.For,),
    "AsyncFunctionDef": (cst.FunctionDef,),
    "AsyncWith": (cst.With,),
    "BinOp": (cst.BinaryOperation,),
    "BoolOp": (cst.BooleanOperation,),
    "Compare": (cst.Comparison,),
    "Constant": (*_STRINGS, cst.Integer, cst.Float, cst.Imaginary, cst.Ellipsis, cst.Name),
    "Delete": (cst.Del,),
    "JoinedStr": (cst.FormattedString, cst.ConcatenatedString),
    "Starred": (cst.StarredElement, cst.Arg),
    "UnaryOp": (cst.UnaryOperation,),
    "YieldFrom": (cst.Yield,),
}
"""What libcst calls the nodes that `ast` calls otherwise; all other names are the same."""

_Span = tuple[int, int, int, int]

_ANY_END = (0, 0)
"""The end of a block statement: in `if a: b;` only `ast` counts the semicolon, and the start is enough."""


class _Unknown:
    """What no node is: the kind of an anchor that libcst has no name for."""


class AnchorLost(Exception):  # noqa: N818 - says what happened, as all our words do
    """An edit has no node to work on: the anchor is not of this file, or its kind is another.

    This is our own mistake, never the user's.
    """

    def __init__(self, anchor: Anchor) -> None:
        start, end = anchor.start, anchor.end
        span = f"{start.line}:{start.column} to {end.line}:{end.column}"
        super().__init__(f"{anchor.path}: no {anchor.kind} from {span}")
        self.anchor = anchor


@dataclass(frozen=True, slots=True)
class Located:
    """What anchors lead to.

    `nodes` is {anchor: node}; `touched` holds the statements, at any depth, in which an anchor lies.
    """

    nodes: dict[Anchor, cst.CSTNode] = field(default_factory=dict)
    touched: set[cst.CSTNode] = field(default_factory=set)


def locate_anchors(module: cst.Module, pieces: Sequence[str], anchors: Collection[Anchor]) -> Located:
    """Find the node of each anchor; `pieces` is the code of each statement of the module's level.

    Positions cost twice a parse, so they are worked out only for the statements of the module's
    level in which an anchor lies. Raises `AnchorLost`.
    """
    located = Located()
    lines = sorted({anchor.start.line for anchor in anchors})
    for statement, first, end in _iter_top_level(module, pieces):
        if _has_between(lines, first, end - 1):
            here = [anchor for anchor in anchors if first <= anchor.start.line < end]
            _locate_in(module, statement, here, first - 1, located)
    for anchor in anchors:
        if anchor not in located.nodes:
            raise AnchorLost(anchor)
    return located


def _iter_top_level(module: cst.Module, pieces: Sequence[str]) -> Iterator[tuple[cst.CSTNode, int, int]]:
    """Yield each statement of the module's level with its first line and the line after its last."""
    line = 1 + len(module.header)
    for statement, code in zip(module.body, pieces, strict=True):
        end = line + code.count("\n") + code.count("\r") - code.count("\r\n")
        yield statement, line, end
        line = end


def _has_between(lines: list[int], first: int, last: int) -> bool:
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= last


def _locate_in(
    module: cst.Module, statement: cst.CSTNode, anchors: list[Anchor], offset: int, located: Located
) -> None:
    """Find anchors in one statement, which begins `offset` lines below the top of the file."""
    alone = module.with_changes(header=(), body=[statement], footer=(), has_trailing_newline=True)
    ranges = MetadataWrapper(alone, unsafe_skip_copy=True).resolve(PositionProvider)
    wanted: dict[_Span, list[Anchor]] = defaultdict(list)
    for anchor in anchors:
        start, end = anchor.start, anchor.end
        wanted[start.line - offset, start.column, end.line - offset, end.column].append(anchor)
        wanted[start.line - offset, start.column, *_ANY_END].append(anchor)
    lines = sorted({start for start, *_ in wanted})
    for node, place in ranges.items():
        if _is_statement(node) and _has_between(lines, _first_line(node, ranges), place.end.line):
            located.touched.add(node)
        for candidate, span in _iter_spans(node, place, ranges):
            for anchor in wanted.get(span, ()):
                if isinstance(candidate, _KINDS.get(anchor.kind) or (getattr(cst, anchor.kind, _Unknown),)):
                    located.nodes[anchor] = candidate


def _is_statement(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement)


def _first_line(statement: cst.CSTNode, ranges: Mapping[cst.CSTNode, CodeRange]) -> int:
    """Return the line on which a statement begins, decorators included."""
    decorators = getattr(statement, "decorators", ())
    return ranges[decorators[0] if decorators else statement].start.line


def _iter_spans(
    node: cst.CSTNode, place: CodeRange, ranges: Mapping[cst.CSTNode, CodeRange]
) -> Iterator[tuple[cst.CSTNode, _Span]]:
    """Yield what `ast` may call the place of a node, or of its only argument."""
    start, end = place.start, place.end
    if isinstance(node, cst.BaseCompoundStatement):
        yield node, (start.line, start.column, *_ANY_END)
        return
    yield node, (start.line, start.column, end.line, end.column)
    if isinstance(node, cst.Tuple | cst.GeneratorExp) and node.lpar:
        # Their innermost parentheses are a part of them.
        start, end = ranges[node.lpar[-1]].start, ranges[node.rpar[0]].end
        yield node, (start.line, start.column, end.line, end.column)
    elif isinstance(node, cst.Call) and [type(arg.value) for arg in node.args] == [cst.GeneratorExp]:
        # `f(x for x in y)`: the parentheses of the call are those of the generator expression too.
        start = ranges[node.whitespace_before_args].start
        yield node.args[0].value, (start.line, start.column - 1, end.line, end.column)
