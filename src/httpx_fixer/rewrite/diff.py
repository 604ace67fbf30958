"""Changes as a unified diff that `git apply` takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from httpx_fixer.report import FileChange
from httpx_fixer.rewrite.line_matcher import LineMatcher

_CONTEXT = 3
"""Lines around a change, as git shows them."""
_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}


def render_patch(changes: Sequence[FileChange]) -> bytes:
    """Return the patch of all changes in their order; files that do not change are left out."""
    return b"".join(_render_file(change) for change in changes if change.before != change.after)


def _render_file(change: FileChange) -> bytes:
    old, new = _quote("a/", change.path), _quote("b/", change.path)
    parts = [b"diff --git " + old + b" " + new + b"\n"]
    if change.before is None:
        parts.append(b"new file mode 100644\n")
        old = b"/dev/null"
        if not change.after:
            # git wants the names of empty files here.
            return b"".join([*parts, b"index 0000000..e69de29\n"])
    parts += [b"--- " + _end_name(old) + b"\n", b"+++ " + _end_name(new) + b"\n"]
    before, after = _split_lines(change.before or b""), _split_lines(change.after)
    return b"".join([*parts, *_iter_hunks(before, after)])


def _quote(prefix: str, path: str) -> bytes:
    """Write a path as git does: in quotes and with octal escapes where it is not plain ASCII."""
    raw = (prefix + path).encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in raw):
        return raw
    return b'"' + b"".join(_escape(byte) for byte in raw) + b'"'


def _escape(byte: int) -> bytes:
    if byte in _ESCAPES:
        return b"\\" + _ESCAPES[byte].encode()
    return bytes([byte]) if 32 <= byte < 127 else b"\\%03o" % byte


def _end_name(name: bytes) -> bytes:
    """A tab ends a name with blanks in it, which would else be read up to the first of them."""
    return name + b"\t" if b" " in name and not name.startswith(b'"') else name


def _split_lines(data: bytes) -> list[bytes]:
    """Split at LF only, which is what git calls a line."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _iter_hunks(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[bytes]:
    for group in LineMatcher(before, after).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield b"@@ -%s +%s @@\n" % (_range(first[1], last[2]), _range(first[3], last[4]))
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                yield from _mark(b" ", before[old_start:old_end])
                continue
            yield from _mark(b"-", before[old_start:old_end])
            yield from _mark(b"+", after[new_start:new_end])


def _range(start: int, end: int) -> bytes:
    count = end - start
    if count == 1:
        return b"%d" % (start + 1)
    return b"%d,%d" % (start + 1 if count else start, count)


def _mark(sign: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield sign + line
        if not line.endswith(b"\n"):
            yield b"\n\\ No newline at end of file\n"
