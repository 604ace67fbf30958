from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import libcst as cst
import pytest

from httpx_fixer.fix import DropImport, EnsureImport
from httpx_fixer.rewrite.import_order import (
    ImportStatement,
    Section,
    member_key,
    module_of,
    root_of,
    section_of,
    statement_key,
)

from .anchoring import PATH, rewrite


def _statement(code: str) -> ImportStatement:
    line = cst.parse_statement(code)
    assert isinstance(line, cst.SimpleStatementLine)
    small = line.body[0]
    assert isinstance(small, cst.Import | cst.ImportFrom)
    return small


@pytest.mark.parametrize(
    ("module", "section"),
    [
        ("__future__", Section.FUTURE),
        ("os.path", Section.STDLIB),
        ("select", Section.STDLIB),
        ("httpx", Section.THIRD_PARTY),
        ("app.clients", Section.FIRST_PARTY),
        ("application", Section.THIRD_PARTY),
        (".", Section.LOCAL),
        ("..app", Section.LOCAL),
    ],
)
def test_section(module: str, section: Section) -> None:
    assert section_of(module, frozenset({"app", "select"})) is section


@pytest.mark.parametrize(
    ("code", "module", "root"),
    [
        ("import a.b as c", "a.b", "a"),
        ("from a . b import c", "a.b", "a"),
        ("from ..a import b", "..a", "."),
        ("from . import b", ".", "."),
    ],
)
def test_module_and_root(code: str, module: str, root: str) -> None:
    assert (module_of(_statement(code)), root_of(module)) == (module, root)


def test_order_of_names() -> None:
    statement = _statement("from m import CONST_A, CONST_B, A, Base, Z, a, b1, b2, b10, B_c as d, _e")
    assert not isinstance(statement.names, cst.ImportStar)
    names = sorted(statement.names, key=member_key)
    assert [name.evaluated_name for name in names] == (
        ["CONST_A", "CONST_B", "A", "B_c", "Base", "Z", "_e", "a", "b1", "b2", "b10"]
    )


@pytest.mark.parametrize(
    "ordered",
    [
        ["import a", "import B.c", "import z", "from a import b", "from B import c"],
        ["from ... import a", "from ..a import b", "from . import c", "from .a import b"],
        ["from a import *", "from a import B", "from a import b"],
    ],
)
def test_order_of_statements(ordered: list[str]) -> None:
    backwards = ordered[::-1]
    assert sorted(backwards, key=lambda code: statement_key(_statement(code))) == ordered


IMPORTS = (
    (
        "import asyncio",
        "import os",
        "import os.path",
        "import re as _re",
        "from collections import abc",
        "from collections.abc import Iterator, Mapping",
        "from typing import TYPE_CHECKING, Annotated, Any",
    ),
    (
        "import httpx",
        "import pydantic as p",
        "from fastapi import APIRouter, Depends, FastAPI",
        "from fastapi import (\n    APIRouter,\n    Depends,  # dep\n)",
        "from starlette.status import HTTP_200_OK, Status, x9, x10",
        "from zeta import *",
    ),
    ("import app", "from app import settings", "from app.core import CONFIG, Config, config"),
    ("from . import models", "from .. import base", "from .models import A, b"),
)
WANTED = (
    EnsureImport(PATH, "httpx"),
    EnsureImport(PATH, "zlib"),
    EnsureImport(PATH, "numpy", None, "np"),
    EnsureImport(PATH, "typing", "Annotated"),
    EnsureImport(PATH, "fastapi", "Request"),
    EnsureImport(PATH, "fastapi", "FastAPI", "Application"),
    EnsureImport(PATH, "starlette.status", "x11"),
    EnsureImport(PATH, "app.core", "client"),
    EnsureImport(PATH, "app.http", "http_client"),
    EnsureImport(PATH, "..http", "client"),
    EnsureImport(PATH, ".models", "C"),
)
HEADS = (
    "",
    "#!/usr/bin/env python\n# licence\n\n",
    '"""Doc."""\n\nfrom __future__ import annotations\n\n',
    '"""Doc."""\n',
)
TAILS = (
    "",
    "\nx = 1\n",
    "\n\ndef f():\n    pass\n",
    "\ntry:\n    import ujson\nexcept ImportError:\n    ujson = None\n",
)


def _sort_with_ruff(path: Path, *options: str) -> int:
    settings = ["--isolated", "--no-cache", "--select=I", "--config=lint.isort.known-first-party=['app']"]
    return subprocess.run(["ruff", "check", "--quiet", *settings, *options, path], check=False).returncode


@pytest.mark.skipif(shutil.which("ruff") is None, reason="ruff says what is sorted")
def test_files_that_ruff_calls_sorted_stay_so(tmp_path: Path) -> None:
    generator = random.Random(1)
    sources = []
    for number in range(300):
        picked = [line for group in IMPORTS for line in generator.sample(group, generator.randint(0, 3))]
        lines = "".join(f"{line}\n" for line in picked)
        path = tmp_path / f"m{number}.py"
        path.write_text(generator.choice(HEADS) + lines + generator.choice(TAILS))
        sources.append((path, generator.choice(WANTED)))
    assert _sort_with_ruff(tmp_path, "--fix") == 0
    for path, edit in sources:
        path.write_text(rewrite(path.read_text(), edit, DropImport(PATH, "base"), first_party=("app",)))
    assert _sort_with_ruff(tmp_path) == 0
