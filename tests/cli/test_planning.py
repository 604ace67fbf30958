"""`plan`: who will own what, and which sites reach it how."""

from __future__ import annotations

import json
from pathlib import Path

from harness import make_project
from schemas import assert_valid
from small_shop import make_shop

LIMITS = "Limits(max_connections=600, max_keepalive_connections=200, keepalive_expiry=30.0)"
TREE = f"""\
Processes
└── fastapi: `app` at shop/main.py:5 (lifespan)

shop/http_client.py (new), opened and closed with `app`
├── client `http_client`: httpx.AsyncClient(\
timeout=Timeout(connect=5.0, read=30.0, write=10.0, pool=5.0), limits={LIMITS})
│   └── shop/orders.py:11 HXF101 `read_order` gets it as a parameter
└── pool `http_client`: httpx.AsyncClient(limits={LIMITS})
    └── shop/prices.py:5 HXF101 `fetch_price` borrows from it
"""


def test_plan_is_drawn_as_a_tree(tmp_path: Path) -> None:
    tool = make_shop(tmp_path)
    done = tool.run("plan", env={"PYTHONIOENCODING": "utf-8"})
    assert (done.code, done.text, done.err) == (1, TREE, "")
    assert tool.git("status", "--porcelain") == b""


def test_plan_is_drawn_in_ascii_where_boxes_cannot_be(tmp_path: Path) -> None:
    drawn = make_shop(tmp_path).run("plan", env={"PYTHONIOENCODING": "ascii"}).text
    assert drawn == TREE.replace("└──", "`--").replace("├──", "|--").replace("│", "|")


def test_plan_for_machines(tmp_path: Path) -> None:
    document = json.loads(make_shop(tmp_path).run("plan", "--output-format", "json").out)
    app = {"framework": "fastapi", "app": "app", "start": "lifespan", "path": "shop/main.py", "line": 5}
    assert_valid(document, "plan")
    assert document["processes"] == [app]
    (owner,) = document["owners"]
    assert (owner["path"], owner["is_new"], owner["processes"]) == ("shop/http_client.py", True, [app])
    assert [(owned["kind"], owned["name"], owned["class"]) for owned in owner["owned"]] == [
        ("client", "http_client", "httpx.AsyncClient"),
        ("pool", "http_client", "httpx.AsyncClient"),
    ]
    assert owner["owned"][1]["arguments"] == {"limits": LIMITS}
    assert [site["how"] for owned in owner["owned"] for site in owned["sites"]] == ["parameter", "borrowed"]
    assert [number["what"] for number in document["numbers"] if number["path"] == "shop/orders.py"] == [
        "read timeout",
        "write timeout",
    ]
    assert (document["in_place"], document["left_alone"]) == ([], [])


def test_plan_tells_what_is_left_alone(tmp_path: Path) -> None:
    tool = make_shop(tmp_path)
    file = tmp_path / "shop/prices.py"
    file.write_text(file.read_text().replace("timeout=3", "transport=make_transport(number)"))
    document = json.loads(tool.run("plan", "--output-format", "json").out)
    assert_valid(document, "plan")
    (left,) = document["left_alone"]
    assert (left["reason"], left["obstacle"]) == ("DYNAMIC_ARGUMENT", {"path": "shop/prices.py", "line": 5})
    assert "Left alone\n└── shop/prices.py:5 HXF101 DYNAMIC_ARGUMENT: " in tool.run("plan").text


def test_report_is_one_file_with_the_plan_and_the_diffs(tmp_path: Path) -> None:
    tool = make_shop(tmp_path)
    done = tool.run("report", "--output", "out.html")
    assert (done.code, done.out, done.err) == (1, b"", "httpx-fixer: wrote out.html\n")
    page = (tmp_path / "out.html").read_text()
    assert page.startswith("<!doctype html>")
    assert page.count('class="said"') == 2
    assert page.count('<article class="file"') == 4
    assert 'fetch_price</code> <span class="soft">borrows from it' in page
    tool.run("report", "--output", "out.html")
    assert (tmp_path / "out.html").read_text() == page
    assert tool.git("status", "--porcelain") == b"?? out.html\n"


def test_plan_without_anything_says_so(tmp_path: Path) -> None:
    done = make_project(tmp_path).run("plan", "clean.py")
    assert (done.code, done.err) == (0, "")
    assert done.text == "Nothing to plan: no process was found, and no misuse of httpx.\n"
