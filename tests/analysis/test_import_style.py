"""How one module of the project would import another one."""

from __future__ import annotations

from small_projects import build_project


def test_package_elsewhere_shows_nothing_of_directories_that_are_none() -> None:
    project = build_project(
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
    found = project.imports.import_path(letters, "src/addons/depot_mail/depot_mail/http_tls.py")
    assert found == "depot_mail.http_tls"


def test_directory_that_no_statement_can_name_is_on_the_way_of_none() -> None:
    project = build_project(
        {
            "depot.py": "count = 1\n",
            "depot-mail/letters.py": "from depot import count\n",
            "run.py": "from importlib import import_module\nimport_module('depot-mail.letters')\n",
        }
    )
    assert project.imports.import_path("depot-mail/letters.py", "depot-mail/http_tls.py") is None


def test_modules_that_are_loaded_by_name_show_nothing_of_the_directory_beside() -> None:
    files = {
        "bot.py": "def load(bot, name): bot.load_extension(f'cogs.{name}')\n",
        "cogs/maps.py": "",
        "mocks/server.py": "from fastapi import FastAPI\n",
    }
    project = build_project(files)
    assert project.imports.import_path("cogs/maps.py", "cogs/http_client.py") == "cogs.http_client"
    assert project.imports.import_path("mocks/server.py", "mocks/http_client.py") is None


def test_module_that_imports_nothing_of_the_project_is_named_as_others_name_it() -> None:
    files = {
        "server/src/__init__.py": "",
        "server/src/main.py": "from desk.keys import check\n",
        "server/src/desk/keys.py": "NAMES = ['src.desk.keys', 'src.keys']\ndef check(): pass\n",
    }
    project = build_project(files)
    assert (
        project.imports.import_path("server/src/desk/keys.py", "server/src/http_client.py") == "http_client"
    )


def test_script_that_imports_nothing_of_the_project_finds_its_directory_alone() -> None:
    script = "import json\n\ndef main(): pass\n\nif __name__ == '__main__':\n    main()\n"
    files = {
        "shop/tools/__init__.py": "",
        "shop/tools/icons.py": script,
        "shop/tools/labels.py": "from shop.tools import sizes\n",
        "shop/tools/sizes.py": "SIZES = []\n",
    }
    imports = build_project(files).imports
    assert imports.import_path("shop/tools/sizes.py", "shop/tools/http_tls.py") == "shop.tools.http_tls"
    assert imports.import_path("shop/tools/icons.py", "shop/tools/http_tls.py") is None


def test_distribution_of_its_own_imports_nothing_of_the_service_around_it() -> None:
    files = {
        "src/gateway/main.py": "from gateway.routes import router\nfrom keyring_pool.clients import fetch\n",
        "src/gateway/routes.py": "router = None\n",
        "src/keyring_pool/__init__.py": "",
        "src/keyring_pool/clients.py": "def fetch(): pass\n",
    }
    built = {"src/keyring_pool/pyproject.toml": "[build-system]\nrequires = ['setuptools']\n"}
    project = build_project({**files, **built})
    assert project.imports.import_path("src/keyring_pool/clients.py", "src/gateway/http_client.py") is None
    assert (
        project.imports.import_path("src/gateway/routes.py", "src/gateway/http_client.py")
        == "gateway.http_client"
    )


def test_distribution_that_is_required_as_released_has_no_new_module() -> None:
    built = "[build-system]\nrequires = ['hatchling']\n[project]\nname = '{}'\ndependencies = [{}]\n"
    files = {
        "pyproject.toml": built.format("desk", "'desk-client==2.1'"),
        "client/pyproject.toml": built.format("desk_client", ""),
        "client/desk_client/__init__.py": "",
        "desk/__init__.py": "from desk_client import notes\n",
        "desk/notes.py": "from desk_client import notes\n",
        "client/desk_client/notes.py": "",
    }
    new = "client/desk_client/http_client.py"
    assert build_project(files).imports.import_path("desk/notes.py", new) is None
    files["pyproject.toml"] += "[tool.uv.sources]\ndesk-client = { workspace = true }\n"
    assert build_project(files).imports.import_path("desk/notes.py", new) == "desk_client.http_client"


def test_service_beside_has_names_of_its_own() -> None:
    files = {
        "shop/server/wsgi.py": "import os\n",
        "shop/server/urls.py": "from stock.views import list_stock\n",
        "shop/stock/views.py": "def list_stock(): pass\n",
        "mail/core/__init__.py": "",
        "mail/core/files.py": "",
        "mail/inbox/views.py": "from core import files\n",
    }
    imports = build_project(files).imports
    assert imports.import_path("shop/server/wsgi.py", "mail/core/http_client.py") is None
    assert imports.import_path("mail/inbox/views.py", "mail/core/http_client.py") == "core.http_client"


def test_names_in_strings_are_those_of_the_service_that_has_them() -> None:
    files = {
        "shop/server/wsgi.py": "import os\n",
        "mail/core/__init__.py": "",
        "mail/core/context.py": "",
        "mail/server/settings.py": "PROCESSORS = ['core.context.read']\n",
    }
    imports = build_project(files).imports
    assert imports.import_path("shop/server/wsgi.py", "mail/core/http_client.py") is None
    assert imports.import_path("mail/server/settings.py", "mail/core/http_client.py") == "core.http_client"
