"""Edits for tests, anchored by looking for a node in a small string."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from httpx_fixer.fix import AnchoredEdit, ImportEdit
from httpx_fixer.rewrite.apply import apply_edits
from httpx_fixer.source import Anchor, SourceFile

PATH = "app/routes.py"


def anchor_of(source: str | bytes, kind: str, nth: int = 0) -> Anchor:
    """Return the anchor of the nth node of a kind, in order of position, outer nodes first."""
    data = source.encode() if isinstance(source, str) else source
    file = SourceFile(PATH, data)
    found: list[Anchor] = []
    for node in ast.walk(ast.parse(data)):
        if type(node).__name__ == kind and isinstance(node, ast.expr | ast.stmt):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            start = file.position(node.lineno, node.col_offset)
            end = file.position(node.end_lineno, node.end_col_offset)
            found.append(Anchor(PATH, kind, start, end))
    found.sort(key=lambda anchor: (anchor.start, [-anchor.end.line, -anchor.end.column]))
    return found[nth]


def rewrite(source: str, *edits: AnchoredEdit | ImportEdit, first_party: tuple[str, ...] = ()) -> str:
    """Return the source with the edits made; they must be possible."""
    result = apply_edits(PATH, source.encode(), edits, frozenset(first_party))
    assert isinstance(result, bytes), result
    return result.decode()


@dataclass(frozen=True)
class Case:
    """Code before and after; `edits` builds the edits from the code as it is in a variant."""

    fact: str
    before: str
    after: str
    edits: Callable[[str], tuple[AnchoredEdit, ...]]

    def check(self, variant: Variant) -> None:
        """Assert that the edits give the expected code, which compiles and has all comments."""
        before, after = variant(self.before), variant(self.after)
        result = rewrite(before, *self.edits(before))
        assert result == after
        compile(result, PATH, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        assert not count_comments(before) - count_comments(result)


Variant = Callable[[str], str]


def with_tabs(source: str) -> str:
    """Indent by tabs what is indented by blanks, in a file whose indentation shows at its top."""
    lines = f"class _:\n    pass\n{source}".splitlines(keepends=True)
    blanks = [len(line) - len(line.lstrip(" ")) for line in lines]
    return "".join("\t" * (n // 4) + " " * (n % 4) + line[n:] for n, line in zip(blanks, lines, strict=True))


def with_crlf(source: str) -> str:
    """End lines as Windows does."""
    return source.replace("\n", "\r\n")


def as_it_is(source: str) -> str:
    """Change nothing."""
    return source


def without_final_newline(source: str) -> str:
    """End the file with its last character."""
    return source.removesuffix("\n")


VARIANTS = (as_it_is, with_crlf, with_tabs, without_final_newline)


def in_all_variants(*cases: Case) -> pytest.MarkDecorator:
    """Run a test for each case in each variant of its code."""
    params = [
        pytest.param(case, variant, id=f"{case.fact}-{variant.__name__}".replace(" ", "_"))
        for case in cases
        for variant in VARIANTS
    ]
    return pytest.mark.parametrize(("case", "variant"), params)


def count_comments(source: str) -> Counter[str]:
    """Count the comments of a module."""
    tokens = tokenize.generate_tokens(io.StringIO(source, newline=None).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)
