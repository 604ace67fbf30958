"""Which names a module binds and reads in its global scope."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator

from httpx_fixer.patterns import compile_later
from httpx_fixer.rewrite.parsing import parse_symbols, parse_tree
from httpx_fixer.values import dataclass

_WORD = compile_later(r"[^\W\d]\w*")
_TYPE_COMMENT = compile_later(r"#\s*type:(?!\s*ignore)(.*)")
_TYPING_CALLS = frozenset({"cast", "TypeVar", "NewType", "TypedDict", "NamedTuple", "assert_type"})
_GENERIC = frozenset({"list", "dict", "tuple", "set", "frozenset", "type"})
_LOOKS_UP = compile_later(
    r"\b(?:eval|exec|globals|locals|vars|ForwardRef|get_type_hints)\(|\bmodules\[|\b__name__\s*[+}\],]"
)
"""Code that finds names of its own module by strings."""
_GIVEN = frozenset(dir(builtins)) | {
    *("__annotations__", "__builtins__", "__cached__", "__dict__", "__doc__", "__file__", "__loader__"),
    *("__name__", "__package__", "__path__", "__spec__"),
}
"""What every module finds without binding it."""


@dataclass(frozen=True, slots=True)
class GlobalNames:
    """Names of one module's global scope.

    `bound` is everything that code of the module binds there, `imported_only` what nothing but
    imports bind. `read` holds reads from any scope, `quoted` the words in strings that linters read
    as code (annotations, `__all__`), and what a class reads that binds it too: the global, until it
    does (`httpx: httpx.AsyncClient`). `looked_up` are the words that only a running program reads, or
    another tool: in doctests, in type comments, and in strings of a module that looks at its own
    names. `has_star` says that `from m import *` may bind more.
    """

    bound: frozenset[str]
    imported_only: frozenset[str]
    read: frozenset[str]
    quoted: frozenset[str]
    looked_up: frozenset[str]
    has_star: bool

    @property
    def unbound(self) -> frozenset[str]:
        """The names that are read and that nothing binds."""
        return self.read - self.bound - _GIVEN


def find_global_names(code: str) -> GlobalNames:
    """Find the global names of a module. Raises `SyntaxError` where the code does not compile."""
    code = code.replace("\r\n", "\n").replace("\r", "\n")
    tree = parse_tree(code)
    top = parse_symbols(_without_future(code, tree))
    symbols = list(_iter_globals(top))
    assigned = frozenset(symbol.get_name() for symbol in symbols if symbol.is_assigned())
    imported = frozenset(symbol.get_name() for symbol in symbols if symbol.is_imported())
    froms = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return GlobalNames(
        bound=assigned | imported,
        imported_only=imported - assigned,
        read=frozenset(symbol.get_name() for symbol in symbols if symbol.is_referenced()),
        quoted=frozenset(_iter_quoted(tree)) | frozenset(_iter_class_reads(top)),
        looked_up=frozenset(_iter_looked_up(code, tree)),
        has_star=any(node.names[0].name == "*" for node in froms),
    )


def _iter_globals(top: symtable.SymbolTable) -> Iterator[symtable.Symbol]:
    """Yield what the module and all scopes in it say about global names."""
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        yield from (symbol for symbol in table.get_symbols() if table is top or symbol.is_global())


def _iter_class_reads(top: symtable.SymbolTable) -> Iterator[str]:
    """Yield the names that the body of a class both reads and binds."""
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        if table.get_type() == "class":
            yield from (s.get_name() for s in table.get_symbols() if s.is_local() and s.is_referenced())


def _without_future(code: str, tree: ast.Module) -> str:
    """Put `pass` in place of `from __future__`: with it, symtable does not look into annotations."""
    lines = code.split("\n")
    for node in reversed(tree.body):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            end = node.end_lineno or node.lineno
            head = lines[node.lineno - 1].encode()[: node.col_offset].decode()
            tail = lines[end - 1].encode()[node.end_col_offset :].decode()
            lines[node.lineno - 1 : end] = [f"{head}pass{tail}"]
    return "\n".join(lines)


def _iter_quoted(tree: ast.Module) -> Iterator[str]:
    """Yield the words of strings that stand where types do, and of `__all__`."""
    for node in ast.walk(tree):
        for place in _list_types(node):
            for part in ast.walk(place):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield from _WORD.findall(part.value)


def _list_types(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
            return [annotation]
        case (
            ast.FunctionDef(returns=ast.expr() as annotation)
            | ast.AsyncFunctionDef(returns=ast.expr() as annotation)
        ):
            return [annotation]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _TYPING_CALLS:
            return [*node.args, *(keyword.value for keyword in node.keywords)]
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name)) if _is_type(name):
            return [node.slice]
        case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.AugAssign(target=ast.Name(id="__all__")):
            return [node.value]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"))):
            return node.args
    return []


def _is_type(name: str) -> bool:
    return name[:1].isupper() or name in _GENERIC


def _iter_looked_up(code: str, tree: ast.Module) -> Iterator[str]:
    """Yield the words of doctests and type comments, and of strings where the module asks for names."""
    looks = _LOOKS_UP.search(code) is not None
    bare = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    for node in constants:
        if isinstance(node.value, str) and (">>>" in node.value or (looks and node not in bare)):
            yield from _WORD.findall(node.value)
    for match in _TYPE_COMMENT.finditer(code):
        yield from _WORD.findall(match[1])
