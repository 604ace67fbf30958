"""Django: server modules, what they run, and commands that never end."""

from __future__ import annotations

import pytest
from framework_wiring import find_names, find_reached, wire
from small_projects import build_project

from httpx_fixer.analysis.site_facts import Origin, SpecArgument
from httpx_fixer.frameworks._base import OwnedPool
from httpx_fixer.frameworks.django import Django

WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
PACKAGE = {
    "shop/__init__.py": "",
    "shop/wsgi.py": f"from shop import settings\n{WSGI}",
    "shop/settings.py": "",
}
COMMAND = "from django.core.management.base import BaseCommand\nclass Command(BaseCommand):\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (WSGI, ["site/wsgi.py:2 application"]),
        ("from django.core.asgi import get_asgi_application as get\napp = get()\n", ["site/wsgi.py:2 app"]),
        (f"import white\n{WSGI}".replace("= get", "= white.Noise(get").replace("()\n", "())\n"), None),
        ("from mine import get_wsgi_application\napplication = get_wsgi_application()\n", []),
        ("from django.core.wsgi import get_wsgi_application\ndef f():\n    get_wsgi_application()\n", []),
    ],
)
def test_what_a_server_serves(text: str, names: list[str] | None) -> None:
    found = find_names(Django(), {"site/wsgi.py": text})
    assert found == (["site/wsgi.py:3 application"] if names is None else names)


def test_commands_that_never_end_are_processes() -> None:
    loop = "    def handle(self, *args, **options):\n        while True:\n            work()\n"
    files = {
        "shop/management/commands/watch.py": f"{COMMAND}{loop}",
        "shop/management/commands/once.py": f"{COMMAND}    def handle(self, **options):\n        work()\n",
        "shop/commands.py": f"{COMMAND}{loop}",
    }
    assert find_names(Django(), files) == ["shop/management/commands/watch.py:3 Command.handle"]
    assert wire(Django(), {**PACKAGE, **files})


def test_server_runs_what_django_finds_by_name() -> None:
    files = {
        "site/config/wsgi.py": WSGI,
        "site/blog/models.py": "from . import upstream\n",
        "site/blog/__init__.py": "",
        "site/blog/upstream.py": "",
        "site/blog/middleware/auth.py": "",
        "site/blog/tests/views.py": "",
        "site/blog/management/commands/watch.py": "",
        "site/blog/migrations/models.py": "",
        "site/blog/unused.py": "",
        "elsewhere/views.py": "",
    }
    assert find_reached(Django(), files) == [
        "site/blog/middleware/auth.py",
        "site/blog/models.py",
        "site/blog/upstream.py",
        "site/config/wsgi.py",
    ]


def _sync_pool(*imports: tuple[str, str, str]) -> tuple[OwnedPool, ...]:
    argument = SpecArgument("verify", "CA", "CA", Origin.LITERAL, imports, 1, frozenset(), frozenset(), False)
    return (OwnedPool("httpx", "Client", "", (argument,)),)


def test_owner_is_imported_early_where_it_runs_nothing_else() -> None:
    assert wire(Django(), PACKAGE, _sync_pool()) == ["after: keep_sync_http_pools()\n"]


def test_owner_is_imported_late_where_it_may_read_settings() -> None:
    late = "\nfrom shop.http_client import keep_sync_http_pools  # noqa: E402 - it reads the settings\n"
    wired = wire(Django(), PACKAGE, _sync_pool(("shop.tls", "CA", "CA")))
    assert wired == [f"after: {late}\nkeep_sync_http_pools()\n"]


def test_owner_in_a_package_that_imports_others_is_imported_late() -> None:
    files = {
        "site/__init__.py": "",
        "site/wsgi.py": f"import shop\n{WSGI}",
        "shop/__init__.py": "from shop import models\n",
        "shop/models.py": "",
    }
    assert "noqa: E402" in str(wire(Django(), files, _sync_pool()))


def test_async_clients_have_no_owner() -> None:
    lifecycles = Django().lifecycles(build_project(PACKAGE))
    assert [one.owns(is_async=kind) for one in lifecycles for kind in (True, False)] == [False, True]
