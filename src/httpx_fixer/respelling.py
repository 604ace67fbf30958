"""How syntax of newer Pythons is spelt for an older one, each byte in its place.

libcst parses what is newer than the running Python, and knows where it stands.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import field

import libcst as cst
from libcst.metadata import CodePosition, CodeRange, MetadataWrapper, PositionProvider

from httpx_fixer.patterns import compile_later
from httpx_fixer.respelt import VEILS, Respelt, read_tree
from httpx_fixer.values import dataclass

_STRING = compile_later(
    r"""(?P<prefix>[A-Za-z]*)(?P<quote>\"""|'''|"|')(?P<inside>.*)(?P=quote)""", re.DOTALL
)
_BRACKET = compile_later(r"[()\[\]{}]")
_VEIL = str.maketrans(dict(VEILS))
_LIBRARIES = ("httpx", "httpx2")
_DEEPEST = 200
"""How deep Python lets brackets be nested; libcst's parser overflows the stack at some thousands."""
_LONGEST = 10_000
"""Characters of a line. A chain of that length overflows it too."""


def respell(text: str) -> Respelt | None:
    """Respell a module that the running Python does not parse; None where that is not possible.

    Covers type parameters and `type` (PEP 695 and 696), f-strings (PEP 701), t-strings (PEP 750,
    which become f-strings) and `except A, B:` (PEP 758).
    """
    if "\r" in text.replace("\r\n", "") or any(veil in text for veil in VEILS.values()) or _is_deep(text):
        return None
    try:
        module = cst.parse_module(text)
        places = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
        speller = _Speller(text.split("\n"), places)
        for node in places:
            speller.respell(node)
        return Respelt(speller.text, read_tree(speller.text, speller.handlers, speller.strings))
    except (cst.ParserSyntaxError, SyntaxError, ValueError, RecursionError):
        return None


def _is_deep(text: str) -> bool:
    """Answer whether brackets are nested so deep, those in strings and comments counted too."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(text):
        depth = depth + 1 if bracket in "([{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest > _DEEPEST or max(map(len, text.split("\n"))) > _LONGEST


@dataclass(slots=True)
class _Speller:
    """The lines of a module while they are respelt; all places are those of the original.

    Methods raise `ValueError` where no text of the same length says the same to an older Python.
    """

    lines: list[str]
    places: Mapping[cst.CSTNode, CodeRange]
    handlers: set[tuple[int, int]] = field(default_factory=set)
    strings: dict[str, str] = field(default_factory=dict)
    _buffers: list[bytearray] = field(init=False)
    _of_libraries: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._buffers = [bytearray(line.encode()) for line in self.lines]

    @property
    def text(self) -> str:
        return "\n".join(line.decode() for line in self._buffers)

    def respell(self, node: cst.CSTNode) -> None:
        """Respell one node of the module, if it is of the newer ones."""
        if isinstance(node, cst.Import | cst.ImportFrom):
            self._of_libraries |= _find_imported(node)
        elif isinstance(node, cst.TypeParameters):
            self._blank(self.places[node])
        elif isinstance(node, cst.TypeAlias):
            self._name_alias(node)
        elif isinstance(node, cst.ExceptHandler | cst.ExceptStarHandler):
            if isinstance(node.type, cst.Tuple) and not node.type.lpar:
                self._join_types(node.type)
        elif isinstance(node, cst.FormattedString | cst.TemplatedString):
            self._respell_string(node)

    def _put(self, start: CodePosition, code: str) -> None:
        """Overwrite as many bytes as `code` has."""
        at = self._byte(start)
        data = code.encode()
        line = self._buffers[start.line - 1]
        if at + len(data) > len(line):
            raise ValueError(code)
        line[at : at + len(data)] = data

    def _byte(self, place: CodePosition) -> int:
        return len(self.lines[place.line - 1][: place.column].encode())

    def _blank(self, place: CodeRange) -> None:
        """Blank type parameters, whose line breaks have to be escaped outside of the brackets."""
        words = set(re.findall(r"\w+", self._read(place)))
        if words & self._of_libraries:
            raise ValueError("the name would seem unused")
        for number in range(place.start.line, place.end.line + 1):
            line = self._buffers[number - 1]
            begin = self._byte(place.start) if number == place.start.line else 0
            end = self._byte(place.end) if number == place.end.line else len(line)
            carriage = number < place.end.line and line.endswith(b"\r")
            line[begin:end] = b" " * (end - begin)
            if number < place.end.line:
                last = len(line) - 1 - carriage
                if last < begin:
                    raise ValueError("an empty line among type parameters")
                line[last:] = b"\\\r" if carriage else b"\\"

    def _read(self, place: CodeRange) -> str:
        lines = self.lines[place.start.line - 1 : place.end.line]
        lines[-1] = lines[-1][: place.end.column]
        lines[0] = lines[0][place.start.column :]
        return "\n".join(lines)

    def _name_alias(self, node: cst.TypeAlias) -> None:
        """Spell `type Name[T] = value` as an assignment to the name."""
        head = CodeRange(self.places[node].start, self.places[node.type_parameters or node.name].end)
        code = self._read(head)
        if head.start.line != head.end.line:
            raise ValueError(code)
        self._put(head.start, node.name.value.ljust(len(code.encode())))

    def _join_types(self, types: cst.Tuple) -> None:
        places = [self.places[element] for element in types.elements]
        for element, one, other in zip(types.elements, places, places[1:], strict=False):
            comma = self._read(CodeRange(one.end, other.start))
            if comma.strip() != "," or "\n" in comma or element.value.lpar:
                raise ValueError(comma)
            self._put(CodePosition(one.end.line, one.end.column + comma.index(",")), "|")
        simple = cst.Name | cst.Attribute | cst.Call | cst.Subscript
        if not all(isinstance(element.value, simple) for element in types.elements):
            raise ValueError("not of the precedence of `|`")
        start = places[0].start
        self.handlers.add((start.line, self._byte(start)))

    def _respell_string(self, node: cst.FormattedString | cst.TemplatedString) -> None:
        """Give what stands within an f-string the other kind of quotes, and none of its own trouble."""
        if isinstance(node, cst.TemplatedString):
            self._put(self.places[node].start, node.start.replace("t", "f").replace("T", "f"))
        if _is_parsed(self._read(self.places[node])):
            return
        quote = "'" if '"' in node.start else '"'
        pending: list[cst.CSTNode] = list(node.parts)
        while pending:
            part = pending.pop()
            if isinstance(part, cst.SimpleString):
                self._requote(part, quote)
            elif isinstance(part, cst.FormattedString | cst.TemplatedString):
                self._requote_formatted(part, quote)
            pending += part.children

    def _requote(self, node: cst.SimpleString, quote: str) -> None:
        found = _STRING.fullmatch(node.value)
        if found is None or "\n" in node.value:
            raise ValueError(node.value)
        spare = found["quote"][1:]
        inside = (spare + found["inside"] + spare).translate(_VEIL)
        code = found["prefix"] + quote + inside + quote
        value = ast.literal_eval(node.value)
        if code != node.value and isinstance(value, str):
            if self.strings.setdefault(inside, value) != value:
                raise ValueError("two strings would look alike")
        elif inside != found["inside"]:
            raise ValueError("bytes cannot be put right later")
        self._put(self.places[node].start, code)

    def _requote_formatted(self, node: cst.FormattedString | cst.TemplatedString, quote: str) -> None:
        texts = "".join(part.value for part in node.parts if isinstance(part, cst.FormattedStringText))
        nested = any(isinstance(part, cst.SimpleString) for part in _iter_below(node))
        if len(node.end) > 1 or nested or texts.translate(_VEIL) != texts:
            raise ValueError("needs a third kind of quotes")
        place = self.places[node]
        self._put(place.start, node.start[:-1].replace("t", "f") + quote)
        self._put(CodePosition(place.end.line, place.end.column - 1), quote)


def _iter_below(node: cst.CSTNode) -> list[cst.CSTNode]:
    found = list(node.children)
    for child in found:
        found += child.children
    return found


def _find_imported(node: cst.Import | cst.ImportFrom) -> set[str]:
    """Return the names that an import of the libraries binds."""
    if isinstance(node.names, cst.ImportStar):
        return set()
    if isinstance(node, cst.ImportFrom):
        is_theirs = isinstance(node.module, cst.Name) and node.module.value in _LIBRARIES
        theirs = [name for name in node.names if is_theirs]
    else:
        theirs = [name for name in node.names if name.evaluated_name in _LIBRARIES]
    return {name.evaluated_alias or name.evaluated_name for name in theirs}


def _is_parsed(expression: str) -> bool:
    try:
        ast.parse(f"({expression})")
    except (SyntaxError, ValueError):
        return False
    return True
