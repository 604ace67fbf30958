"""How one module of the project would import another one."""

from __future__ import annotations

from small_projects import build_resolver

from httpx_fixer.analysis.import_style import find_import_path


def test_package_elsewhere_shows_nothing_of_directories_that_are_none() -> None:
    resolver = build_resolver(
        {
            "src/depot/__init__.py": "def count(): pass\n",
            "src/addons/depot_mail/depot_mail/__init__.py": "",
            "src/addons/depot_mail/depot_mail/letters.py": (
                "from depot import count\nfrom depot_mail.stamps import STAMP\n"
            ),
            "src/addons/depot_mail/depot_mail/stamps.py": "STAMP = 1\n",
        }
    )
    letters = "src/addons/depot_mail/depot_mail/letters.py"
    found = find_import_path(resolver, letters, "src/addons/depot_mail/depot_mail/http_tls.py")
    assert found == "depot_mail.http_tls"


def test_directory_that_no_statement_can_name_is_on_the_way_of_none() -> None:
    resolver = build_resolver(
        {
            "depot.py": "count = 1\n",
            "depot-mail/letters.py": "from depot import count\n",
            "run.py": "from importlib import import_module\nimport_module('depot-mail.letters')\n",
        }
    )
    assert find_import_path(resolver, "depot-mail/letters.py", "depot-mail/http_tls.py") is None


def test_modules_that_are_loaded_by_name_show_nothing_of_the_directory_beside() -> None:
    files = {
        "bot.py": "def load(bot, name): bot.load_extension(f'cogs.{name}')\n",
        "cogs/maps.py": "",
        "mocks/server.py": "from fastapi import FastAPI\n",
    }
    resolver = build_resolver(files)
    assert find_import_path(resolver, "cogs/maps.py", "cogs/http_client.py") == "cogs.http_client"
    assert find_import_path(resolver, "mocks/server.py", "mocks/http_client.py") is None
