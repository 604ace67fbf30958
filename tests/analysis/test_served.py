"""What servers are told to load, from the files that tell them."""

from __future__ import annotations

import pytest
from small_projects import build_project

from httpx_fixer.analysis.facts import Symbol

MAIN = """\
from fastapi import FastAPI

app = FastAPI()


def create_app():
    app = FastAPI()
    return app
"""
COMPOSE = """\
services:
  web:
    image: shop:latest
    command:
      - uvicorn
      - shop.main:app
"""
SHOP = {"shop/__init__.py": "", "shop/main.py": MAIN}
APP = Symbol("shop/main.py", "app")
MADE = Symbol("shop/main.py", "create_app.app")


def _named(files: dict[str, str]) -> set[Symbol]:
    project = build_project(SHOP | files)
    return {symbol for symbol in (APP, MADE) if project.served.is_named(symbol)}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Procfile", "web: gunicorn -k uvicorn.workers.UvicornWorker shop.main:app --bind :8000\n"),
        ("Procfile", "web: hypercorn 'shop.main:app'\n"),
        ("Dockerfile", 'CMD ["uvicorn", "shop.main:app", "--host", "0.0.0.0"]\n'),
        ("docker/Dockerfile", "CMD granian --interface asgi \\\n    shop.main:app\n"),
        ("Dockerfile", 'CMD ["fastapi", "run", "shop/main.py", "--port", "80"]\n'),
        (
            "compose.yaml",
            COMPOSE,
        ),
        ("gunicorn.conf.py", 'worker_class = "uvicorn.workers.UvicornWorker"\nwsgi_app = "shop.main:app"\n'),
        ("scripts/start.sh", 'exec uvicorn "shop.main:app" --workers 4\n'),
        ("pyproject.toml", '[tool.poe.tasks]\nserve = "uvicorn shop.main:app"\n'),
        ("run.py", 'import uvicorn\nuvicorn.run("shop.main:app", port=8000)\n'),
        ("run.py", 'import uvicorn\nconfig = uvicorn.Config(\n    app="shop.main:app",\n    port=8000,\n)\n'),
        ("run.py", 'from granian import Granian\nGranian("shop.main:app", interface="asgi").serve()\n'),
        ("run.py", 'import subprocess\nsubprocess.run(["gunicorn", "-w", "4", "shop.main:app"])\n'),
    ],
)
def test_application_is_named(path: str, text: str) -> None:
    assert _named({path: text}) == {APP}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("run.py", 'import uvicorn\nuvicorn.run("shop.main:create_app", factory=True)\n'),
        ("Procfile", "web: gunicorn 'shop.main:create_app()'\n"),
    ],
)
def test_what_a_named_function_returns_is_named(path: str, text: str) -> None:
    assert _named({path: text}) == {MADE}


def test_directory_of_a_service_is_where_its_names_begin() -> None:
    files = {f"services/web/{path}": text for path, text in SHOP.items()}
    project = build_project(files | {"services/web/Dockerfile": "CMD uvicorn shop.main:app\n"})
    assert project.served.is_loaded("services/web/shop/main.py")


def test_module_that_is_named_is_loaded_with_what_it_imports() -> None:
    asgi = "import shop.main\nimport shop.extra\napplication = shop.main.create_app()\n"
    files = {"shop/asgi.py": asgi, "shop/extra.py": "", "Procfile": "web: uvicorn shop.asgi:application\n"}
    project = build_project(SHOP | files)
    assert project.served.modules_of(MADE) == {"shop/asgi.py"}
    assert project.served.is_part("shop/extra.py")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Procfile", "worker: celery -A shop.main:app worker\n"),
        ("README.md", "Run `uvicorn shop.main:app`.\n"),
        ("tests/test_main.py", 'import uvicorn\nuvicorn.run("shop.main:app")\n'),
        ("Dockerfile", "FROM shop.main:app@sha256:1 AS base\nCMD uvicorn shop.other:app shop.main:gone\n"),
        ("run.py", "import uvicorn\nvalue: shop.main = shop.main\nx = {1: app}\n"),
        ("run.py", 'import uvicorn\nCOMMANDS = ["shop.main:app"]\n'),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["uvicorn"]\n\n[project.scripts]\nshop = "shop.main:app"\n',
        ),
    ],
)
def test_other_words_name_nothing(path: str, text: str) -> None:
    assert _named({path: text}) == set()
