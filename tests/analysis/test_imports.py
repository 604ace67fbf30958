"""Dotted names to files, and files to dotted names."""

from __future__ import annotations

import pytest

from httpx_fixer.analysis.imports import ImportIndex, dotted_name, iter_imported_names, relative_name

PACKAGE = ("shop/__init__.py", "shop/main.py", "shop/api/__init__.py", "shop/api/prices.py", "conftest.py")
SRC = ("src/shop/__init__.py", "src/shop/main.py", "src/shop/prices.py", "tests/test_prices.py")
NAMESPACE = ("backend/app/main.py", "backend/app/routes/buses.py")


def _path(files: tuple[str, ...], importer: str, dotted: str) -> str | None:
    target = ImportIndex(files).resolve(importer, dotted)
    return None if target is None else target.path


@pytest.mark.parametrize(
    ("importer", "dotted", "path"),
    [
        ("shop/main.py", "shop.api.prices", "shop/api/prices.py"),
        ("shop/main.py", "shop.api", "shop/api/__init__.py"),
        ("shop/main.py", "shop", "shop/__init__.py"),
        ("shop/main.py", ".api.prices", "shop/api/prices.py"),
        ("shop/api/prices.py", "..main", "shop/main.py"),
        ("shop/api/prices.py", ".", "shop/api/__init__.py"),
        ("shop/api/__init__.py", ".prices", "shop/api/prices.py"),
        ("conftest.py", "shop.main", "shop/main.py"),
        ("shop/main.py", "httpx", None),
        ("shop/main.py", "httpx.AsyncClient", None),
        ("shop/main.py", "shopping.main", None),
    ],
)
def test_import_in_a_package_leads_to_a_file(importer: str, dotted: str, path: str | None) -> None:
    assert _path(PACKAGE, importer, dotted) == path


def test_name_in_a_module_is_left_to_look_up() -> None:
    target = ImportIndex(PACKAGE).resolve("shop/main.py", "shop.api.prices.router")
    assert target is not None
    assert (target.path, target.rest) == ("shop/api/prices.py", ("router",))


def test_name_that_is_no_module_is_looked_up_in_the_package() -> None:
    index = ImportIndex(PACKAGE, lambda _: b"from .prices import router\n")
    target = index.resolve("shop/main.py", "shop.api.router")
    assert target is not None
    assert (target.path, target.rest) == ("shop/api/__init__.py", ("router",))


def test_src_is_a_root_for_the_tests_beside_it() -> None:
    assert _path(SRC, "tests/test_prices.py", "shop.prices") == "src/shop/prices.py"


def test_directory_without_init_is_a_package_of_the_importer_s_tree() -> None:
    assert _path(NAMESPACE, "backend/app/main.py", "app.routes.buses") == "backend/app/routes/buses.py"


def test_module_named_like_a_package_that_it_imports_is_reached_through_its_own_package_only() -> None:
    files = {"shop/__init__.py": b"", "shop/celery.py": b"from celery import Celery\n", "shop/tasks.py": b""}
    index = ImportIndex(files, files.__getitem__)
    for importer in ("shop/celery.py", "shop/tasks.py"):
        assert index.resolve(importer, "celery.Celery") is None
    for dotted in ("shop.celery", ".celery"):
        target = index.resolve("shop/tasks.py", dotted)
        assert target is not None
        assert target.path == "shop/celery.py"


@pytest.mark.parametrize("importer", ["shop/core/celery/worker.py", "shop/main.py"])
def test_package_that_lacks_a_name_is_not_the_library_of_its_name(importer: str) -> None:
    files = {"shop/__init__.py": b"", "shop/core/celery/__init__.py": b"", "shop/core/celery/worker.py": b""}
    index = ImportIndex({**files, "shop/main.py": b""}, lambda path: files.get(path, b""))
    assert index.resolve(importer, "celery.Celery") is None
    assert index.resolve(importer, "celery.signals.worker_init") is None
    assert index.resolve(importer, "shop.core.celery.worker") is not None
    files["shop/core/celery/__init__.py"] = b"from .worker import *\n"
    assert index.resolve(importer, "celery.Celery") is not None


def test_launcher_beside_its_package_means_the_package() -> None:
    files = {"shop.py": b"from shop.main import run\n", "shop/__init__.py": b"", "shop/main.py": b""}
    target = ImportIndex(files, files.__getitem__).resolve("shop.py", "shop.main")
    assert target is not None
    assert target.path == "shop/main.py"


def test_of_two_roots_the_nearer_one_is_taken() -> None:
    files = ("a/util/__init__.py", "a/util/net.py", "b/util/__init__.py", "b/util/net.py", "b/run.py")
    assert _path(files, "b/run.py", "util.net") == "b/util/net.py"


def test_of_two_roots_far_away_none_is_taken() -> None:
    files = ("a/util/net.py", "b/util/net.py", "c/run.py")
    assert _path(files, "c/run.py", "util.net") is None


@pytest.mark.parametrize(
    ("path", "root", "dotted"),
    [
        ("shop/http_client.py", "", "shop.http_client"),
        ("src/shop/http_client.py", "src", "shop.http_client"),
        ("shop/api/__init__.py", "", "shop.api"),
        ("http_client.py", "", "http_client"),
    ],
)
def test_dotted_name_of_a_file(path: str, root: str, dotted: str) -> None:
    assert dotted_name(path, root) == dotted


@pytest.mark.parametrize(
    ("importer", "path", "dotted"),
    [
        ("shop/main.py", "shop/http_client.py", ".http_client"),
        ("shop/api/prices.py", "shop/http_client.py", "..http_client"),
        ("shop/api/v1/prices.py", "shop/http_client.py", "...http_client"),
        ("shop/main.py", "shop/api/http_client.py", ".api.http_client"),
        ("shop/api/__init__.py", "shop/http_client.py", "..http_client"),
        ("shop/api/prices.py", "shop/net/http_client.py", "..net.http_client"),
    ],
)
def test_relative_name_leads_back_to_the_file(importer: str, path: str, dotted: str) -> None:
    assert relative_name(importer, path) == dotted
    files = (importer, path, "shop/__init__.py")
    assert _path(files, importer, dotted) == path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import a\n", {"a"}),
        ("import a.b as c, d\n", {"a.b", "d"}),
        ("from a import b\n", {"a.b"}),
        ("from a import (\n    b,\n    c as d,\n)\n", {"a.b", "a.c"}),
        ("from . import b\n", {".b"}),
        ("from ..a import b\n", {"..a.b"}),
        ("def f():\n    import a\n", {"a"}),
        ("try: import a\nexcept ImportError: pass\n", {"a"}),
    ],
)
def test_imported_names_of_a_file(text: str, names: set[str]) -> None:
    assert names <= set(iter_imported_names(text.encode()))
