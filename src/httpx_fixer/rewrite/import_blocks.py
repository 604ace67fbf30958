"""The blocks of imports at the top of a module, and the place of a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from httpx_fixer.patterns import compile_later
from httpx_fixer.rewrite.import_order import (
    ImportStatement,
    Section,
    module_key,
    module_of,
    root_of,
    section_of,
    statement_key,
)
from httpx_fixer.rewrite.lines import build_blank_lines, join_lines, split_blank_prefix, split_own_comments
from httpx_fixer.rewrite.passage import Statement
from httpx_fixer.values import dataclass

_CHANGES_PATH = compile_later(r"\bsys\.path(?:\.(?:insert|append|extend)\(|\[[^]]*\]\s*=|\s*\+?=[^=])")
_Key = Callable[["ImportLine"], tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class ImportLine:
    """An import statement of the module's level; `at` is its index in the module's body."""

    at: int
    statement: ImportStatement
    section: Section

    @property
    def root(self) -> str:
        """The top-level package that it imports from."""
        return root_of(module_of(self.statement))


Block = tuple[ImportLine, ...]


def iter_imports(module: cst.Module) -> Iterator[tuple[int, ImportStatement]]:
    """Yield the import statements of the module's level with their index in its body."""
    for at, statement in enumerate(module.body):
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                if isinstance(small, cst.Import | cst.ImportFrom):
                    yield at, small


def count_head(module: cst.Module) -> int:
    """Count the statements above the first definition, where imports serve the whole module."""
    definitions = (at for at, statement in enumerate(module.body) if _is_definition(statement))
    return next(definitions, len(module.body))


def count_path_changes(module: cst.Module, end: int) -> int:
    """Count the statements to the last one above `end` that changes where modules are looked for, 0 for none.

    `sys.path.insert(0, ROOT)`, also below an `if`: what is the project's own may be found only after it.
    """
    found = 0
    for at, statement in enumerate(module.body[:end]):
        if _is_definition(statement):
            continue
        code = module.code_for_node(statement)
        if "sys.path" in code and _CHANGES_PATH.search(code):
            found = at + 1
    return found


def _knows_first_party(blocks: Sequence[Block], start: int) -> bool:
    """Answer whether the project's own modules are imported above a statement already."""
    return any(one.section is Section.FIRST_PARTY for block in blocks for one in block if one.at < start)


def read_import(statement: cst.CSTNode) -> ImportStatement | None:
    """Return the import that a line begins with."""
    if isinstance(statement, cst.SimpleStatementLine):
        small = statement.body[0]
        if isinstance(small, cst.Import | cst.ImportFrom):
            return small
    return None


def find_blocks(module: cst.Module, first_party: frozenset[str], end: int) -> list[Block]:
    """Return the imports above the statement `end`, split at blank lines and at other statements.

    `from __future__` is not among them: nothing is put above it.
    """
    blocks: list[list[ImportLine]] = []
    follows = False
    for at, statement in enumerate(module.body[:end]):
        small = read_import(statement)
        section = section_of(module_of(small), first_party) if small else Section.FUTURE
        if small and section is not Section.FUTURE:
            if not follows or any(line.comment is None for line in statement.leading_lines):
                blocks.append([])
            blocks[-1].append(ImportLine(at, small, section))
        follows = small is not None and section is not Section.FUTURE
    return [tuple(block) for block in blocks]


def place_import(
    module: cst.Module, new: cst.SimpleStatementLine, first_party: frozenset[str], end: int
) -> cst.Module:
    """Return the module with the import statement where a careful colleague would put it, above `end`."""
    statement = read_import(new)
    assert statement is not None
    line = ImportLine(-1, statement, section_of(module_of(statement), first_party))
    blocks = find_blocks(module, first_party, end)
    start = count_path_changes(module, end) if line.section is Section.FIRST_PARTY else 0
    if start and not _knows_first_party(blocks, start):
        blocks = [block for block in blocks if block[0].at >= start]
        if not blocks:
            return _open_below(module, new, start)
    if not blocks:
        return _place_first(module, new)
    same_root = (block for block in blocks if any(one.root == line.root for one in block))
    same_section = (block for block in blocks if any(one.section == line.section for one in block))
    home = next(same_root, None) or next(same_section, None)
    if home:
        return _join_block(module, new, home, _find_rank(home, line))
    below = next((block for block in blocks if min(one.section for one in block) > line.section), None)
    return _open_above(module, new, below[0].at) if below else _open_below(module, new, blocks[-1][-1].at + 1)


def _find_rank(block: Block, line: ImportLine) -> int:
    """Return the line's place in a block: by order if the block is in one, else below its kin."""
    keys: tuple[_Key, ...] = (
        lambda one: (one.section, statement_key(one.statement)),
        lambda one: statement_key(one.statement),
        lambda one: (one.section, module_key(one.statement)),
        lambda one: module_key(one.statement),
    )
    for key in keys:
        present = [key(one) for one in block]
        if present == sorted(present):
            return sum(one <= key(line) for one in present)
    return 1 + max(at for at, one in enumerate(block) if one.root == line.root or one.section == line.section)


def _join_block(module: cst.Module, new: cst.SimpleStatementLine, block: Block, rank: int) -> cst.Module:
    body = list(module.body)
    if rank == len(block):
        return module.with_changes(body=_insert(body, block[-1].at + 1, new))
    at = block[rank].at
    if rank == 0:
        # What stands above a block is its heading, or the file's.
        new = new.with_changes(leading_lines=body[at].leading_lines)
        body[at] = body[at].with_changes(leading_lines=())
    return module.with_changes(body=_insert(body, at, new))


def _open_above(module: cst.Module, new: cst.SimpleStatementLine, at: int) -> cst.Module:
    """Put a new block above the one that begins at `at`."""
    body = list(module.body)
    blanks, comments = split_blank_prefix(body[at].leading_lines)
    body[at] = body[at].with_changes(leading_lines=(*build_blank_lines(1), *comments))
    return module.with_changes(body=_insert(body, at, new.with_changes(leading_lines=blanks)))


def _open_below(module: cst.Module, new: cst.SimpleStatementLine, at: int) -> cst.Module:
    """Put a new block behind the last one, which ends before `at`."""
    body = list(module.body)
    if at < len(body) and isinstance(body[at], cst.BaseCompoundStatement):
        body[at] = _with_blanks_above(body[at], 1)
    return module.with_changes(body=_insert(body, at, new.with_changes(leading_lines=build_blank_lines(1))))


def _place_first(module: cst.Module, new: cst.SimpleStatementLine) -> cst.Module:
    """Put the first import below the file's header, its docstring and `from __future__`."""
    body, header = list(module.body), tuple(module.header)
    at = _count_preamble(body)
    if at < len(body):
        if at == 0:
            upper, own = split_own_comments(header)
            if upper:
                header = upper
                body[0] = body[0].with_changes(leading_lines=(*own, *body[0].leading_lines))
        body[at] = _with_blanks_above(body[at], 2 if _is_definition(body[at]) else 1)
    if at or (header and not body):
        new = new.with_changes(leading_lines=build_blank_lines(1))
    ends = module.has_trailing_newline or not body
    return module.with_changes(header=header, body=_insert(body, at, new), has_trailing_newline=ends)


def _count_preamble(body: Sequence[Statement]) -> int:
    """Count the statements that must stay on top: the docstring and `from __future__`."""
    at = 1 if body and _is_docstring(body[0]) else 0
    while at < len(body) and (small := read_import(body[at])) and module_of(small) == "__future__":
        at += 1
    return at


def _is_docstring(statement: Statement) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def _is_definition(statement: Statement) -> bool:
    return isinstance(statement, cst.FunctionDef | cst.ClassDef)


def _with_blanks_above(statement: Statement, count: int) -> Statement:
    lines = join_lines(build_blank_lines(count), statement.leading_lines)
    return statement.with_changes(leading_lines=lines)


def _insert(body: Sequence[Statement], at: int, new: Statement) -> list[Statement]:
    return [*body[:at], new, *body[at:]]
