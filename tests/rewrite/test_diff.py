from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from httpx_fixer.report import FileChange
from httpx_fixer.rewrite.diff import render_patch

NUMBERED = b"".join(b"line %d\n" % number for number in range(100))


def _git(root: Path, *arguments: str, data: bytes = b"") -> None:
    subprocess.run(["git", *arguments], cwd=root, input=data, check=True, capture_output=True)


def _apply(root: Path, changes: list[FileChange]) -> None:
    """Give the patch to git and assert that it makes the very same files."""
    _git(root, "init", "--quiet")
    for change in changes:
        if change.before is not None:
            path = root / change.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change.before)
    patch = render_patch(changes)
    _git(root, "apply", "--check", "-", data=patch)
    _git(root, "apply", "-", data=patch)
    for change in changes:
        assert (root / change.path).read_bytes() == change.after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\nc\n", b"a\nB\nc\n"),
        (NUMBERED, NUMBERED.replace(b"line 50\n", b"").replace(b"line 90\n", b"x\ny\n")),
        (NUMBERED, b"first\n" + NUMBERED + b"last\n"),
        (b"a\r\nb\r\n", b"a\r\nB\r\nc\r\n"),
        (b"a\nb\r\n", b"a\nB\r\n"),
        (b"a\rb\rc\n", b"a\rB\rc\n"),
        (b"a\nb", b"a\nB"),
        (b"a\nb", b"a\nb\nc"),
        (b"a\nb", b"a\nb\n"),
        (b"a\nb\n", b"a\nb"),
        (b"a", b"b"),
        (b"", b"a\n"),
        (b"", b"a"),
        (b"a\n", b""),
        (b"\xe4\xf6\n\xff\n", b"\xe4\xf6\n\xfe\n"),
        (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfb\n"),
        (b"--- a\n+++ b\n@@ -1 +1 @@\n", b"--- c\n+++ b\n\\ No newline at end of file\n"),
        (None, b"a\nb\n"),
        (None, b"a"),
        (None, b""),
        (None, b"a\r\n"),
    ],
)
def test_git_applies_the_patch(tmp_path: Path, before: bytes | None, after: bytes) -> None:
    _apply(tmp_path, [FileChange("app/routes.py", before, after)])


@pytest.mark.parametrize(
    "path",
    [
        "a b.py",
        "ünï/größe.py",
        'quo"te.py',
        "back\\slash.py",
        "tab\there.py",
        "new\nline.py",
        "a b/ü c.py",
        " lead.py",
        "trail .py",
        "b/a/b.py",
        "日本.py",
        "bell\a.py",
        b"latin-\xe4.py".decode("utf-8", "surrogateescape"),
    ],
)
@pytest.mark.parametrize("before", [b"a\n", None])
def test_git_reads_every_path(tmp_path: Path, path: str, before: bytes | None) -> None:
    _apply(tmp_path, [FileChange(path, before, b"b\n")])


def test_git_applies_many_files_at_once(tmp_path: Path) -> None:
    changes = [
        FileChange("a.py", b"a\n", b"b\n"),
        FileChange("b c.py", None, b"b"),
        FileChange("c.py", b"", b"c\n"),
        FileChange("d.py", b"same\n", b"same\n"),
        FileChange("e/f.py", b"a\r\nb", b"b\r\nb"),
    ]
    _apply(tmp_path, changes)


def test_form_of_the_patch() -> None:
    changes = [
        FileChange("a.py", NUMBERED, NUMBERED.replace(b"line 9\n", b"x\n")),
        FileChange("b.py", None, b"n\n"),
    ]
    assert (
        render_patch(changes)
        == b"""\
diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -7,7 +7,7 @@
 line 6
 line 7
 line 8
-line 9
+x
 line 10
 line 11
 line 12
diff --git a/b.py b/b.py
new file mode 100644
--- /dev/null
+++ b/b.py
@@ -0,0 +1 @@
+n
"""
    )


def test_changes_seven_lines_apart_are_two_hunks_and_six_are_one() -> None:
    for distance, hunks in ((7, 1), (8, 2)):
        after = NUMBERED.replace(b"line 50\n", b"x\n").replace(b"line %d\n" % (50 + distance), b"y\n")
        assert render_patch([FileChange("a.py", NUMBERED, after)]).count(b"\n@@ ") == hunks


def test_nothing_changed_is_an_empty_patch() -> None:
    assert render_patch([]) == render_patch([FileChange("a.py", b"a", b"a")]) == b""
