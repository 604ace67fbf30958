from __future__ import annotations

import pytest

from httpx_fixer.fix import DropImport, EnsureImport
from httpx_fixer.rewrite.apply import apply_edits

from .anchoring import PATH, rewrite


def _ensure(source: str, module: str, name: str | None = None, alias: str | None = None) -> str:
    edit = EnsureImport(PATH, module, name, alias)
    result = rewrite(source, edit, first_party=("app",))
    assert rewrite(result, edit, first_party=("app",)) == result
    crlf = rewrite(source.replace("\n", "\r\n"), edit, first_party=("app",))
    assert crlf == result.replace("\n", "\r\n")
    compile(result, PATH, "exec", dont_inherit=True)
    return result


def _drop(source: str, *bound: str) -> str:
    edits = [DropImport(PATH, name) for name in bound]
    result = rewrite(source, *edits)
    crlf = rewrite(source.replace("\n", "\r\n"), *edits)
    assert crlf == result.replace("\n", "\r\n")
    compile(result, PATH, "exec", dont_inherit=True)
    return result


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("import httpx\n", ("httpx",)),
        ("import os, httpx as httpx, sys\nimport httpx\n", ("httpx",)),
        ("import httpx._client\n", ("httpx",)),
        ("import httpx as h\n", ("httpx", None, "h")),
        ("from app.http import (\n    a,\n    client,\n)\n", ("app.http", "client")),
        ("from ..http import client as c\n", ("..http", "client", "c")),
        ("from . import http\n", (".", "http")),
        ("import os; import httpx\n", ("httpx",)),
        ("x = 1\n\n\ndef f(): ...\n\n\nimport httpx\n", ("httpx",)),
        ("try:\n    import httpx\nexcept ImportError:\n    httpx = None\n", ("httpx",)),
        ("try:\n    from a import b\nexcept ImportError:\n    from c import b\n", ("a", "b")),
        ("try: import httpx\nexcept ImportError: pass\n", ("httpx",)),
    ],
)
def test_what_is_bound_is_left_alone(source: str, wanted: tuple[str, ...]) -> None:
    assert _ensure(source, *wanted) == source


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("import httpx as h\n", ("httpx",)),
        ("import httpx\n", ("httpx._client",)),
        ("from httpx import AsyncClient\n", ("httpx",)),
        ("from httpx import *\n", ("httpx", "AsyncClient")),
        ("def f():\n    import httpx\n", ("httpx",)),
        ("class A:\n    import httpx\n", ("httpx",)),
        ("from a import b as c\n", ("a", "b")),
        ("from .a import b\n", ("..a", "b")),
        ("from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import httpx\n", ("httpx",)),
        ("try:\n    from c import b\nexcept ImportError:\n    b = None\n", ("a", "b")),
    ],
)
def test_what_is_bound_otherwise_is_bound_again(source: str, wanted: tuple[str, ...]) -> None:
    result = _ensure(source, *wanted)
    assert result != source
    assert source.splitlines()[-1] in result


@pytest.mark.parametrize(
    ("source", "wanted", "after"),
    [
        ("from a import b\n", ("a", "c"), "from a import b, c\n"),
        ("from a import b, d\n", ("a", "c"), "from a import b, c, d\n"),
        ("from a import b  # why\n", ("a", "c"), "from a import b, c  # why\n"),
        ("from a import B, c\n", ("a", "C"), "from a import B, C, c\n"),
        ("from a import A, b\n", ("a", "CONST"), "from a import CONST, A, b\n"),
        ("from a import x2, x10\n", ("a", "x9"), "from a import x2, x9, x10\n"),
        ("from a import d, b\n", ("a", "c"), "from a import d, b, c\n"),
        ("from a import (b, d)\n", ("a", "c"), "from a import (b, c, d)\n"),
        ("from a import b as x, d\n", ("a", "c", "y"), "from a import b as x, c as y, d\n"),
        ("from .a import b\n", (".a", "c"), "from .a import b, c\n"),
        ("import x; from a import b; y = 1\n", ("a", "c"), "import x; from a import b, c; y = 1\n"),
        ("from a import b, \\\n    d\n", ("a", "e"), "from a import b, \\\n    d, e\n"),
        ("from a import (\n    b,\n    d,\n)\n", ("a", "c"), "from a import (\n    b,\n    c,\n    d,\n)\n"),
        (
            "from a import (\n    b,\n    d,  # d\n)\n",
            ("a", "e"),
            "from a import (\n    b,\n    d,  # d\n    e,\n)\n",
        ),
        (
            "from a import (\n    b,\n    d  # d\n)\n",
            ("a", "e"),
            "from a import (\n    b,\n    d,  # d\n    e\n)\n",
        ),
        (
            "from a import (  # all\n    # about d\n    d,\n)  # end\n",
            ("a", "c"),
            "from a import (  # all\n    c,\n    # about d\n    d,\n)  # end\n",
        ),
        ("from a import b\nfrom a import d\n", ("a", "c"), "from a import b, c\nfrom a import d\n"),
    ],
)
def test_name_joins_a_statement(source: str, wanted: tuple[str, ...], after: str) -> None:
    assert _ensure(source, *wanted) == after


def test_line_that_grows_too_long_is_laid_out_one_name_a_line() -> None:
    names = [f"name_number_{index}" for index in range(5)]
    source = f"from a import {', '.join(names)}  # all\n"
    listed = "".join(f"    {name},\n" for name in [*names, "name_number_5"])
    assert _ensure(source, "a", "name_number_5") == f"from a import (\n{listed})  # all\n"


def test_file_with_long_lines_keeps_a_long_import() -> None:
    names = ", ".join(f"name_number_{index}" for index in range(5))
    source = f"from a import {names}\n\n{'x' * 110} = 1\n"
    assert _ensure(source, "a", "zzzzzzzzzzz").startswith(f"from a import {names}, zzzzzzzzzzz\n")


@pytest.mark.parametrize(
    ("source", "wanted", "after"),
    [
        ("import os\nimport sys\n", ("re",), "import os\nimport re\nimport sys\n"),
        ("import os\nfrom abc import ABC\n", ("re",), "import os\nimport re\nfrom abc import ABC\n"),
        (
            "import os\nfrom re import sub\n",
            ("abc", "ABC"),
            "import os\nfrom abc import ABC\nfrom re import sub\n",
        ),
        ("import sys\nimport os\nx = 1\n", ("re",), "import sys\nimport os\nimport re\nx = 1\n"),
        ("import os\n", ("httpx",), "import os\n\nimport httpx\n"),
        ("import httpx\n", ("os",), "import os\n\nimport httpx\n"),
        ("import httpx\n\nimport app\n", ("os",), "import os\n\nimport httpx\n\nimport app\n"),
        ("import os\n\nimport app\n", ("httpx",), "import os\n\nimport httpx\n\nimport app\n"),
        (
            "import os\n\nfrom . import a\n",
            ("app.b", "c"),
            "import os\n\nfrom app.b import c\n\nfrom . import a\n",
        ),
        ("import app\n", (".b", "c"), "import app\n\nfrom .b import c\n"),
        ("from . import a\n", ("..b", "c"), "from ..b import c\nfrom . import a\n"),
        (
            "import os\nimport httpx\nx = 1\n",
            ("fastapi",),
            "import os\nimport fastapi\nimport httpx\nx = 1\n",
        ),
        ("import httpx\nimport os\n", ("re",), "import httpx\nimport os\nimport re\n"),
        ("import os\n\nimport own.a\n", ("own.b", "c"), "import os\n\nimport own.a\nfrom own.b import c\n"),
        ("from a import b as c\n", ("a", "d"), "from a import b as c\nfrom a import d\n"),
        ("from a import d\n", ("a", "b", "c"), "from a import b as c\nfrom a import d\n"),
        ("from a import *\n", ("a", "b"), "from a import *\nfrom a import b\n"),
        (
            "import os  # os\n# about sys\nimport sys\n",
            ("re",),
            "import os  # os\nimport re\n# about sys\nimport sys\n",
        ),
        (
            "# stdlib\nimport os\n\n# others\nimport httpx\n",
            ("fastapi",),
            "# stdlib\nimport os\n\n# others\nimport fastapi\nimport httpx\n",
        ),
        ("import a\nfrom b import c\nimport d\n", ("c",), "import a\nfrom b import c\nimport c\nimport d\n"),
    ],
)
def test_statement_goes_to_its_section(source: str, wanted: tuple[str, ...], after: str) -> None:
    assert _ensure(source, *wanted) == after


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("x = 1\n", "import httpx\n\nx = 1\n"),
        ("def f(): ...\n", "import httpx\n\n\ndef f(): ...\n"),
        ('"""Doc."""\n', '"""Doc."""\n\nimport httpx\n'),
        ('"""Doc."""\nx = 1\n', '"""Doc."""\n\nimport httpx\n\nx = 1\n'),
        ('"""Doc."""\n\n\nclass A: ...\n', '"""Doc."""\n\nimport httpx\n\n\nclass A: ...\n'),
        ('"""Doc."""\n# about x\nx = 1\n', '"""Doc."""\n\nimport httpx\n\n# about x\nx = 1\n'),
        ("from __future__ import annotations\n", "from __future__ import annotations\n\nimport httpx\n"),
        (
            '"""Doc."""\n\nfrom __future__ import annotations\n\nx = 1\n',
            '"""Doc."""\n\nfrom __future__ import annotations\n\nimport httpx\n\nx = 1\n',
        ),
        (
            "from __future__ import annotations\n\nimport os\n",
            "from __future__ import annotations\n\nimport os\n\nimport httpx\n",
        ),
        (
            "from __future__ import annotations\n\nfrom . import a\n",
            "from __future__ import annotations\n\nimport httpx\n\nfrom . import a\n",
        ),
        (
            "#!/usr/bin/env python\n# licence\nx = 1\n",
            "#!/usr/bin/env python\n# licence\nimport httpx\n\nx = 1\n",
        ),
        ("# licence\n\n# about x\nx = 1\n", "# licence\n\nimport httpx\n\n# about x\nx = 1\n"),
        (
            "#!/usr/bin/env python\n\nfrom . import a\n",
            "#!/usr/bin/env python\n\nimport httpx\n\nfrom . import a\n",
        ),
        ("# licence\n# two\nfrom . import a\n", "# licence\n# two\nimport httpx\n\nfrom . import a\n"),
        ("# only a comment\n", "# only a comment\n\nimport httpx\n"),
        (
            "x = 1\n\n\ndef f(): ...\n\n\nimport zlib\n",
            "import httpx\n\nx = 1\n\n\ndef f(): ...\n\n\nimport zlib\n",
        ),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\n",
            "from typing import TYPE_CHECKING\n\nimport httpx\n\nif TYPE_CHECKING:\n    import a\n",
        ),
        (
            "import os\n\ntry:\n    import a\nexcept ImportError:\n    a = None\n",
            "import os\n\nimport httpx\n\ntry:\n    import a\nexcept ImportError:\n    a = None\n",
        ),
        (
            "import sys\n\nsys.path.insert(0, '.')\n\nimport fastapi\n",
            "import sys\n\nsys.path.insert(0, '.')\n\nimport fastapi\nimport httpx\n",
        ),
    ],
)
def test_place_of_the_first_import_of_a_section(source: str, after: str) -> None:
    assert _ensure(source, "httpx") == after


def test_empty_file_gets_a_line() -> None:
    assert rewrite("", EnsureImport(PATH, "httpx")) == "import httpx\n"


def test_no_final_newline_stays_so() -> None:
    assert _ensure("import os\nx = 1", "httpx") == "import os\n\nimport httpx\nx = 1"


def test_bom_and_cookie_stay_on_top() -> None:
    edit = EnsureImport(PATH, "httpx")
    data = b"\xef\xbb\xbf# coding: utf-8\nx = 1\n"
    assert apply_edits(PATH, data, [edit]) == b"\xef\xbb\xbf# coding: utf-8\nimport httpx\n\nx = 1\n"


def test_several_imports_do_not_depend_on_their_order() -> None:
    edits = [
        EnsureImport(PATH, "contextlib", "asynccontextmanager"),
        EnsureImport(PATH, "app.http", "HttpClient"),
        EnsureImport(PATH, "app.http", "get_client"),
        EnsureImport(PATH, "httpx"),
    ]
    expected = """\
import os
from contextlib import asynccontextmanager

import httpx

from app.http import HttpClient, get_client

x = 1
"""
    for order in (edits, edits[::-1]):
        assert rewrite("import os\n\nx = 1\n", *order, first_party=("app",)) == expected


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("import httpx\n", ""),
        ("import os\nimport httpx\nimport sys\n", "import os\nimport sys\n"),
        ("import os\n\nimport httpx\n\nimport app\n", "import os\n\nimport app\n"),
        ("import os\n\nimport httpx\n\n\ndef f(): ...\n", "import os\n\n\ndef f(): ...\n"),
        ("import httpx\n\n\ndef f(): ...\n", "def f(): ...\n"),
        ("# licence\n\nimport httpx\n\n\ndef f(): ...\n", "# licence\n\n\ndef f(): ...\n"),
        ('"""Doc."""\n\nimport httpx\n\nx = 1\n', '"""Doc."""\n\nx = 1\n'),
        ("import os\n\nimport httpx\nimport fastapi\n", "import os\n\nimport fastapi\n"),
        (
            "import os\n# about httpx\nimport httpx  # why\nimport sys\n",
            "import os\n# about httpx\n# why\nimport sys\n",
        ),
        ("import os, httpx, sys\n", "import os, sys\n"),
        ("import os, httpx  # both\n", "import os  # both\n"),
        ("import httpx; import os\n", "import os\n"),
        ("import os; import httpx;  # both\n", "import os;  # both\n"),
        ("from a import httpx\n", ""),
        ("from a import b, httpx\n", "from a import b\n"),
        ("from a import b as httpx, c\n", "from a import c\n"),
        ("from a import (b, httpx)\n", "from a import (b)\n"),
        ("from a import (\n    b,\n    httpx,\n    c,\n)\n", "from a import (\n    b,\n    c,\n)\n"),
        (
            "from a import (\n    b,  # b\n    # about httpx\n    httpx,  # it\n    # about c\n    c,\n)\n",
            "from a import (\n    b,  # b\n    # about httpx\n    # it\n    # about c\n    c,\n)\n",
        ),
        ("from a import (\n    b,  # b\n    httpx  # it\n)\n", "from a import (\n    b  # b\n    # it\n)\n"),
        ("import httpx._client\nimport os\n", "import os\n"),
        ("import httpx  # noqa: E402\nimport os\n", "import os\n"),
        ("import httpx  # noqa: E402 - late\nimport os\n", "# noqa: E402 - late\nimport os\n"),
        ("import httpx\nlog('httpx', f'{x}: httpx.Client')\n", "log('httpx', f'{x}: httpx.Client')\n"),
        ("import httpx\nx.httpx = f(httpx=1)\n", "x.httpx = f(httpx=1)\n"),
        ("import httpx\n\n\ndef f(httpx):\n    return httpx\n", "def f(httpx):\n    return httpx\n"),
        ('import httpx\n\n\ndef f():\n    """Like httpx."""\n', 'def f():\n    """Like httpx."""\n'),
        (
            "import httpx\n\n\ndef f():\n    import httpx\n\n    httpx.get()\n",
            "def f():\n    import httpx\n\n    httpx.get()\n",
        ),
    ],
)
def test_unread_import_is_dropped(source: str, after: str) -> None:
    assert _drop(source, "httpx") == after


@pytest.mark.parametrize(
    "source",
    [
        "import httpx\nhttpx.get()\n",
        "import httpx\n\n\ndef f():\n    return [httpx for _ in x]\n",
        "import httpx\n\n\nclass A:\n    x: httpx.Client\n",
        "from __future__ import annotations\n\nimport httpx\n\n\ndef f(a: httpx.Client): ...\n",
        "import httpx\n\n\ndef f(a: 'httpx.Client'): ...\n",
        "import httpx\n\n__all__ = ['httpx']\n",
        "import httpx\n\nx = cast('list[httpx.Client]', y)\n",
        "import httpx\n\ndel httpx\n",
        "import httpx\n\nhttpx = None\n",
        "import httpx  # noqa: F401\n",
        "from a import (\n    httpx,  # noqa\n)\n",
        "import httpx  # noqa: E402,F401\n",
        "import httpx  # pylint: disable=unused-import\n",
        "import httpx as httpx\n",
        "from a import httpx as httpx\n",
        "try:\n    import httpx\nexcept ImportError:\n    pass\n",
        "def f():\n    import httpx\n",
        "x = f'{httpx}'\nimport httpx\n",
        "@httpx.x\ndef f(): ...\n\n\nimport httpx\n",
        "import other\n",
        "from httpx import *\n",
    ],
)
def test_import_that_is_needed_stays(source: str) -> None:
    assert _drop(source, "httpx") == source


def test_several_names_are_dropped() -> None:
    source = "import os\nfrom a import b, c, d\n\nimport httpx\n\nd()\n"
    assert _drop(source, "httpx", "b", "c", "os") == "from a import d\n\nd()\n"


@pytest.mark.parametrize("code", ["from .rivers import flow", "from app.rivers import flow"])
def test_package_keeps_what_it_has_from_the_project(code: str) -> None:
    path = "app/__init__.py"
    after = f"{code}  # noqa: F401 - others may take it from here\n".encode()
    known = frozenset({"app"})
    assert apply_edits(path, f"{code}\n".encode(), [DropImport(path, "flow")], known) == after
    assert apply_edits(path, after, [DropImport(path, "flow")], known) == after


@pytest.mark.parametrize("code", [b"from httpx import flow\n", b"import flow\n"])
def test_package_keeps_nothing_from_elsewhere(code: bytes) -> None:
    path = "app/__init__.py"
    assert apply_edits(path, code, [DropImport(path, "flow")]) == b""


_TOLD = "# noqa: F401 - tests reach it here"


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("import httpx\n", f"import httpx  {_TOLD}\n"),
        ("import os; import httpx\nos\n", f"import os; import httpx  {_TOLD}\nos\n"),
        ("import httpx  # the client\n", f"import httpx  # the client  {_TOLD}\n"),
        ("import httpx  # noqa: E402\n", "import httpx  # noqa: E402, F401 - tests reach it here\n"),
        ("import httpx  # noqa: E402 - late\n", "import httpx  # noqa: E402, F401 - late\n"),
        ("import httpx  # noqa: F401\n", "import httpx  # noqa: F401\n"),
        ("import httpx as httpx\n", "import httpx as httpx\n"),
        ("from a import b, httpx\n\nb()\n", f"from a import b, httpx  {_TOLD}\n\nb()\n"),
        (
            "from a import (\n    b,\n    httpx,\n)\n\nb()\n",
            f"from a import (  {_TOLD}\n    b,\n    httpx,\n)\n\nb()\n",
        ),
        ("import httpx\n\nhttpx.get()\n", "import httpx\n\nhttpx.get()\n"),
    ],
)
def test_import_that_stays_for_others_says_so(source: str, after: str) -> None:
    edit = DropImport(PATH, "httpx", "tests reach it here")
    assert rewrite(source, edit) == after
    assert rewrite(after, edit) == after
    crlf = rewrite(source.replace("\n", "\r\n"), edit)
    assert crlf == after.replace("\n", "\r\n")
    silent = DropImport(PATH, "httpx", "tests reach it here", is_told=False)
    assert rewrite(source, silent) == source


def test_other_names_go_from_beside_one_that_stays() -> None:
    edits = (DropImport(PATH, "httpx", "tests reach it here"), DropImport(PATH, "rivers"))
    assert rewrite("from a import httpx, rivers\n", *edits) == f"from a import httpx  {_TOLD}\n"


@pytest.mark.parametrize(
    "rest",
    [
        "x = y  # type: httpx.Client\n",
        'def f():\n    """\n    >>> httpx.get(1)\n    """\n',
        "x = globals()['httpx']\n",
    ],
)
def test_import_that_is_looked_up_says_so(rest: str) -> None:
    after = f"import httpx  # noqa: F401 - it is looked up by its name\n\n{rest}"
    assert rewrite(f"import httpx\n\n{rest}", DropImport(PATH, "httpx")) == after


def test_code_that_does_not_compile_keeps_its_imports() -> None:
    source = b"import httpx\n\n\ndef f(a, a): ...\n"
    assert apply_edits(PATH, source, [DropImport(PATH, "httpx")]) == source


def test_comment_above_an_import_stays_at_the_new_one_that_takes_its_place() -> None:
    source = "# Rivers come from the survey.\nimport httpx\n\n\ndef f():\n    return g\n"
    edits = (EnsureImport(PATH, "app.rivers", "g"), DropImport(PATH, "httpx"))
    after = "# Rivers come from the survey.\nfrom app.rivers import g\n\n\ndef f():\n    return g\n"
    assert rewrite(source, *edits, first_party=("app",)) == after


def test_comment_above_an_import_is_not_moved_to_one_that_was_there() -> None:
    source = "# Rivers come from the survey.\nimport httpx\n\nfrom app.rivers import g\n\ng()\n"
    edits = (EnsureImport(PATH, "app.rivers", "g"), DropImport(PATH, "httpx"))
    after = "# Rivers come from the survey.\n\nfrom app.rivers import g\n\ng()\n"
    assert rewrite(source, *edits, first_party=("app",)) == after


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "from flask import Flask\n\napp = keep(Flask())\n\nfrom app import routes\n",
            "from flask import Flask\n\nfrom app.http import keep\n\napp = keep(Flask())\n\n"
            "from app import routes\n",
        ),
        (
            "import os\n\nkeep()\n\nfrom app.http import Other\n",
            "import os\n\nfrom app.http import keep\n\nkeep()\n\nfrom app.http import Other\n",
        ),
        (
            "import os\n\nx = os.keep\ny = f(keep=1)\nz = lambda: keep\n\nfrom app import routes\n",
            "import os\n\nx = os.keep\ny = f(keep=1)\nz = lambda: keep\n\n"
            "from app import routes\nfrom app.http import keep\n",
        ),
        (
            "app = keep()\n\nfrom app import routes\n",
            "from app.http import keep\n\napp = keep()\n\nfrom app import routes\n",
        ),
        (
            "import os\n\nif os.name:\n    keep()\n\nfrom app import routes\n",
            "import os\n\nfrom app.http import keep\n\nif os.name:\n    keep()\n\nfrom app import routes\n",
        ),
    ],
)
def test_import_stands_above_what_reads_the_name(source: str, expected: str) -> None:
    assert _ensure(source, "app.http", "keep") == expected


@pytest.mark.parametrize("part", ["@keep\ndef f(): ...", "def f(a=keep): ...", "def f(a: keep): ..."])
def test_what_a_definition_reads_at_once_counts(part: str) -> None:
    source = f"import os\n\nx = 1\n\n\n{part}\n\n\nfrom app import routes\n"
    assert _ensure(source, "app.http", "keep").startswith("import os\n\nfrom app.http import keep\n\nx = 1\n")


@pytest.mark.parametrize(
    ("source", "wanted", "result"),
    [
        (
            "import os\nimport sys\n\nsys.path.insert(0, ROOT)\n\nrun()\n",
            "app.http",
            "import os\nimport sys\n\nsys.path.insert(0, ROOT)\n\nfrom app.http import client\n\nrun()\n",
        ),
        (
            "import sys\n\nif ROOT not in sys.path:\n    sys.path.append(ROOT)\n\nimport json\n",
            "app.http",
            "import sys\n\nif ROOT not in sys.path:\n    sys.path.append(ROOT)\n\nimport json\n\n"
            "from app.http import client\n",
        ),
        (
            "import sys\n\nfrom app import a\n\nsys.path.append(ROOT)\n",
            "app.http",
            "import sys\n\nfrom app import a\nfrom app.http import client\n\nsys.path.append(ROOT)\n",
        ),
        (
            "import sys\n\nsys.path.insert(0, ROOT)\n\nimport b\n",
            "anyio",
            "import sys\n\nsys.path.insert(0, ROOT)\n\nimport b\nfrom anyio import client\n",
        ),
    ],
)
def test_import_of_the_project_goes_below_what_says_where_it_is(
    source: str, wanted: str, result: str
) -> None:
    assert _ensure(source, wanted, "client") == result
