"""A file from standard input, as editors and hooks give it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from harness import LEAK, Tool, make_project

STREAM = b"""\
from app.clients import client


async def count(url: str) -> int:
    request = client.build_request("GET", url)
    response = await client.send(request, stream=True)
    return response.status_code
"""
"""Uses a client of another module, and so does not import httpx."""


def test_text_is_reported_on_in_the_place_of_its_file(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    given = b"\n" + LEAK.encode()
    done = tool.run("check", "-", "--stdin-filename", "app/x.py", "--output-format", "json", given=given)
    report = json.loads(done.out)
    assert done.code == 1
    assert [(each["path"], each["start"]["line"]) for each in report["diagnostics"]] == [("app/x.py", 7)]
    assert report["summary"]["files_seen"] == 1


def test_other_files_are_read_and_not_reported(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "app/clients.py").write_text("import httpx\n\nclient = httpx.AsyncClient(timeout=3)\n")
    done = tool.run("check", "-q", "-", "--stdin-filename", "app/new.py", given=STREAM)
    assert done.code == 1
    assert done.text.startswith("app/new.py:6:22 HXF301 ")
    assert done.text.count("HXF") == 1


def test_file_that_is_named_and_does_not_import_httpx_is_read(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "app/clients.py").write_text("import httpx\n\nclient = httpx.AsyncClient(timeout=3)\n")
    (tmp_path / "app/new.py").write_bytes(STREAM)
    assert "app/new.py:6:22 HXF301 " in tool.run("check", "app/new.py").text


@pytest.mark.parametrize("name", [(), ("--stdin-filename", "app/x.py")])
def test_fix_prints_the_fixed_text_and_writes_nothing(tmp_path: Path, name: tuple[str, ...]) -> None:
    tool = make_project(tmp_path)
    given = LEAK.replace("\n", "\r\n").encode()
    done = tool.run("fix", "-", *name, given=given)
    assert done.code == 1
    assert b"    finally:\r\n        await response.aclose()\r\n" in done.out
    assert done.err.startswith("Changed 1 file, 1 fix:\n")
    assert tool.git("status", "--porcelain") == b""


@pytest.mark.parametrize(
    "given", [b"", b"print(1)\n", b"import httpx\nprint 'hello'\n", b"import httpx\n\xff\0"]
)
def test_fix_prints_what_it_cannot_fix_as_it_was(tmp_path: Path, given: bytes) -> None:
    assert Tool(tmp_path).run("fix", "-", given=given).out == given


def test_diff_prints_a_patch_of_the_file(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    done = tool.run("diff", "-", "--stdin-filename", "app/x.py", given=LEAK.encode())
    assert done.out.startswith(b"diff --git a/app/x.py b/app/x.py\n")
    tool.git("apply", "--check", "-", given=done.out)


MAIN = """\
from fastapi import FastAPI

from app.books import router

app = FastAPI()
app.include_router(router)
"""
BOOKS = b"""\
import httpx
from fastapi import APIRouter

router = APIRouter()


@router.get("/")
async def read_book() -> str:
    async with httpx.AsyncClient() as client:
        response = await client.get("https://books.example.com/")
    return response.text
"""


def test_fix_that_needs_other_files_is_refused(tmp_path: Path) -> None:
    tool = make_project(tmp_path)
    (tmp_path / "app/__init__.py").touch()
    (tmp_path / "app/main.py").write_text(MAIN)
    done = tool.run("fix", "-", "--stdin-filename", "app/books.py", given=BOOKS)
    assert done.out == BOOKS
    assert re.search(
        "left alone: EXCLUDED: the fix would change `.*`, too, and only one file was given", done.err
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("check", "-", "app"), "`-` stands for the only file"),
        (("check", "--stdin-filename", "app/x.py"), "--stdin-filename is for `-`"),
        (("check", "-", "--stdin-filename", "nowhere/x.py"), "nowhere: No such file or directory"),
        (("check", "-", "--add-ignore"), "--add-ignore writes into files"),
        (("fix", "-", "--output-format", "json"), "prints the file"),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = make_project(tmp_path).run(*arguments, given=LEAK.encode())
    assert (done.code, done.out) == (2, b"")
    assert told in done.err
