"""Checks on one rewritten file that need nothing but its bytes."""

from __future__ import annotations

import io
import tokenize
from collections import Counter

from httpx_fixer.patterns import compile_later
from httpx_fixer.rewrite.names import find_global_names
from httpx_fixer.rewrite.parsing import compile_module
from httpx_fixer.source import SourceFile

_NEWLINE = compile_later(r"\r\n|\r|\n")


def find_fault(before: bytes | None, after: bytes, path: str) -> str | None:
    """Return what is wrong with a rewritten file in one sentence, None where nothing is.

    `before` None means that the file is new. Nothing is run and no other file is read. A file for a
    newer Python that none of the path compiles stays as it is.
    """
    old = SourceFile(path, before) if before is not None else None
    new = SourceFile(path, after)
    try:
        fault = _find_compile_fault(new)
        if fault is not None and old is not None and _find_compile_fault(old) is not None:
            return f"`{path}` is for a newer Python: run httpx-fixer under that, or have it on the path"
        fault = fault or _find_name_fault(old, new)
        if fault is None and old is not None:
            fault = _find_text_fault(old, new) or _find_comment_fault(old, new)
    except (SyntaxError, UnicodeError, tokenize.TokenError) as error:
        return f"`{path}` can no longer be read: {error}"
    return fault


def _find_compile_fault(new: SourceFile) -> str | None:
    try:
        compile_module(new.data, new.path)
    except SyntaxError as error:
        return f"`{new.path}` does not compile any more: line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"`{new.path}` does not compile any more: {error}"
    return None


def _find_name_fault(old: SourceFile | None, new: SourceFile) -> str | None:
    """Look for names that are read and that nothing binds, and that were not so before."""
    names = find_global_names(new.text)
    if not names.unbound or names.has_star:
        return None
    before = find_global_names(old.text).unbound if old else frozenset()
    for name in sorted(names.unbound - before):
        return f"`{new.path}` reads `{name}` and nothing binds that name"
    return None


def _find_text_fault(old: SourceFile, new: SourceFile) -> str | None:
    if old.encoding != new.encoding:
        return f"`{new.path}` would change its encoding from {old.encoding} to {new.encoding}"
    before, after = set(_NEWLINE.findall(old.text)), set(_NEWLINE.findall(new.text))
    if before and after - before:
        return f"`{new.path}` would get line endings of another kind"
    if old.text and new.text and _ends_line(old.text) != _ends_line(new.text):
        return f"the last line of `{new.path}` would change its ending"
    return None


def _ends_line(text: str) -> bool:
    return text.endswith(("\n", "\r"))


def _find_comment_fault(old: SourceFile, new: SourceFile) -> str | None:
    if not _count_hash_lines(old.text) - _count_hash_lines(new.text):
        return None
    for comment in _count_comments(old.text) - _count_comments(new.text):
        return f"`{new.path}` would lose the comment `{comment}`"
    return None


def _count_hash_lines(text: str) -> Counter[str]:
    """Count the lines that may hold a comment: `tokenize` is as slow as all else here together."""
    return Counter(line.strip() for line in _NEWLINE.split(text) if "#" in line)


def _count_comments(text: str) -> Counter[str]:
    # Python reads a lone CR as the end of a line, `tokenize` does not.
    readline = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")).readline
    tokens = tokenize.generate_tokens(readline)
    return Counter(token.string.rstrip() for token in tokens if token.type == tokenize.COMMENT)
