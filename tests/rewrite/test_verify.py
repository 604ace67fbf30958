from __future__ import annotations

import sys

import pytest

from httpx_fixer.rewrite.verify import find_fault

PATH = "app/routes.py"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a = 1  # c\n", b"# c\nb = 1\n"),
        (b"import os\nos\n", b"import os, re\nos, re\n"),
        (None, b"import os\n\nos.x\n"),
        (None, b""),
        (b"a = 1", b"b = 2"),
        (b"a = 1\r\n", b"b = 2\r\nc = 1\r\n"),
        (b"a = 1\r\nb = 1\n", b"b = 1\n"),
        (b"import httpx\n", b""),
        (b"", b"import httpx\n"),
        (b"\xef\xbb\xbfa = 1\n", b"\xef\xbb\xbfb = 1\n"),
        ("# coding: latin-1\n'ä'\n".encode("latin-1"), "# coding: latin-1\n'ö'\n".encode("latin-1")),
        (b"f(unknown)\n", b"g = unknown\n"),
        (b"from a import *\n", b"from a import *\nb()\n"),
        (b"'\\d'\n", b"'\\w'\n"),
        (b"a is 1\n", b"a is 2\n"),
        (b"'''\n# no comment\n'''\n", b"'''\nother\n'''\n"),
        (b"# a\r# b\r", b"# b\r# a\r"),
    ],
)
def test_sound_rewrites_pass(before: bytes | None, after: bytes) -> None:
    assert find_fault(before, after, PATH) is None


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (b"a = 1\n", b"a = (1\n", "does not compile"),
        (b"a = 1\n", b"return 1\n", "does not compile"),
        (b"a = 1\n", b"def f():\n    yield\n    await a\n", "does not compile"),
        (b"a = 1\n", b"f(a=1, a=2)\n", "does not compile"),
        (b"a = 1\n", b"a = '\0'\n", "does not compile"),
        (None, b"def f(:\n", "does not compile"),
        (b"a = 1  # why\n", b"a = 1\n", "the comment `# why`"),
        (b"# x\na = 1  # x\n", b"# x\na = 1\n", "the comment `# x`"),
        (b"a = 1  # why\n", b"a = '# why'\n", "the comment `# why`"),
        (b"with a as client:\n    client.x\n", b"client.x\n", "reads `client`"),
        (b"def f(client): client\n", b"def f(): client\n", "reads `client`"),
        (b"a = 1\n", b"a = http_client()\n", "reads `http_client`"),
        (b"import httpx\n\ndef f(a: httpx.X): ...\n", b"def f(a: httpx.X): ...\n", "reads `httpx`"),
        (None, b"asyncio.run(1)\n", "reads `asyncio`"),
        (b"a = 1\r\n", b"a = 1\r\nb = 1\n", "line endings"),
        (b"a = 1\n", b"a = 1\r\n", "line endings"),
        (b"a = 1\n", b"a = 1\nb = 1", "last line"),
        (b"a = 1", b"a = 2\n", "last line"),
        (b"\xef\xbb\xbfa = 1\n", b"a = 1\n", "encoding"),
        ("# coding: latin-1\n'ä'\n".encode("latin-1"), b"'a'\n# coding: latin-1\n", "encoding"),
    ],
)
def test_faults_are_named(before: bytes | None, after: bytes, said: str) -> None:
    fault = find_fault(before, after, PATH)
    assert fault is not None
    assert said in fault
    assert PATH in fault
    assert "\n" not in fault


def test_undecodable_result_is_a_fault() -> None:
    fault = find_fault(b"a = 1\n", b"a = '\xe4'\n", PATH)
    assert fault is not None
    assert PATH in fault


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="this Python compiles it")
def test_file_for_a_newer_python_that_none_compiles_is_left_alone() -> None:
    fault = find_fault(b"lazy import json\n", b"lazy import os\n", PATH)
    assert fault is not None
    assert "is for a newer Python" in fault
