"""The generated module as text: typed, formatted, short, and no trace of who wrote it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from httpx_fixer.frameworks._base import Start

from .generated import literal, plain_clients, plain_pools, pool, render

LONG = literal("verify", '"/etc/ssl/certificates/of/the/organisation/bundle.pem"')
PROXY = literal("proxy", '"http://proxy.internal.example:3128"')


def _variants() -> dict[str, str]:
    found: dict[str, str] = {}
    for library in ("httpx", "httpx2"):
        both, clients = plain_pools(library), plain_clients(library)
        named = [
            pool(library, name, key, *arguments, takes_class=takes_class)
            for name in ("AsyncClient", "Client")
            for key, arguments, takes_class in (
                ("unverified", (literal("verify", "False"),), True),
                ("internal_proxy", (LONG, PROXY), False),
            )
        ]
        for starlette in (False, True):
            framework = "starlette" if starlette else "fastapi"
            for name, pools, owned in (
                ("async_pool", both[:1], ()),
                ("sync_pool", both[1:], ()),
                ("both_pools", both, ()),
                ("named_pools", named, ()),
                ("async_client", (), clients[:1]),
                ("both_clients", (), clients),
                ("client_over_pool", both[:1], clients[:1]),
                ("all", [*both, *named], clients),
                ("lasting_async", [replace(both[0], lends=False, lasts=True)], ()),
                ("lasting_sync", [replace(both[1], lends=False, lasts=True)], clients[1:]),
                ("lasting_both", [replace(one, lasts=True) for one in both], ()),
                ("lasting_named", [replace(one, lends=False, lasts=True) for one in named], clients),
            ):
                text = render(pools=pools, clients=owned, starlette=starlette)
                found[f"{library}_{framework}_{name}"] = text
        lasting = [replace(one, lasts=True) for one in both]
        found[f"{library}_both_under_trio"] = render(pools=lasting, starts=(Start.ENTRY, Start.TRIO_ENTRY))
    return found


VARIANTS = _variants()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with every variant in it."""
    directory = tmp_path_factory.mktemp("variants")
    for name, text in VARIANTS.items():
        (directory / f"{name}.py").write_text(text)
    return directory


def _run(directory: Path, tool: str, *arguments: str) -> None:
    if importlib.util.find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed")
    command = [sys.executable, "-m", tool, *arguments, "."]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_strict_type_checker_has_nothing_to_say(package: Path) -> None:
    cache = str(Path.cwd() / ".mypy_cache")
    _run(package, "mypy", "--strict", "--python-version", "3.11", "--cache-dir", cache)


def test_a_formatter_leaves_it_as_it_is(package: Path) -> None:
    _run(package, "ruff", "format", "--isolated", "--diff", "--line-length", "88")


def test_a_linter_has_nothing_to_say(package: Path) -> None:
    _run(
        package,
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E,F,W,I,B,UP,RET,SIM,C4",
        "--target-version",
        "py311",
    )


@pytest.mark.parametrize("name", VARIANTS)
def test_it_names_nobody_and_is_short(name: str) -> None:
    text = VARIANTS[name]
    assert "fixer" not in text.lower()
    assert "hxf" not in text.lower()
    assert "@lib" not in text
    assert max(map(len, text.splitlines())) <= 88
    assert len(text.splitlines()) <= 190 * (1 + ("both" in name or "named" in name or "all" in name))
